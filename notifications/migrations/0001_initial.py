import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Notification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("kind", models.CharField(max_length=50)),
                ("context", models.JSONField(default=dict)),
                ("url", models.CharField(blank=True, max_length=300)),
                ("episode", models.CharField(max_length=120)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                ("e_mailed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notifications",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["recipient", "-created_at", "-id"], name="notification_newest_first"),
                    models.Index(
                        condition=models.Q(("read_at", None)), fields=["recipient"], name="notification_unread"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("recipient", "episode"), name="notification_once_per_episode")
                ],
            },
        ),
    ]
