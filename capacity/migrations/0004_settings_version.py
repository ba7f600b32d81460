"""Every write of the settings of service raises the version of the settings of its restaurant."""

from importlib import import_module

from django.db import migrations

triggers_on = import_module("tables.migrations.0003_settings_version").triggers_on


class Migration(migrations.Migration):
    dependencies = [
        ("capacity", "0003_periods_in_whole_minutes"),
        ("tables", "0003_settings_version"),
    ]

    operations = [
        triggers_on("capacity_serviceperiod"),
        triggers_on("capacity_turntime"),
        triggers_on("restaurant_capacity_rules"),
        triggers_on("capacity_closure"),
    ]
