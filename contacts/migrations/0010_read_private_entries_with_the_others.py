from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0009_find_private_entries"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="timelineentry", name="timeline_private"),
    ]
