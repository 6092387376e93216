from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inboxes", "0023_keep_mail_of_teams")]

    operations = [
        migrations.AddField("credential", "expires_at", models.DateTimeField(blank=True, null=True)),
    ]
