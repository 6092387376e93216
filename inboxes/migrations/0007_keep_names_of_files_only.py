from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inboxes", "0006_fill_participants"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="attachments_stored",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="sighting",
            name="store_attachments",
            field=models.BooleanField(default=True),
        ),
        migrations.AddIndex(
            model_name="sighting",
            index=models.Index(
                condition=models.Q(("store_attachments", False)),
                fields=["message"],
                name="sighting_without_attachments",
            ),
        ),
    ]
