from django.db import migrations, models

FILL = """
    UPDATE contacts_mailindex SET sent_at = message.sent_at
    FROM inboxes_message message WHERE message.id = contacts_mailindex.message_id
"""
# Whether to go through the index of words or to read the newest e-mails first is the planner's choice, by how often a word
# stands in the e-mails: it needs to know more of them than the usual thousand.
KNOW_MORE_WORDS = "ALTER TABLE contacts_mailindex ALTER COLUMN search SET STATISTICS 1000"
KNOW_THE_USUAL_WORDS = "ALTER TABLE contacts_mailindex ALTER COLUMN search SET STATISTICS -1"


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0004_cover_timelines"),
        ("inboxes", "0002_remember_handled_pages"),
    ]

    operations = [
        migrations.AddField(model_name="mailindex", name="sent_at", field=models.DateTimeField(null=True)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        # Indexes cannot be made while constraints of the rows just changed wait to be checked.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AlterField(model_name="mailindex", name="sent_at", field=models.DateTimeField()),
        migrations.AddIndex(
            model_name="mailindex",
            index=models.Index(fields=["-sent_at", "-message"], name="mail_index_newest_first"),
        ),
        migrations.RunSQL(KNOW_MORE_WORDS, KNOW_THE_USUAL_WORDS),
    ]
