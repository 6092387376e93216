import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import inboxes.encryption


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("inboxes", "0014_heed_pauses_and_lost_cursors"),
    ]

    operations = [
        migrations.CreateModel(
            name="SignIn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("session", models.CharField(max_length=64)),
                ("state", models.CharField(max_length=64, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("password", "Password"), ("google", "Google"), ("microsoft", "Microsoft")],
                        max_length=10,
                    ),
                ),
                (
                    "provider",
                    models.CharField(
                        choices=[("imap", "IMAP"), ("gmail", "Gmail"), ("graph", "Microsoft 365")], max_length=10
                    ),
                ),
                ("address", models.EmailField(blank=True, max_length=254)),
                ("shared", models.BooleanField(default=False)),
                ("kept", inboxes.encryption.EncryptedTextField(blank=True)),
                ("begun_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "inbox",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inboxes.inbox",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
    ]
