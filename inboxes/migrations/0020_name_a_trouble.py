from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inboxes", "0019_begin_episodes")]

    operations = [
        migrations.AddField("inbox", "trouble_since", models.DateTimeField(blank=True, null=True)),
    ]
