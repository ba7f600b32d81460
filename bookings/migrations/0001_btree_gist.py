from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations


class Migration(migrations.Migration):
    # The exclusion of double seating compares a table id and a range in one GiST index.
    initial = True
    dependencies = []
    operations = [BtreeGistExtension()]
