"""A change to what is logged, as a value: what would it mean? It can be asked before anything is saved.

Holds what a person chose or typed themselves, never anything of an e-mail, so it may travel through the browser, signed.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any, NamedTuple, Self
from uuid import UUID

from django.core import signing
from django.urls import reverse
from django.utils.http import urlencode

from inboxes.models import Inbox
from logging_rules.facts import SETTING_NAMES, Level, NeverLog, NeverLogKind, NeverLogScope, Preset, opens
from logging_rules.rules import Rules, said, saying

SALT = "logging_rules.change"
MAX_AGE = timedelta(days=1)

Value = str | bool | None

WIDEST: dict[str, Value] = {
    "preset": Preset.KNOWN,
    "most_open_preset": Preset.KNOWN,
    "log_incoming": True,
    "log_outgoing": True,
    "log_automatic_mail": True,
}
NARROWEST: dict[str, Value] = {
    "preset": Preset.MANUAL,
    "most_open_preset": Preset.MANUAL,
    "log_incoming": False,
    "log_outgoing": False,
    "log_automatic_mail": False,
}
"""The ends of the settings that decide what is logged; the others decide what becomes of it then."""


class Entry(NamedTuple):
    """A never-log entry of the list of a level. `covers_team` counts on the workspace's."""

    kind: NeverLogKind
    value: str
    scope: NeverLogScope = NeverLogScope.WHOLE_MESSAGE
    covers_team: bool = False

    @property
    def text(self) -> str:
        """As a person types it."""
        return f"*.{self.value}" if self.kind is NeverLogKind.SUBDOMAINS else self.value


@dataclass(frozen=True, slots=True)
class Change:
    """Made on one level: for one inbox, for all inboxes of the person who asks, or for the workspace.

    `settings` holds values by the names the settings have on that level; None: as the next level says. `listed` entries come to the
    never-log list of the level, with the scope they name if they are there already; `unlisted` ones leave it.
    """

    level: Level
    inbox_code: str = ""
    settings: tuple[tuple[str, Value], ...] = ()
    listed: tuple[Entry, ...] = ()
    unlisted: tuple[Entry, ...] = ()

    @classmethod
    def of_inbox(cls, inbox: Inbox, **settings: Value) -> Self:
        return cls(Level.INBOX, str(inbox.code), settings=tuple(settings.items()))

    @classmethod
    def of_person(cls, *, listed: Iterable[Entry] = (), unlisted: Iterable[Entry] = (), **settings: Value) -> Self:
        return cls(Level.PERSON, settings=tuple(settings.items()), listed=tuple(listed), unlisted=tuple(unlisted))

    @classmethod
    def of_workspace(cls, *, listed: Iterable[Entry] = (), unlisted: Iterable[Entry] = (), **settings: Value) -> Self:
        return cls(Level.WORKSPACE, settings=tuple(settings.items()), listed=tuple(listed), unlisted=tuple(unlisted))

    @classmethod
    def from_signed(cls, text: str) -> Self:
        """Raises `signing.BadSignature` for a text that is not ours or too old."""
        return cls.from_row(signing.loads(text, salt=SALT, max_age=MAX_AGE))

    @classmethod
    def from_row(cls, data: dict[str, Any]) -> Self:
        """From what `as_row` said, as JSON keeps it."""
        return cls(
            level=Level(data["level"]),
            inbox_code=data["inbox_code"],
            settings=tuple((name, value) for name, value in data["settings"]),
            listed=_entries(data["listed"]),
            unlisted=_entries(data["unlisted"]),
        )

    def as_row(self) -> dict[str, Any]:
        return asdict(self)

    def signed(self) -> str:
        return signing.dumps(self.as_row(), salt=SALT, compress=True)

    @property
    def url(self) -> str:
        """Where its dry run is."""
        return f"{reverse('logging_rules:dry-run')}?{urlencode({'change': self.signed()})}"

    def concerns(self, inbox: Inbox) -> bool:
        """Whether it is made on a level that the inbox looks at, if that is an inbox of the person who asks."""
        return self.level is not Level.INBOX or UUID(self.inbox_code) == inbox.code

    def apply_to(self, rules: Rules) -> Rules:
        """The rules of an inbox as they would be; nothing is saved."""
        if not self.concerns(rules.inbox):
            return rules
        if self.level is Level.WORKSPACE:
            return replace(
                rules,
                workspace=saying(rules.workspace, dict(self.settings)),
                person=saying(rules.person, self._kept_by_followers(rules)),
                workspace_never_log=self._list_after(rules, rules.workspace_never_log),
            )
        if self.level is Level.PERSON:
            return replace(
                rules,
                person=saying(rules.person, dict(self.settings)),
                personal_never_log=self._list_after(rules, rules.personal_never_log),
            )
        return replace(rules, own=saying(rules.own, dict(self.settings)))

    def _kept_by_followers(self, rules: Rules) -> dict[str, Any]:
        """Whoever follows the workspace keeps what they have where it opens up."""
        return {
            name: said(rules.workspace, name)
            for name, value in self.settings
            if name in SETTING_NAMES
            and said(rules.person, name) is None
            and opens(name, said(rules.workspace, name), value)
        }

    def _list_after(self, rules: Rules, never_log: NeverLog) -> NeverLog:
        listed = [entry[:3] for entry in self.listed if not rules.is_team or entry.covers_team]
        return never_log.changed(listed, without=[entry[:2] for entry in self.unlisted])

    def is_made_in(self, rules: Rules) -> bool:
        """Whether everything of it is said on its level already, whatever the other levels say."""
        layer, never_log = rules.layer(self.level), rules.never_log_of(self.level)
        return (
            all(said(layer, name) == value for name, value in self.settings)
            and all(never_log.scope_of(kind, value) is scope for kind, value, scope, _ in self.listed)
            and not any(never_log.scope_of(entry.kind, entry.value) for entry in self.unlisted)
        )

    def taken_back_from(self, rules: Rules, *, to_wider: bool) -> "Change":
        """The change that leads back to what held before this one: to `rules`, or, if they hold it already, to what was before them.

        What a setting was before it was saved nobody remembers. `to_wider` says which end is meant: as open as it can be, for asking
        what the setting keeps out, or as narrow, for asking what it lets in.
        """
        if self.is_made_in(rules):
            ends = WIDEST if to_wider else NARROWEST
            settings = tuple((name, ends[name]) for name, _ in self.settings if name in ends)
            return replace(self, settings=settings, listed=self.unlisted, unlisted=self.listed)
        layer, never_log = rules.layer(self.level), rules.never_log_of(self.level)
        scopes = {entry: never_log.scope_of(entry.kind, entry.value) for entry in (*self.listed, *self.unlisted)}
        return replace(
            self,
            settings=tuple((name, said(layer, name)) for name, _ in self.settings),
            listed=tuple(entry._replace(scope=scope) for entry, scope in scopes.items() if scope),
            unlisted=tuple(entry for entry in self.listed if not scopes[entry]),
        )


def _entries(rows: Iterable[Iterable[Any]]) -> tuple[Entry, ...]:
    return tuple(
        Entry(NeverLogKind(kind), value, NeverLogScope(scope), covers_team) for kind, value, scope, covers_team in rows
    )
