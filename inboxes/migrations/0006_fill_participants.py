from django.db import migrations

FILL = """
    UPDATE inboxes_message SET participants = ARRAY(
        SELECT DISTINCT left(email, 320) FROM (
            SELECT from_email UNION ALL SELECT recipient ->> 1 FROM jsonb_array_elements(recipients) recipient
        ) person (email) WHERE email <> ''
    )
"""


class Migration(migrations.Migration):
    dependencies = [
        ("inboxes", "0005_limit_who_reads"),
    ]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
