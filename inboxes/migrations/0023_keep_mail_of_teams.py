from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inboxes", "0022_connect_team_inboxes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="ledgerentry",
            name="state",
            field=models.CharField(
                choices=[
                    ("logged", "Logged"),
                    ("kept", "Kept"),
                    ("retrying", "Retrying"),
                    ("quarantined", "Quarantined"),
                    ("gone", "Gone"),
                ],
                max_length=12,
            ),
        ),
    ]
