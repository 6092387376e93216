"""Contacts, companies and timelines."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from inboxes.models import Inbox, Message, Thread, Viewer
from inboxes.models.conditions import known_as_logged
from users.models import User


class Withdrawable(models.Model):
    """What was made by itself because a mail was logged, and goes when all that mail is un-logged.

    While `withdrawn_at` is set nobody sees it and its address matches nothing; it comes back when the un-logging is undone, or
    when somebody makes the same again.
    """

    withdrawn_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True


class CompanyQuerySet(models.QuerySet["Company"]):
    def visible_to(self, user: User) -> "CompanyQuerySet":
        """Companies belong to the workspace: every active person sees all of them."""
        return self.filter(withdrawn_at=None) if user.is_active else self.none()


class Company(Withdrawable):
    """An organisation, known by the domain its people write from. `search` and `created_automatically_from` as in `Contact`."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200)
    domain = models.CharField(_("domain"), max_length=253, null=True, blank=True, unique=True)
    created_automatically_from = models.ForeignKey(
        Inbox, null=True, blank=True, on_delete=models.SET_NULL, related_name="created_companies", editable=False
    )
    search = SearchVectorField(null=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = CompanyQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            GinIndex(fields=["search"], name="company_search"),
            models.Index(fields=["name", "id"], name="company_by_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("contacts:company-detail", args=[self.code])


class ContactQuerySet(models.QuerySet["Contact"]):
    def visible_to(self, user: User) -> "ContactQuerySet":
        """Contacts belong to the workspace: every active person sees all of them."""
        return self.filter(withdrawn_at=None) if user.is_active else self.none()


class Contact(Withdrawable):
    """A person outside the workspace.

    `created_automatically_from` is the inbox whose logged mail made this a contact; empty if a person did, or took it over.
    `sort_key` is the normalised reading (ふりがな), or else name; `search` holds words and CJK bigrams. Both are written by
    `contacts.actions` whenever what they are made of changes.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200)
    reading = models.CharField(_("reading"), max_length=200, blank=True)
    job_title = models.CharField(_("job title"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=50, blank=True)
    company = models.ForeignKey(
        Company,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="contacts",
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="contacts",
    )
    sort_key = models.CharField(max_length=200, blank=True, editable=False)
    search = SearchVectorField(null=True, editable=False)
    last_activity_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_automatically_from = models.ForeignKey(
        Inbox, null=True, blank=True, on_delete=models.SET_NULL, related_name="created_contacts", editable=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = ContactQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            GinIndex(fields=["search"], name="contact_search"),
            models.Index(fields=["sort_key", "id"], name="contact_by_sort_key"),
            models.Index(
                models.F("last_activity_at").desc(nulls_last=True), models.F("id").desc(), name="contact_by_activity"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("contacts:contact-detail", args=[self.code])


class MergedContact(models.Model):
    """Remembers which contact answers for one that was merged away: its old links and entries under way still arrive."""

    former_id = models.BigIntegerField(primary_key=True)
    former_code = models.UUIDField(unique=True)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="merged")

    def __str__(self) -> str:
        return f"contact {self.former_id} merged into {self.contact_id}"


class ContactAddress(models.Model):
    """An e-mail address of a contact; an address belongs to one contact only."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="addresses")
    email = models.EmailField(unique=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(email=models.functions.Lower("email")),
                name="contact_address_is_lower_case",
            ),
        ]

    def __str__(self) -> str:
        return f"address of contact {self.contact_id}"


class NoteQuerySet(models.QuerySet["Note"]):
    def visible_to(self, user: User) -> "NoteQuerySet":
        return self if user.is_active else self.none()

    def editable_by(self, user: User) -> "NoteQuerySet":
        """A note belongs to who wrote it."""
        return self.visible_to(user).filter(author=user)


class Note(models.Model):
    """What a colleague wrote about a contact, for colleagues."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    body = models.TextField(_("note"))
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    edited_at = models.DateTimeField(null=True, blank=True)

    objects = NoteQuerySet.as_manager()

    def __str__(self) -> str:
        return f"note {self.pk}"


class EntryKind(models.TextChoices):
    MAIL = "mail", _("E-mail")
    NOTE = "note", _("Note")


class TimelineEntryQuerySet(models.QuerySet["TimelineEntry"]):
    def visible_to(self, user: User | Viewer) -> "TimelineEntryQuerySet":
        """Whatever is not private; of that, the e-mails of which the user may know that somebody logged them."""
        viewer = Viewer.of(user)
        if not viewer.person.is_active:
            return self.none()
        if not viewer.some_private:
            return self.known_to_all()
        return self.filter(models.Q(private=False) | models.Q(known_as_logged(models.F("message"), viewer)))

    def known_to_all(self) -> "TimelineEntryQuerySet":
        return self.filter(private=False)


class TimelineEntry(models.Model):
    """One thing on one contact's timeline; a contact and an e-mail meet at most once. Paged by (occurred_at, id), newest first.

    `private`: an e-mail not everybody may know of. It repeats what the sightings say, so that timelines without such mail need not
    ask them; `contacts.actions.settle_privacy` keeps it true.
    """

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="timeline", db_index=False)
    kind = models.CharField(max_length=8, choices=EntryKind)
    occurred_at = models.DateTimeField()
    message = models.ForeignKey(
        Message,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="timeline_entries",
    )
    thread = models.ForeignKey(Thread, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    note = models.OneToOneField(
        Note,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="timeline_entry",
    )
    private = models.BooleanField(db_default=False)

    objects = TimelineEntryQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["contact", "message"], name="timeline_mail_once"),
            models.CheckConstraint(
                condition=models.Q(
                    kind=EntryKind.MAIL,
                    message__isnull=False,
                    thread__isnull=False,
                    note=None,
                )
                | models.Q(kind=EntryKind.NOTE, message=None, thread=None, note__isnull=False),
                name="timeline_entry_is_mail_or_note",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            # Covering: a page finds its entries and folds its threads without touching the table.
            models.Index(
                fields=["contact", "-occurred_at", "-id"],
                include=["thread", "kind", "message", "private"],
                name="timeline_newest_first",
            ),
            models.Index(
                fields=["contact", "-occurred_at", "-id"],
                name="timeline_notes",
                condition=models.Q(kind=EntryKind.NOTE),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} entry {self.pk}"


class MailIndex(models.Model):
    """The search text of one e-mail that stands on a timeline or in the list of a team: its subject and who wrote to whom.

    With the time it was sent: what is found is shown newest first, and a word that stands in many e-mails is found soonest by
    reading them in that order.
    """

    message = models.OneToOneField(Message, primary_key=True, on_delete=models.CASCADE, related_name="index")
    search = SearchVectorField()
    sent_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            GinIndex(fields=["search"], name="mail_index_search"),
            models.Index(fields=["-sent_at", "-message"], name="mail_index_newest_first"),
        ]

    def __str__(self) -> str:
        return f"index of message {self.message_id}"
