import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inboxes", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="attachment",
            name="message",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="attachments",
                to="inboxes.message",
            ),
        ),
        migrations.AlterField(
            model_name="dailycount",
            name="folder",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="daily_counts",
                to="inboxes.folder",
            ),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="folder",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="ledger", to="inboxes.folder"
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="raw_key",
            field=models.CharField(max_length=64),
        ),
        migrations.AlterField(
            model_name="message",
            name="thread",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="messages",
                to="inboxes.thread",
            ),
        ),
        migrations.AlterField(
            model_name="sighting",
            name="inbox",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sightings",
                to="inboxes.inbox",
            ),
        ),
        migrations.AlterField(
            model_name="sighting",
            name="message",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sightings",
                to="inboxes.message",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["raw_key"], name="message_by_original"),
        ),
    ]
