from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inboxes", "0028_know_who_clears")]

    operations = [
        migrations.AddField("inbox", "past_read_at", models.DateTimeField(blank=True, null=True)),
    ]
