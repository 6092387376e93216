"""Stored e-mail: what was logged, and what the members of a team inbox have in their list; nothing else ever gets here."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, Exists, F, Func, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from inboxes.addresses import as_in_headers
from inboxes.models.access import AccessRequest
from inboxes.models.inbox import Inbox, InboxKind, ProviderKind
from inboxes.models.singly import exists_singly
from inboxes.models.team import InboxMember, TeamMail, TeamMailQuerySet
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

    def visible_to(self, user: User, *, some_are_private: bool | None = None) -> "MessageQuerySet":
        """Mail whose existence, subject and participants the user may know.

        `some_are_private`: what `Sighting.objects.private().exists()` says, from those who have asked it a moment ago.
        """
        return self._unless_withheld(user, Sighting.objects.private(), are_some=some_are_private)

    def readable_by(self, user: User) -> "MessageQuerySet":
        """Mail whose text, files and original the user may open."""
        return self._unless_withheld(user, Sighting.objects.exclude(visibility=Visibility.EVERYONE))

    def decided_by(self, user: User) -> "MessageQuerySet":
        """Mail that the user may know of, logged by an inbox for which they say who sees what."""
        theirs = _sightings().filter(inbox__in=Inbox.objects.decided_by(user))
        return self.visible_to(user).filter(Exists(theirs))

    def with_access(self, user: User) -> "MessageQuerySet":
        """Adds what `Message` says about one viewer."""
        decided = _sightings().filter(inbox__in=Inbox.with_removed.decided_by(user))
        readable = Message.objects.readable_by(user).filter(pk=OuterRef("pk"))
        added = {
            "visibility": _strictest(),
            "is_own": Q(logged_by(user)) | Q(in_team_of(user)),
            "is_readable": exists_singly(readable),
            "decided_by_viewer": exists_singly(decided),
        }
        return self.annotate(**added)

    def _unless_withheld(
        self, user: User, strict: "SightingQuerySet", *, are_some: bool | None = None
    ) -> "MessageQuerySet":
        if not user.is_active:
            return self.none()
        if not (strict.exists() if are_some is None else are_some):
            # The usual workspace, whose pages need not ask again for every e-mail: planning that takes longer than reading a page.
            return self.filter(Q(exists_singly(_sightings())) | Q(in_team_of(user)))
        withheld = strict.closed_to(user).filter(message=OuterRef("pk"))
        open_to_all = Q(exists_singly(_sightings())) & (~exists_singly(withheld) | Q(logged_by(user)) | names(user))
        return self.filter(open_to_all | Q(in_team_of(user)))

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


def _only_kept() -> "TeamMailQuerySet":
    """In the list of a team whose inbox did not log it."""
    logged = Sighting.objects.filter(message=OuterRef("message"), inbox=OuterRef("inbox"))
    return TeamMail.objects.filter(~Exists(logged), message=OuterRef("pk"))


def _strictest() -> Coalesce:
    strictest_first = Case(*(When(visibility=level, then=Value(-level.strictness)) for level in Visibility))
    wishes = _sightings().exclude(visibility=Visibility.EVERYONE).order_by(strictest_first)
    return Coalesce(Subquery(wishes.values("visibility")[:1]), Value(Visibility.EVERYONE))


def logged_by(person: User) -> Coalesce:
    """Condition on messages: a personal inbox of the person logged it."""
    return exists_singly(_sightings().filter(inbox__owner=person, inbox__kind=InboxKind.PERSONAL))


class InTeamOf(Func):
    """As `TeamMail.objects.visible_to` has it. Written out, because every page that shows mail asks for it several times, and building
    it from `Inbox.objects.read_by` takes longer each time than the answer."""

    template = f"""COALESCE((
        SELECT true FROM {TeamMail._meta.db_table} listed
        JOIN {InboxMember._meta.db_table} member ON member.inbox_id = listed.inbox_id
        JOIN {Inbox._meta.db_table} team ON team.id = listed.inbox_id
        WHERE (listed.message_id, member.person_id) = (%(expressions)s)
            AND team.kind = '{InboxKind.TEAM}' AND team.removed_at IS NULL
        LIMIT 1
    ), false)"""  # noqa: S608 - names of our own
    output_field = models.BooleanField()


def in_team_of(person: User) -> InTeamOf:
    """Condition on messages: it lies in a team inbox all of whose mail the person, who must be active, reads."""
    return InTeamOf(F("pk"), Value(person.pk))


def names(person: User) -> Q:
    """Condition on messages: the person is their author or a recipient, by any address that is theirs.

    A connected address that somebody else signs in with is not: everybody may connect a server that claims it. Aliases are as far as
    a provider says them; those of IMAP inboxes were typed.
    """
    own = Inbox.objects.filter(owner=person, kind=InboxKind.PERSONAL)
    theirs = own.exclude(address__in=User.objects.exclude(pk=person.pk).values("email"))
    said = Case(When(provider=ProviderKind.IMAP, then=Value([], ArrayField(models.EmailField()))), default=F("aliases"))
    addresses = Func(said, F("address"), function="array_append", output_field=ArrayField(models.EmailField()))
    each = Func(addresses, function="unnest", set_returning=True, output_field=models.EmailField())
    connected = theirs.annotate(email=each).values("email")
    return Q(participants__contains=[as_in_headers(person.email)]) | Q(participants__overlap=ArraySubquery(connected))


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
    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="messages")
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
    raw_key = models.CharField(max_length=64, db_index=True)
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
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
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
    def private(self) -> "SightingQuerySet":
        """Of mail that not everybody may know of."""
        return self.filter(visibility=Visibility.PRIVATE)

    def closed_to(self, person: User) -> "SightingQuerySet":
        """Without those whose owner let the person in."""
        return self.exclude(_let_in(person))

    def known_to(self, person: User) -> "SightingQuerySet":
        """Of mail that the person may know of: which inboxes logged it, as far as the person may know that.

        Who logged something privately is known to those who take part in it and to whom the owner let in. Members of a team in whose
        inbox it lies, too, know the e-mail, and that is all.
        """
        takes_part = Message.objects.filter(names(person), pk=OuterRef("message"))
        own = Q(inbox__in=Inbox.with_removed.read_by(person))
        return self.filter(~Q(visibility=Visibility.PRIVATE) | own | _let_in(person) | Exists(takes_part))


def _let_in(person: User) -> Exists:
    """Condition on sightings."""
    return Exists(AccessRequest.objects.in_force().filter(sighting=OuterRef("pk"), person=person))


class Sighting(models.Model):
    """How one inbox came to hold a message, and why it was logged there: the reason, the rule, the address that matched, the level
    its setting came from (workspace, person, inbox), who chose it if a person did, and when.

    `visibility` is the inbox's own wish, as its setting was when the message was logged, or `visibility_chosen` for it by hand.
    `store_attachments`: whether the inbox keeps the contents of files. They are stored while one inbox of the message does.
    """

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="sightings")
    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="sightings")
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
