"""The never-log lists as people see them: whose they are, what is on them, and who needs no entry."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.urls import reverse

from inboxes.addresses import InvalidAddress, normalise, normalise_domain
from inboxes.models import Inbox
from logging_rules.models import NeverLogEntry
from logging_rules.queries import addresses_of
from users.models import User, WorkspaceDomain


@dataclass(frozen=True, slots=True)
class NeverLogList:
    """A person's own list or, without `owner`, the workspace's, which all may read and super admins edit."""

    owner: User | None
    reader: User

    @classmethod
    def of(cls, reader: User, *, shared: bool) -> "NeverLogList":
        return cls(None if shared else reader, reader)

    @classmethod
    def holding(cls, entry: NeverLogEntry, reader: User) -> "NeverLogList":
        return cls(entry.owner, reader)

    @property
    def is_shared(self) -> bool:
        return self.owner is None

    @property
    def may_edit(self) -> bool:
        return self.reader.is_super_admin if self.owner is None else self.owner == self.reader

    def refuse_readers(self) -> None:
        if not self.may_edit:
            raise PermissionDenied

    @property
    def url(self) -> str:
        return self._url("never-log")

    @property
    def add_url(self) -> str:
        return self._url("never-log-add")

    @property
    def import_url(self) -> str:
        return self._url("never-log-import")

    @property
    def export_url(self) -> str:
        return self._url("never-log-export")

    def _url(self, name: str) -> str:
        return reverse(f"logging_rules:{'workspace-' if self.is_shared else ''}{name}")

    def entries(self, *, text: str = "", kind: str = "") -> QuerySet[NeverLogEntry]:
        """The newest first. `text` is looked for in addresses, domains and notes."""
        entries = NeverLogEntry.objects.visible_to(self.reader).filter(owner=self.owner).select_related("created_by")
        if text := text.replace("\0", "").strip():  # PostgreSQL takes no such character
            entries = entries.filter(Q(value__icontains=_as_stored(text)) | Q(note__icontains=text))
        if kind:
            entries = entries.filter(kind=kind)
        return entries.order_by("-created_at", "-pk")


def _as_stored(text: str) -> str:
    """A part of an address or domain as it stands in entries, whose domains are A-labels."""
    text = text.removeprefix("*.")
    try:
        return normalise(text) if "@" in text.removeprefix("@") else normalise_domain(text)
    except InvalidAddress:
        return text


@dataclass(frozen=True, slots=True)
class Insiders:
    """Who counts as a colleague without any entry."""

    domains: Sequence[str]
    people: int
    inboxes: int
    own_addresses: Sequence[str]


def insiders_for(reader: User) -> Insiders:
    return Insiders(
        domains=list(WorkspaceDomain.objects.visible_to(reader).order_by("domain").values_list("domain", flat=True)),
        people=User.objects.visible_to(reader).count(),
        inboxes=Inbox.objects.count(),
        own_addresses=sorted(addresses_of(reader)),
    )
