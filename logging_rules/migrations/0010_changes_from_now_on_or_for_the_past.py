from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inboxes", "0007_keep_names_of_files_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("logging_rules", "0009_name_marks"),
    ]

    operations = [
        migrations.AddField(
            model_name="inboxpolicy", name="wider_since", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.CreateModel(
            name="PastChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_at", models.DateTimeField()),
                ("since", models.DateTimeField(blank=True, null=True)),
                ("back", models.JSONField()),
                (
                    "asked_by",
                    models.ForeignKey(on_delete=models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "inbox",
                    models.ForeignKey(
                        on_delete=models.deletion.CASCADE, related_name="past_changes", to="inboxes.inbox"
                    ),
                ),
            ],
        ),
    ]
