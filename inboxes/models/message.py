"""Stored e-mail: what was logged, and what the members of a team inbox have in their list; nothing else ever gets here.

Foreign keys with which another index of their table begins have none of their own: every one takes its time from each e-mail.
"""

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inboxes.models.conditions import (
    Asked,
    decided_by,
    in_team_of,
    is_logged,
    is_told_to,
    kept_secret_from,
    logged_by,
    names,
    strictest_visibility,
    withheld_from,
)
from inboxes.models.inbox import Inbox, InboxKind
from inboxes.models.singly import exists_singly
from inboxes.models.team import TeamMail, TeamMailQuerySet
from inboxes.models.viewer import Viewer
from inboxes.visibility import Visibility
from users.models import User

VISIBILITY_LABELS = {
    Visibility.EVERYONE: _("Everyone who can see the contact"),
    Visibility.SUBJECT: _("Subject and participants only"),
    Visibility.PRIVATE: _("Only me and the participants who are users"),
}


class Thread(models.Model):
    """E-mails that answer one another."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"thread {self.pk}"


class ThreadReference(models.Model):
    """A message id that a stored e-mail of the thread carries or refers to. References are the sender's claim: two mails are
    joined only if they also share a participant, so one id may point at several threads."""

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="references")
    message_id = models.CharField(max_length=998)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["message_id", "thread"], name="thread_reference_once"),
        ]

    def __str__(self) -> str:
        return f"reference of thread {self.thread_id}"


class MessageState(models.TextChoices):
    """Partial: over the size limit or hostile in structure; unparsable: only the headers could be read. The raw bytes are kept."""

    FULL = "full", _("Complete")
    PARTIAL = "partial", _("Partly stored")
    UNPARSABLE = "unparsable", _("Could not be read")


class MessageQuerySet(models.QuerySet["Message"]):
    """Who gets what of stored mail. Being a super admin makes no difference.

    Members of a team see all of what lies in their inbox, logged or not, and nobody else sees what is not logged. Of logged mail,
    whoever logged it or takes part in it sees all of it; from others each inbox that logged it may withhold it, and one is enough.
    """

    def visible_to(self, user: User | Viewer) -> "MessageQuerySet":
        """Mail whose existence, subject and participants the user may know."""
        viewer = Viewer.of(user)
        closed = kept_secret_from(viewer) if viewer.some_private else None
        return self.filter(_open_to(viewer, closed)) if viewer.person.is_active else self.none()

    def readable_by(self, user: User | Viewer) -> "MessageQuerySet":
        """Mail whose text, files and original the user may open."""
        viewer = Viewer.of(user)
        return self.filter(_readable_by(viewer)) if viewer.person.is_active else self.none()

    def decided_by(self, user: User) -> "MessageQuerySet":
        """Mail that the user may know of, logged by an inbox for which they say who sees what."""
        theirs = _sightings().filter(inbox__in=Inbox.objects.decided_by(user))
        return self.visible_to(user).filter(Exists(theirs))

    def with_access(self, user: User | Viewer) -> "MessageQuerySet":
        """Adds what `Message` says about one viewer, who must be active."""
        viewer = Viewer.of(user)
        added = {
            "visibility": strictest_visibility(viewer),
            "is_own": Q(logged_by(viewer)) | Q(in_team_of(viewer)),
            "is_readable": _readable_by(viewer),
            "decided_by_viewer": decided_by(viewer),
        }
        return self.annotate(**added)

    def with_unwanted_attachments(self) -> "MessageQuerySet":
        """Those with contents of files that none of their inboxes keeps."""
        files = Exists(Attachment.objects.filter(message=OuterRef("pk")))
        return self.filter(
            files | ~Q(state=MessageState.FULL),
            Exists(_sightings().filter(store_attachments=False)),
            ~Exists(_sightings().filter(store_attachments=True)),
            ~Exists(_only_kept()),
            attachments_stored=True,
        )


def _sightings() -> "SightingQuerySet":
    return Sighting.objects.filter(message=OuterRef("pk"))


def is_guarded_from(inbox: Inbox) -> Combinable:
    """Not everybody may open the message, and it is none of this inbox's. Whoever knows the headers of an e-mail can put a copy of them
    into a mailbox: what is guarded is only given to who has all the rest."""
    held = Q(exists_singly(_sightings().filter(inbox=inbox)))
    if inbox.kind == InboxKind.TEAM:
        held |= Q(exists_singly(TeamMail.objects.filter(message=OuterRef("pk"), inbox=inbox)))
    restricted = Q(exists_singly(_sightings().exclude(visibility=Visibility.EVERYONE)))
    guarded = ~held & (restricted | ~Q(exists_singly(_sightings())))
    return models.ExpressionWrapper(guarded, output_field=models.BooleanField())


def _only_kept() -> "TeamMailQuerySet":
    """In the list of a team whose inbox did not log it."""
    logged = Sighting.objects.filter(message=OuterRef("message"), inbox=OuterRef("inbox"))
    return TeamMail.objects.filter(~Exists(logged), message=OuterRef("pk"))


def _readable_by(viewer: Viewer) -> Q:
    return _open_to(viewer, withheld_from(viewer) if viewer.some_restricted else None)


def _open_to(viewer: Viewer, closed: Asked | None) -> Q:
    """Without `closed`, the usual workspace: pages need not ask again for every e-mail, and planning that takes longer than reading one."""
    logged = Q(is_logged())
    open_ = logged & (~Q(closed) | Q(logged_by(viewer)) | names(viewer)) if closed else logged
    return open_ | Q(in_team_of(viewer))


class Message(models.Model):
    """One e-mail, however many inboxes saw it.

    `fingerprint` and `variant` identify it (`Envelope.fingerprint`; a variant above 0 is another body under the same headers).
    `recipients` is a list of `[kind, address, name]`, kind being to, cc or bcc; `participants` has all their addresses and the
    author's. `raw_key` names the original in the file store: the bytes that came or, unless `attachments_stored`, what
    `inboxes.mime.rewriting` left of them because every inbox keeps only the names of files.

    `with_access` adds for one viewer: the strictest `visibility` its inboxes ask for, whether it `is_own` (an inbox of the viewer
    logged it, or it lies in a team inbox of theirs), whether it `is_readable` and whether the viewer decides about an inbox that logged it.
    """

    visibility: Visibility
    is_own: bool
    is_readable: bool
    decided_by_viewer: bool

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    fingerprint = models.BinaryField(max_length=32)
    variant = models.PositiveSmallIntegerField(default=0)
    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="messages", db_index=False)
    message_id = models.CharField(max_length=998, blank=True)
    from_email = models.CharField(max_length=320)
    from_name = models.CharField(max_length=500, blank=True)
    recipients = models.JSONField(default=list)
    participants = ArrayField(models.CharField(max_length=320), default=list)
    subject = models.TextField(blank=True)
    sent_at = models.DateTimeField()
    snippet = models.CharField(max_length=300, blank=True)
    body_text = models.TextField(blank=True)
    quoted_text = models.TextField(blank=True)
    body_html = models.TextField(blank=True)
    has_remote_images = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=MessageState, default=MessageState.FULL)
    defects = models.JSONField(default=list)
    size = models.PositiveBigIntegerField(default=0)
    raw_key = models.CharField(max_length=64)
    attachments_stored = models.BooleanField(default=True)
    is_automatic = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["fingerprint", "variant"], name="message_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["thread", "sent_at"], name="message_by_thread"),
            models.Index(fields=["raw_key"], name="message_by_original"),
            models.Index(fields=["-sent_at", "-id"], name="message_newest_first"),
            GinIndex(fields=["participants"], name="message_by_participant"),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"

    @property
    def is_shown(self) -> bool:
        """Whether its text may stand in lists for this viewer. What others restrict is opened one by one, and that is on record."""
        return self.is_own or self.visibility == Visibility.EVERYONE


class Attachment(models.Model):
    """A file of a stored e-mail. Its content stands in the original and is read from there (`inboxes.attachments`) by `position`, its
    place in the order in which `inboxes.mime.parse` finds files. `inline` files belong to the body."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments", db_index=False)
    position = models.PositiveSmallIntegerField()
    filename = models.CharField(max_length=255)
    content_type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()
    content_id = models.CharField(max_length=250, blank=True)
    inline = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["message", "position"], name="attachment_position_once"),
        ]

    def __str__(self) -> str:
        return f"attachment {self.pk}"


class SightingQuerySet(models.QuerySet["Sighting"]):
    def closed_to(self, person: User) -> "SightingQuerySet":
        """Without those whose owner let the person in."""
        return self.exclude(pk__in=Viewer.of(person).let_in)

    def known_to(self, person: User | Viewer) -> "SightingQuerySet":
        """Of mail that the person may know of: which inboxes logged it, as far as the person may know that.

        Who logged something privately is known to those who take part in it and to whom the owner let in. Members of a team in whose
        inbox it lies, too, know the e-mail, and that is all.
        """
        viewer = Viewer.of(person)
        return self.filter(is_told_to(viewer)) if viewer.some_private else self.exclude(visibility=Visibility.PRIVATE)


class Sighting(models.Model):
    """How one inbox came to hold a message, and why it was logged there: the reason, the rule, the address that matched, the level
    its setting came from (workspace, person, inbox), who chose it if a person did, and when.

    `visibility` is the inbox's own wish, as its setting was when the message was logged, or `visibility_chosen` for it by hand.
    `store_attachments`: whether the inbox keeps the contents of files. They are stored while one inbox of the message does.
    """

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="sightings", db_index=False)
    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="sightings", db_index=False)
    outgoing = models.BooleanField(default=False)
    reason = models.CharField(max_length=40)
    rule = models.CharField(max_length=60, blank=True)
    level = models.CharField(max_length=12, blank=True)
    matched_address = models.CharField(max_length=320, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField()
    visibility = models.CharField(max_length=10, choices=VISIBILITY_LABELS, db_default=Visibility.EVERYONE)
    visibility_chosen = models.BooleanField(db_default=False)
    store_attachments = models.BooleanField(default=True)

    objects = SightingQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["message", "inbox"], name="sighting_once_per_inbox"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["inbox", "-decided_at"], name="sighting_by_inbox"),
            models.Index(fields=["inbox"], name="sighting_by_hand", condition=Q(rule="by_hand")),
            models.Index(fields=["message"], name="sighting_strict", condition=~Q(visibility=Visibility.EVERYONE)),
            models.Index(fields=["message"], name="sighting_without_attachments", condition=Q(store_attachments=False)),
        ]

    def __str__(self) -> str:
        return f"sighting {self.pk}"
