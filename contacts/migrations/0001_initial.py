import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import uuid
from django.conf import settings
from django.db import migrations, models

# Whether to go through the index of words or to read the newest e-mails first is the planner's choice, by how often a word
# stands in the e-mails: it needs to know more of them than the usual thousand.
KNOW_MORE_WORDS = "ALTER TABLE contacts_mailindex ALTER COLUMN search SET STATISTICS 1000"
KNOW_THE_USUAL_WORDS = "ALTER TABLE contacts_mailindex ALTER COLUMN search SET STATISTICS -1"


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("inboxes", "0001_initial"),
        ("users", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Company",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("withdrawn_at", models.DateTimeField(editable=False, null=True)),
                ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("domain", models.CharField(blank=True, max_length=253, null=True, unique=True, verbose_name="domain")),
                ("search", django.contrib.postgres.search.SearchVectorField(editable=False, null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "created_automatically_from",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="created_companies",
                        to="inboxes.inbox",
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["search"], name="company_search"),
                    models.Index(fields=["name", "id"], name="company_by_name"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("withdrawn_at", models.DateTimeField(editable=False, null=True)),
                ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("reading", models.CharField(blank=True, max_length=200, verbose_name="reading")),
                ("job_title", models.CharField(blank=True, max_length=200, verbose_name="job title")),
                ("phone", models.CharField(blank=True, max_length=50, verbose_name="phone")),
                ("sort_key", models.CharField(blank=True, editable=False, max_length=200)),
                ("search", django.contrib.postgres.search.SearchVectorField(editable=False, null=True)),
                ("last_activity_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "company",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="contacts",
                        to="contacts.company",
                    ),
                ),
                (
                    "created_automatically_from",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="created_contacts",
                        to="inboxes.inbox",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="contacts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["search"], name="contact_search"),
                    models.Index(fields=["sort_key", "id"], name="contact_by_sort_key"),
                    models.Index(
                        models.OrderBy(models.F("last_activity_at"), descending=True, nulls_last=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="contact_by_activity",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="addresses", to="contacts.contact"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("email", django.db.models.functions.text.Lower("email"))),
                        name="contact_address_is_lower_case",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MailIndex",
            fields=[
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="index",
                        serialize=False,
                        to="inboxes.message",
                    ),
                ),
                ("search", django.contrib.postgres.search.SearchVectorField()),
                ("sent_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["search"], name="mail_index_search"),
                    models.Index(fields=["-sent_at", "-message"], name="mail_index_newest_first"),
                ],
            },
        ),
        migrations.CreateModel(
            name="MergedContact",
            fields=[
                ("former_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("former_code", models.UUIDField(unique=True)),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="merged", to="contacts.contact"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("body", models.TextField(verbose_name="note")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("edited_at", models.DateTimeField(blank=True, null=True)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notes", to="contacts.contact"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TimelineEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("mail", "E-mail"), ("note", "Note")], max_length=8)),
                ("occurred_at", models.DateTimeField()),
                ("private", models.BooleanField(db_default=False)),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="timeline", to="contacts.contact"
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="timeline_entries",
                        to="inboxes.message",
                    ),
                ),
                (
                    "note",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="timeline_entry",
                        to="contacts.note",
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inboxes.thread",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["contact", "-occurred_at", "-id"],
                        include=("thread", "kind", "message", "private"),
                        name="timeline_newest_first",
                    ),
                    models.Index(
                        condition=models.Q(("kind", "note")),
                        fields=["contact", "-occurred_at", "-id"],
                        name="timeline_notes",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("contact", "message"), name="timeline_mail_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "mail"), ("message__isnull", False), ("note", None), ("thread__isnull", False)
                            ),
                            models.Q(("kind", "note"), ("message", None), ("note__isnull", False), ("thread", None)),
                            _connector="OR",
                        ),
                        name="timeline_entry_is_mail_or_note",
                    ),
                ],
            },
        ),
        migrations.RunSQL(KNOW_MORE_WORDS, KNOW_THE_USUAL_WORDS),
    ]
