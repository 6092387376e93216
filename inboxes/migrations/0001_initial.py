import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import inboxes.encryption
import inboxes.models.policy
import inboxes.visibility
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from django.conf import settings
from django.db import migrations, models

# Asked of the private e-mails of a timeline alone, by `inboxes.models.conditions.known_as_logged`. A function, because the server keeps
# the plans of its queries: planned anew within each timeline, they took several times as long as reading it.
CREATE_KNOWN_AS_LOGGED = """
    CREATE FUNCTION inboxes_known_as_logged(
        mail bigint, own bigint[], joined bigint[], teams bigint[], let_in bigint[], addresses varchar[]
    ) RETURNS boolean LANGUAGE plpgsql STABLE COST 1000 AS $$
    BEGIN
        PERFORM FROM inboxes_sighting WHERE message_id = mail AND inbox_id = ANY (own);
        IF FOUND THEN
            RETURN true;
        END IF;
        PERFORM FROM inboxes_sighting WHERE message_id = mail AND visibility = 'private' AND id <> ALL (let_in);
        IF NOT FOUND THEN
            RETURN EXISTS (SELECT FROM inboxes_sighting WHERE message_id = mail);
        END IF;
        PERFORM FROM inboxes_message WHERE id = mail AND participants && addresses;
        IF FOUND THEN
            RETURN true;
        END IF;
        PERFORM FROM inboxes_teammail WHERE message_id = mail AND inbox_id = ANY (teams);
        IF NOT FOUND THEN
            RETURN false;
        END IF;
        RETURN EXISTS (
            SELECT FROM inboxes_sighting
            WHERE message_id = mail AND (visibility <> 'private' OR inbox_id = ANY (joined))
        );
    END $$
"""
DROP_KNOWN_AS_LOGGED = "DROP FUNCTION inboxes_known_as_logged"


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("users", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Folder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("remote_id", models.CharField(max_length=1000)),
                ("name", models.CharField(max_length=1000)),
                ("role", models.CharField(max_length=10)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("live", "Live"),
                            ("reconciling", "Reconciling"),
                            ("missing", "Missing"),
                            ("retired", "Retired"),
                        ],
                        default="new",
                        max_length=12,
                    ),
                ),
                ("anchor", models.TextField(blank=True)),
                ("live_cursor", models.TextField(blank=True)),
                ("backfill_cursor", models.TextField(blank=True)),
                ("marks_cursor", models.TextField(blank=True)),
                ("backfill_done_at", models.DateTimeField(blank=True, null=True)),
                ("relist_since", models.DateTimeField(blank=True, null=True)),
                ("counts", models.JSONField(default=dict)),
                ("remaining", models.PositiveIntegerField(default=0)),
                ("server_total", models.PositiveIntegerField(blank=True, null=True)),
                ("missed", models.PositiveIntegerField(db_default=0, default=0)),
                ("missing_sightings", models.PositiveSmallIntegerField(default=0)),
                ("cursor_resets", models.PositiveIntegerField(default=0)),
                ("cursor_reset_at", models.DateTimeField(blank=True, null=True)),
                ("last_ok_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("fingerprint", models.BinaryField(max_length=32)),
                ("variant", models.PositiveSmallIntegerField(default=0)),
                ("message_id", models.CharField(blank=True, max_length=998)),
                ("from_email", models.CharField(max_length=320)),
                ("from_name", models.CharField(blank=True, max_length=500)),
                ("recipients", models.JSONField(default=list)),
                (
                    "participants",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=320), default=list, size=None
                    ),
                ),
                ("subject", models.TextField(blank=True)),
                ("sent_at", models.DateTimeField()),
                ("snippet", models.CharField(blank=True, max_length=300)),
                ("body_text", models.TextField(blank=True)),
                ("quoted_text", models.TextField(blank=True)),
                ("body_html", models.TextField(blank=True)),
                ("has_remote_images", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("full", "Complete"),
                            ("partial", "Partly stored"),
                            ("unparsable", "Could not be read"),
                        ],
                        default="full",
                        max_length=12,
                    ),
                ),
                ("defects", models.JSONField(default=list)),
                ("size", models.PositiveBigIntegerField(default=0)),
                ("raw_key", models.CharField(db_index=True, max_length=64)),
                ("attachments_stored", models.BooleanField(default=True)),
                ("is_automatic", models.BooleanField(default=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Thread",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ConnectionException",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("may_connect", models.BooleanField()),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="connection_exception",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ConnectionPolicy",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                (
                    "who",
                    models.CharField(
                        choices=[
                            ("everyone", "Everyone"),
                            ("account_access", "Holders of account access"),
                            ("super_admins", "Super admins"),
                            ("nobody", "Nobody"),
                        ],
                        default="everyone",
                        max_length=20,
                    ),
                ),
                (
                    "providers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[("imap", "IMAP"), ("gmail", "Gmail"), ("graph", "Microsoft 365")], max_length=10
                        ),
                        default=inboxes.models.policy.every_provider,
                        size=None,
                    ),
                ),
                (
                    "imap_hosts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=255), blank=True, default=list, size=None
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("pk", 1)), name="connection_policy_is_single")
                ],
            },
        ),
        migrations.CreateModel(
            name="DailyCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("code", models.CharField(max_length=40)),
                ("messages", models.PositiveIntegerField()),
                (
                    "folder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="daily_counts", to="inboxes.folder"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("folder", "day", "code"), name="daily_count_once")],
            },
        ),
        migrations.CreateModel(
            name="HandledPage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digests", models.BinaryField()),
                (
                    "folder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="handled_pages", to="inboxes.folder"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Inbox",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("personal", "Personal inbox"), ("team", "Team inbox")],
                        default="personal",
                        max_length=10,
                    ),
                ),
                (
                    "provider",
                    models.CharField(
                        choices=[("imap", "IMAP"), ("gmail", "Gmail"), ("graph", "Microsoft 365")],
                        default="imap",
                        max_length=10,
                    ),
                ),
                ("address", models.EmailField(max_length=254)),
                (
                    "aliases",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.EmailField(max_length=254), blank=True, default=list, size=None
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=120)),
                ("from_name", models.CharField(blank=True, max_length=120)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("connecting", "Connecting"),
                            ("active", "Active"),
                            ("degraded", "Having trouble"),
                            ("needs_reconnect", "Needs reconnecting"),
                            ("paused", "Paused"),
                            ("disabled", "Disabled"),
                        ],
                        default="connecting",
                        max_length=20,
                    ),
                ),
                ("cause", models.CharField(blank=True, max_length=50)),
                ("status_since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("trouble_since", models.DateTimeField(blank=True, null=True)),
                ("retry_at", models.DateTimeField(blank=True, null=True)),
                ("no_calls_until", models.DateTimeField(blank=True, null=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("refused_at", models.DateTimeField(blank=True, null=True)),
                ("generation", models.PositiveIntegerField(default=1)),
                ("history_since", models.DateTimeField(blank=True, null=True)),
                ("next_due_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("folders_listed_at", models.DateTimeField(blank=True, null=True)),
                ("live_synced_at", models.DateTimeField(blank=True, null=True)),
                ("backfill_done_at", models.DateTimeField(blank=True, null=True)),
                ("past_read_at", models.DateTimeField(blank=True, null=True)),
                ("reconciled_at", models.DateTimeField(blank=True, null=True)),
                ("check_wanted_at", models.DateTimeField(blank=True, null=True)),
                ("in_outage", models.BooleanField(db_default=False, default=False)),
                ("lease_owner", models.CharField(blank=True, max_length=80)),
                ("lease_fence", models.BigIntegerField(default=0)),
                ("lease_expires_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "became",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="former",
                        to="inboxes.inbox",
                    ),
                ),
                (
                    "connected_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="inboxes", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ("active", "degraded"))),
                        fields=["next_due_at"],
                        name="inbox_due",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("address", django.db.models.functions.text.Lower("address"))),
                        name="inbox_address_is_lower_case",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("removed_at", None)), fields=("address",), name="address_connected_once"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="folder",
            name="inbox",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="folders", to="inboxes.inbox"
            ),
        ),
        migrations.CreateModel(
            name="Episode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("connecting", "Connecting"),
                            ("active", "Active"),
                            ("degraded", "Having trouble"),
                            ("needs_reconnect", "Needs reconnecting"),
                            ("paused", "Paused"),
                            ("disabled", "Disabled"),
                        ],
                        max_length=20,
                    ),
                ),
                ("cause", models.CharField(blank=True, max_length=50)),
                ("began_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "inbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="episodes", to="inboxes.inbox"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["inbox", "-began_at"], name="episode_latest_first")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)), fields=("inbox",), name="one_open_episode"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ("degraded", "needs_reconnect", "paused", "disabled"))),
                        name="episode_is_of_an_inbox_that_is_not_active",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at", None), ("ended_at__gte", models.F("began_at")), _connector="OR"
                        ),
                        name="episode_ends_after_it_began",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DefaultInbox",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="default_inbox",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "inbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="inboxes.inbox"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Credential",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("password", "Password"), ("google", "Google"), ("microsoft", "Microsoft")],
                        default="password",
                        max_length=10,
                    ),
                ),
                ("secret", inboxes.encryption.EncryptedTextField()),
                ("account_id", models.CharField(blank=True, max_length=200)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200), blank=True, default=list, size=None
                    ),
                ),
                ("signed_in_as", models.EmailField(blank=True, max_length=254)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "inbox",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="credential", to="inboxes.inbox"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="InboxMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "added_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "inbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="members", to="inboxes.inbox"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="team_memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("inbox", "person"), name="inbox_member_once")],
            },
        ),
        migrations.CreateModel(
            name="MailServer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("protocol", models.CharField(choices=[("imap", "IMAP"), ("smtp", "SMTP")], max_length=4)),
                ("host", models.CharField(max_length=253)),
                ("port", models.PositiveIntegerField()),
                (
                    "security",
                    models.CharField(
                        choices=[("tls", "TLS"), ("starttls", "STARTTLS"), ("none", "None (only for allowed hosts)")],
                        default="tls",
                        max_length=8,
                    ),
                ),
                ("username", models.CharField(max_length=320)),
                (
                    "inbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="servers", to="inboxes.inbox"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("inbox", "protocol"), name="one_mail_server_per_protocol")
                ],
            },
        ),
        migrations.CreateModel(
            name="MarkedMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("remote_id", models.CharField(max_length=300)),
                ("mark", models.CharField(max_length=10)),
                ("source", models.CharField(max_length=10)),
                (
                    "state",
                    models.CharField(
                        choices=[("new", "New"), ("held", "Held"), ("lifted", "Lifted")], default="new", max_length=6
                    ),
                ),
                ("digest", models.BinaryField(default=b"", max_length=32)),
                (
                    "folder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="marked_mails", to="inboxes.folder"
                    ),
                ),
                (
                    "inbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="marked_mails", to="inboxes.inbox"
                    ),
                ),
                (
                    "stored",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="marks",
                        to="inboxes.message",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["inbox", "digest"], name="marked_mail_by_digest"),
                    models.Index(
                        condition=models.Q(("state", "held"), _negated=True),
                        fields=["inbox", "state"],
                        name="marked_mail_to_act_on",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("folder", "remote_id", "mark"), name="mark_once_per_message")
                ],
            },
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("position", models.PositiveSmallIntegerField()),
                ("filename", models.CharField(max_length=255)),
                ("content_type", models.CharField(max_length=120)),
                ("size", models.PositiveBigIntegerField()),
                ("content_id", models.CharField(blank=True, max_length=250)),
                ("inline", models.BooleanField(default=False)),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="attachments", to="inboxes.message"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("message", "position"), name="attachment_position_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Opening",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "part",
                    models.CharField(
                        choices=[("text", "The e-mail"), ("original", "The original"), ("file", "A file")], max_length=8
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="openings", to="inboxes.message"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["message", "-opened_at"], name="opening_by_message")],
            },
        ),
        migrations.CreateModel(
            name="Outage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("caught_up_at", models.DateTimeField(blank=True, null=True)),
                ("cause", models.CharField(blank=True, max_length=50)),
                ("is_reconnected", models.BooleanField(default=False)),
                ("logged", models.PositiveIntegerField(default=0)),
                ("skipped", models.PositiveIntegerField(default=0)),
                (
                    "inbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="outages", to="inboxes.inbox"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["inbox", "-since"], name="outage_latest_first")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("caught_up_at", None)), fields=("inbox",), name="one_open_outage"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("remote_id", models.CharField(max_length=300)),
                (
                    "state",
                    models.CharField(
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
                ("code", models.CharField(blank=True, max_length=40)),
                ("cause", models.CharField(blank=True, max_length=50)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("retry_at", models.DateTimeField(blank=True, null=True)),
                ("fingerprint", models.BinaryField(blank=True, max_length=32, null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "folder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="ledger", to="inboxes.folder"
                    ),
                ),
                (
                    "inbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="ledger", to="inboxes.inbox"
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="ledger",
                        to="inboxes.message",
                    ),
                ),
                (
                    "outage",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="ledger",
                        to="inboxes.outage",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "retrying")), fields=["inbox", "retry_at"], name="ledger_retrying"
                    ),
                    models.Index(
                        condition=models.Q(("state", "quarantined")), fields=["inbox"], name="ledger_quarantined"
                    ),
                    models.Index(
                        condition=models.Q(("outage__isnull", False)), fields=["outage"], name="ledger_of_outage"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("folder", "remote_id"), name="ledger_key_once_per_folder")
                ],
            },
        ),
        migrations.CreateModel(
            name="ProviderHealth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("password", "Password"), ("google", "Google"), ("microsoft", "Microsoft")],
                        max_length=10,
                        unique=True,
                    ),
                ),
                ("cause", models.CharField(max_length=50)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                (
                    "probed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="inboxes.inbox",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PushSubscription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("resource", models.CharField(max_length=40)),
                ("remote_id", models.CharField(blank=True, max_length=200)),
                ("secret_hash", models.BinaryField(max_length=32)),
                ("renew_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "inbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="push_subscriptions",
                        to="inboxes.inbox",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("inbox", "resource"), name="one_push_subscription_per_resource"),
                    models.UniqueConstraint(
                        condition=models.Q(("remote_id", ""), _negated=True),
                        fields=("remote_id",),
                        name="push_subscription_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Removal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("erases", models.BooleanField()),
                ("held", models.PositiveIntegerField(default=0)),
                ("cleared", models.PositiveIntegerField(default=0)),
                ("erased", models.PositiveIntegerField(default=0)),
                ("erased_contacts", models.PositiveIntegerField(default=0)),
                ("begun_at", models.DateTimeField()),
                ("touched_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "inbox",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="removal", to="inboxes.inbox"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("finished_at", None)), fields=["begun_at"], name="removal_under_way"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Revocation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "place",
                    models.CharField(
                        choices=[
                            ("google", "Google Account"),
                            ("microsoft", "Microsoft 365"),
                            ("outlook", "Outlook.com"),
                            ("server", "Mail server"),
                        ],
                        max_length=10,
                    ),
                ),
                ("account", models.EmailField(max_length=254)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("trying", "Being tried"),
                            ("verified", "Verified"),
                            ("in_use", "Still in use"),
                            ("not_offered", "Not possible from here"),
                            ("unreadable", "Could not be read"),
                            ("given_up", "Given up"),
                        ],
                        default="trying",
                        max_length=12,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("cause", models.CharField(blank=True, max_length=50)),
                (
                    "asked_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "inbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="revocations", to="inboxes.inbox"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Sighting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("outgoing", models.BooleanField(default=False)),
                ("reason", models.CharField(max_length=40)),
                ("rule", models.CharField(blank=True, max_length=60)),
                ("level", models.CharField(blank=True, max_length=12)),
                ("matched_address", models.CharField(blank=True, max_length=320)),
                ("decided_at", models.DateTimeField()),
                (
                    "visibility",
                    models.CharField(
                        choices=[
                            (inboxes.visibility.Visibility["EVERYONE"], "Everyone who can see the contact"),
                            (inboxes.visibility.Visibility["SUBJECT"], "Subject and participants only"),
                            (inboxes.visibility.Visibility["PRIVATE"], "Only me and the participants who are users"),
                        ],
                        db_default=inboxes.visibility.Visibility["EVERYONE"],
                        max_length=10,
                    ),
                ),
                ("visibility_chosen", models.BooleanField(db_default=False)),
                ("store_attachments", models.BooleanField(default=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "inbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sightings", to="inboxes.inbox"
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sightings", to="inboxes.message"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["inbox", "-decided_at"], name="sighting_by_inbox"),
                    models.Index(condition=models.Q(("rule", "by_hand")), fields=["inbox"], name="sighting_by_hand"),
                    models.Index(
                        condition=models.Q(("visibility", inboxes.visibility.Visibility["EVERYONE"]), _negated=True),
                        fields=["message"],
                        name="sighting_strict",
                    ),
                    models.Index(
                        condition=models.Q(("store_attachments", False)),
                        fields=["message"],
                        name="sighting_without_attachments",
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=("message", "inbox"), name="sighting_once_per_inbox")],
            },
        ),
        migrations.CreateModel(
            name="AccessRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                ("asked_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("granted_until", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="access_requests",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "sighting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="access_requests",
                        to="inboxes.sighting",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["person", "sighting", "granted_until"], name="access_by_person")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("answered_at", None)),
                        fields=("sighting", "person"),
                        name="access_asked_once_at_a_time",
                    )
                ],
            },
        ),
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
                (
                    "inbox_kind",
                    models.CharField(
                        choices=[("personal", "Personal inbox"), ("team", "Team inbox")],
                        default="personal",
                        max_length=10,
                    ),
                ),
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
        migrations.CreateModel(
            name="TeamThread",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("newest_at", models.DateTimeField()),
                ("newest_incoming_at", models.DateTimeField(null=True)),
                ("mails", models.PositiveIntegerField(default=0)),
                ("filtered", models.CharField(blank=True, max_length=40)),
                (
                    "inbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="team_threads", to="inboxes.inbox"
                    ),
                ),
                (
                    "newest",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="inboxes.message"
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="team_threads", to="inboxes.thread"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("filtered", "")),
                        fields=["inbox", "-newest_at", "-id"],
                        name="team_thread_newest_first",
                    ),
                    models.Index(
                        condition=models.Q(("filtered", ""), _negated=True),
                        fields=["inbox", "-newest_at", "-id"],
                        name="team_thread_filtered",
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=("inbox", "thread"), name="team_thread_once")],
            },
        ),
        migrations.CreateModel(
            name="TeamMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("outgoing", models.BooleanField(default=False)),
                ("code", models.CharField(max_length=40)),
                ("filtered", models.CharField(blank=True, max_length=40)),
                ("received_at", models.DateTimeField()),
                (
                    "inbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="team_mail", to="inboxes.inbox"
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="team_mail", to="inboxes.message"
                    ),
                ),
                (
                    "restored_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "team_thread",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="team_mail", to="inboxes.teamthread"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["team_thread", "-received_at"], name="team_mail_by_thread")],
                "constraints": [models.UniqueConstraint(fields=("message", "inbox"), name="team_mail_once_per_inbox")],
            },
        ),
        migrations.AddField(
            model_name="message",
            name="thread",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="messages", to="inboxes.thread"
            ),
        ),
        migrations.CreateModel(
            name="ThreadReference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("message_id", models.CharField(max_length=998)),
                (
                    "thread",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="references", to="inboxes.thread"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("message_id", "thread"), name="thread_reference_once")],
            },
        ),
        migrations.CreateModel(
            name="WithdrawnGrant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("password", "Password"), ("google", "Google"), ("microsoft", "Microsoft")],
                        max_length=10,
                    ),
                ),
                ("account_id", models.CharField(max_length=200)),
                ("secret", inboxes.encryption.EncryptedTextField()),
                ("next_try_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "revocation",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="withdrawn_grant",
                        to="inboxes.revocation",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["next_try_at"], name="withdrawn_grant_due")],
            },
        ),
        migrations.CreateModel(
            name="Departure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("left_at", models.DateTimeField()),
                ("held", models.JSONField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="departures",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["person", "-left_at"], name="departure_latest_first")],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="departure",
            trigger=pgtrigger.compiler.Trigger(
                name="departure_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="fbc2ebf280faff31ed1da8c2f30eacb86d17fd0d",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_departure_stays_102b0",
                    table="inboxes_departure",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="folder",
            constraint=models.UniqueConstraint(fields=("inbox", "remote_id"), name="folder_once_per_inbox"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="opening",
            trigger=pgtrigger.compiler.Trigger(
                name="never_changed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="76cbd03fb016aa7c80418e972df24379f20b2708",
                    operation="UPDATE",
                    pgid="pgtrigger_never_changed_ccf01",
                    table="inboxes_opening",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["thread", "sent_at"], name="message_by_thread"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["-sent_at", "-id"], name="message_newest_first"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=django.contrib.postgres.indexes.GinIndex(fields=["participants"], name="message_by_participant"),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(fields=("fingerprint", "variant"), name="message_once"),
        ),
        migrations.RunSQL(CREATE_KNOWN_AS_LOGGED, DROP_KNOWN_AS_LOGGED),
    ]
