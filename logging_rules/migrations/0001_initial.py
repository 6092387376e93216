import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import inboxes.encryption
import inboxes.visibility
import logging_rules.facts
import logging_rules.models.policies
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("contacts", "0001_initial"),
        ("inboxes", "0001_initial"),
        ("users", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="InboxPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "preset",
                    models.CharField(
                        blank=True,
                        choices=[
                            (logging_rules.facts.Preset["MANUAL"], "Only what I choose"),
                            (logging_rules.facts.Preset["REPLIES"], "Replies and conversations already logged"),
                            (logging_rules.facts.Preset["KNOWN"], "All mail with known contacts"),
                        ],
                        max_length=10,
                    ),
                ),
                ("log_incoming", models.BooleanField(blank=True, null=True)),
                ("log_outgoing", models.BooleanField(blank=True, null=True)),
                ("store_attachments", models.BooleanField(blank=True, null=True)),
                ("log_automatic_mail", models.BooleanField(blank=True, null=True)),
                (
                    "create_contacts",
                    models.CharField(
                        blank=True,
                        choices=[
                            (logging_rules.facts.ContactCreation["NEVER"], "Never"),
                            (logging_rules.facts.ContactCreation["SENT"], "From e-mails I send"),
                            (logging_rules.facts.ContactCreation["REPLIES"], "From e-mails I send and answers to them"),
                        ],
                        max_length=10,
                    ),
                ),
                ("track_opens", models.BooleanField(blank=True, null=True)),
                ("track_clicks", models.BooleanField(blank=True, null=True)),
                ("log_by_default", models.BooleanField(blank=True, null=True)),
                ("hold_ambiguous", models.BooleanField(blank=True, null=True)),
                (
                    "visibility",
                    models.CharField(
                        blank=True,
                        choices=[
                            (inboxes.visibility.Visibility["EVERYONE"], "Everyone who can see the contact"),
                            (inboxes.visibility.Visibility["SUBJECT"], "Subject and participants only"),
                            (inboxes.visibility.Visibility["PRIVATE"], "Only me and the participants who are users"),
                        ],
                        max_length=10,
                    ),
                ),
                ("conversations_open", models.BooleanField(default=False)),
                ("wider_since", models.DateTimeField(blank=True, null=True)),
                (
                    "inbox",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="logging_policy", to="inboxes.inbox"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="MarkSettings",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("log_name", models.CharField(default="CRM/Log", max_length=100)),
                ("private_name", models.CharField(default="CRM/Private", max_length=100)),
                ("logged_name", models.CharField(default="CRM/Logged", max_length=100)),
                ("writes_label", models.BooleanField(default=False)),
                ("removing_unlogs", models.BooleanField(default=False)),
                ("written_name", models.CharField(blank=True, max_length=100)),
                ("label_refused", models.BooleanField(default=False)),
                (
                    "inbox",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="mark_settings", to="inboxes.inbox"
                    ),
                ),
            ],
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
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "inbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="past_changes", to="inboxes.inbox"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PersonPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "preset",
                    models.CharField(
                        blank=True,
                        choices=[
                            (logging_rules.facts.Preset["MANUAL"], "Only what I choose"),
                            (logging_rules.facts.Preset["REPLIES"], "Replies and conversations already logged"),
                            (logging_rules.facts.Preset["KNOWN"], "All mail with known contacts"),
                        ],
                        max_length=10,
                    ),
                ),
                ("log_incoming", models.BooleanField(blank=True, null=True)),
                ("log_outgoing", models.BooleanField(blank=True, null=True)),
                ("store_attachments", models.BooleanField(blank=True, null=True)),
                ("log_automatic_mail", models.BooleanField(blank=True, null=True)),
                (
                    "create_contacts",
                    models.CharField(
                        blank=True,
                        choices=[
                            (logging_rules.facts.ContactCreation["NEVER"], "Never"),
                            (logging_rules.facts.ContactCreation["SENT"], "From e-mails I send"),
                            (logging_rules.facts.ContactCreation["REPLIES"], "From e-mails I send and answers to them"),
                        ],
                        max_length=10,
                    ),
                ),
                ("track_opens", models.BooleanField(blank=True, null=True)),
                ("track_clicks", models.BooleanField(blank=True, null=True)),
                ("log_by_default", models.BooleanField(blank=True, null=True)),
                ("hold_ambiguous", models.BooleanField(blank=True, null=True)),
                (
                    "visibility",
                    models.CharField(
                        blank=True,
                        choices=[
                            (inboxes.visibility.Visibility["EVERYONE"], "Everyone who can see the contact"),
                            (inboxes.visibility.Visibility["SUBJECT"], "Subject and participants only"),
                            (inboxes.visibility.Visibility["PRIVATE"], "Only me and the participants who are users"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "kept",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30), blank=True, default=list, size=None
                    ),
                ),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="logging_policy",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Unlogging",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("at", models.DateTimeField()),
                ("chosen", models.JSONField(default=dict)),
                ("messages", models.PositiveIntegerField(default=0)),
                ("shared", models.PositiveIntegerField(default=0)),
                ("files", models.PositiveIntegerField(default=0)),
                ("size", models.PositiveBigIntegerField(default=0)),
                (
                    "withdrawn_contacts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("expires_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
                ("lost", models.PositiveIntegerField(default=0)),
                ("erased_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "inbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="unloggings", to="inboxes.inbox"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["inbox", "-at"], name="unlogging_newest_first"),
                    models.Index(
                        condition=models.Q(("erased_at", None), ("undone_at", None)),
                        fields=["expires_at"],
                        name="unlogging_expiring",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UnloggedSighting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("row", models.JSONField()),
                ("ledger", models.JSONField(default=list)),
                ("access_requests", models.JSONField(default=list)),
                (
                    "contact_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="unlogged_sightings",
                        to="inboxes.message",
                    ),
                ),
                (
                    "unlogging",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sightings",
                        to="logging_rules.unlogging",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WorkspacePolicy",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                (
                    "preset",
                    models.CharField(
                        choices=[
                            (logging_rules.facts.Preset["MANUAL"], "Only what I choose"),
                            (logging_rules.facts.Preset["REPLIES"], "Replies and conversations already logged"),
                            (logging_rules.facts.Preset["KNOWN"], "All mail with known contacts"),
                        ],
                        default=logging_rules.facts.Preset["REPLIES"],
                        max_length=10,
                    ),
                ),
                (
                    "most_open_preset",
                    models.CharField(
                        choices=[
                            (logging_rules.facts.Preset["MANUAL"], "Only what I choose"),
                            (logging_rules.facts.Preset["REPLIES"], "Replies and conversations already logged"),
                            (logging_rules.facts.Preset["KNOWN"], "All mail with known contacts"),
                        ],
                        default=logging_rules.facts.Preset["KNOWN"],
                        max_length=10,
                    ),
                ),
                ("log_incoming", models.BooleanField(default=True)),
                ("log_outgoing", models.BooleanField(default=True)),
                ("store_attachments", models.BooleanField(default=True)),
                ("log_automatic_mail", models.BooleanField(default=False)),
                (
                    "create_contacts",
                    models.CharField(
                        choices=[
                            (logging_rules.facts.ContactCreation["NEVER"], "Never"),
                            (logging_rules.facts.ContactCreation["SENT"], "From e-mails I send"),
                            (logging_rules.facts.ContactCreation["REPLIES"], "From e-mails I send and answers to them"),
                        ],
                        default=logging_rules.facts.ContactCreation["NEVER"],
                        max_length=10,
                    ),
                ),
                ("track_opens", models.BooleanField(default=False)),
                ("track_clicks", models.BooleanField(default=False)),
                ("log_by_default", models.BooleanField(default=True)),
                ("hold_ambiguous", models.BooleanField(default=False)),
                (
                    "visibility",
                    models.CharField(
                        choices=[
                            (inboxes.visibility.Visibility["EVERYONE"], "Everyone who can see the contact"),
                            (inboxes.visibility.Visibility["SUBJECT"], "Subject and participants only"),
                            (inboxes.visibility.Visibility["PRIVATE"], "Only me and the participants who are users"),
                        ],
                        default=inboxes.visibility.Visibility["EVERYONE"],
                        max_length=10,
                    ),
                ),
                (
                    "sensitive_words",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        default=logging_rules.models.policies.shipped_words,
                        size=None,
                    ),
                ),
                (
                    "tombstone_key",
                    inboxes.encryption.EncryptedTextField(
                        default=logging_rules.models.policies.new_tombstone_key, editable=False
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("pk", 1)), name="workspace_policy_is_single")
                ],
            },
        ),
        migrations.CreateModel(
            name="HandChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("remote_id", models.CharField(max_length=300)),
                ("chosen_at", models.DateTimeField()),
                (
                    "chosen_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "folder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="hand_choices", to="inboxes.folder"
                    ),
                ),
                (
                    "inbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="hand_choices", to="inboxes.inbox"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("folder", "remote_id"), name="hand_choice_once")],
            },
        ),
        migrations.CreateModel(
            name="HeldMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("remote_id", models.CharField(max_length=300)),
                ("cause", models.CharField(max_length=30)),
                ("held_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ("later", models.BooleanField(default=False)),
                (
                    "folder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="held_mail", to="inboxes.folder"
                    ),
                ),
                (
                    "inbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="held_mail", to="inboxes.inbox"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["inbox", "later"], name="held_mail_waiting")],
                "constraints": [models.UniqueConstraint(fields=("folder", "remote_id"), name="held_mail_once")],
            },
        ),
        migrations.CreateModel(
            name="LookBack",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_at", models.DateTimeField()),
                ("mails_before", models.PositiveIntegerField()),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="look_backs", to="contacts.contact"
                    ),
                ),
                (
                    "inbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="look_backs", to="inboxes.inbox"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("inbox", "contact"), name="look_back_once")],
            },
        ),
        migrations.CreateModel(
            name="NeverLogEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            (logging_rules.facts.NeverLogKind["ADDRESS"], "Address"),
                            (logging_rules.facts.NeverLogKind["DOMAIN"], "Domain"),
                            (logging_rules.facts.NeverLogKind["SUBDOMAINS"], "Domain and its subdomains"),
                        ],
                        max_length=10,
                    ),
                ),
                ("value", models.CharField(max_length=320)),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            (logging_rules.facts.NeverLogScope["WHOLE_MESSAGE"], "Block the whole message"),
                            (logging_rules.facts.NeverLogScope["ADDRESS_ONLY"], "Only never link it to that address"),
                        ],
                        default=logging_rules.facts.NeverLogScope["WHOLE_MESSAGE"],
                        max_length=14,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200)),
                ("covers_team", models.BooleanField(default=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="never_log",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "kind", "value"), name="never_log_once", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("owner", None), ("covers_team", False), _connector="OR"),
                        name="own_never_log_spares_team_inboxes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Tombstone",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(max_length=32)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "inbox",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tombstones",
                        to="inboxes.inbox",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tombstones",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "inbox", "digest"), name="tombstone_once", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("owner__isnull", True), ("inbox__isnull", True), _connector="XOR"),
                        name="tombstone_has_one_holder",
                    ),
                ],
            },
        ),
    ]
