from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import AddIndexConcurrently, TrigramExtension
from django.db import migrations, models
from django.db.models import Func

# Case, accents and signs that people leave out are gone. What is not ASCII then stands there as its bytes: trigrams
# know no other letters where the database's ctype is C. Names of PostgreSQL's own alone, so that a restore finds them.
FOLD = r"""
CREATE FUNCTION booking_search_fold(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN octet_length(words) = length(words) THEN translate(lower(words), '''`\', '')
ELSE encode(replace(replace(replace(replace(translate(
    regexp_replace(lower(normalize(words, NFKD)), {marks}, '', 'g'),
    'đðħıłøŧ', 'ddhilot'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th')::bytea, 'escape') END
"""
MARKS = (
    r"'[''`\\\u00ad\u02bb-\u02bf\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u065f\u0670"
    r"\u200b-\u200f\u2018\u2019\u2060-\u2064\ufe00-\ufe0f\ufeff]'"
)
CONTACT = """
CREATE FUNCTION booking_search_contact(reference text, email text, phone text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN lower(' ' || reference || ' ' || email || ' ' || phone)
"""
NAME = """
CREATE FUNCTION booking_search_name(name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN booking_search_fold(' ' || name)
"""


class Migration(migrations.Migration):
    """An expression index: a generated column would rewrite the table, under a lock that no booking passes."""

    # An index is built beside the writers only outside a transaction.
    atomic = False

    dependencies = [
        ("bookings", "0013_allergies"),
    ]

    operations = [
        TrigramExtension(),
        migrations.RunSQL(FOLD.format(marks=MARKS), "DROP FUNCTION booking_search_fold"),
        migrations.RunSQL(NAME, "DROP FUNCTION booking_search_name"),
        migrations.RunSQL(CONTACT, "DROP FUNCTION booking_search_contact"),
        AddIndexConcurrently(
            "booking",
            GinIndex(
                OpClass(
                    Func(models.F("guest_name"), function="booking_search_name", output_field=models.TextField()),
                    name="gin_trgm_ops",
                ),
                OpClass(
                    Func(
                        models.F("reference"),
                        models.F("guest_email"),
                        models.F("guest_phone"),
                        function="booking_search_contact",
                        output_field=models.TextField(),
                    ),
                    name="gin_trgm_ops",
                ),
                name="booking_search",
                gin_pending_list_limit=1024,
            ),
        ),
    ]
