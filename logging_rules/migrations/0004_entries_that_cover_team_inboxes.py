from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("logging_rules", "0003_look_back"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="neverlogentry",
            name="covers_team",
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name="neverlogentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("owner", None), ("covers_team", False), _connector="OR"),
                name="own_never_log_spares_team_inboxes",
            ),
        ),
    ]
