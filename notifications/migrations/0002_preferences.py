import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("notification", "in_app", models.BooleanField(default=True)),
        migrations.AddField("notification", "by_e_mail", models.BooleanField(default=False)),
        migrations.AddIndex(
            "notification",
            models.Index(fields=["episode"], name="notification_by_episode", opclasses=["varchar_pattern_ops"]),
        ),
        migrations.CreateModel(
            name="Preference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("topic", models.CharField(max_length=30)),
                ("in_app", models.BooleanField(default=True)),
                ("by_e_mail", models.BooleanField(default=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notification_preferences",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("person", "topic"), name="one_preference_per_topic"),
                    models.CheckConstraint(
                        condition=~models.Q(("topic__in", ["security"])), name="security_cannot_be_switched_off"
                    ),
                ],
            },
        ),
    ]
