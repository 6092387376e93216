from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0008_hide_private_entries"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="timelineentry",
            index=models.Index(condition=models.Q(("private", True)), fields=["contact"], name="timeline_private"),
        ),
    ]
