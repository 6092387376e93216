from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("inboxes", "0027_remember_departures")]

    operations = [
        migrations.AddField(
            model_name="removal",
            name="touched_at",
            field=models.DateTimeField(db_default=Now()),
        ),
    ]
