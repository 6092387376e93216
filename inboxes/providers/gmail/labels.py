"""Gmail's labels: what they say of a message's place, and which of them are marks."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

from inboxes.envelope import FolderRole
from inboxes.marks import Mark, MarkNames
from inboxes.providers.base import FolderGone, RemoteFolder, TemporarilyUnavailable

MAILBOX = RemoteFolder("mailbox", "Gmail", FolderRole.ALL)
"""A message lies in it once, whatever its labels are."""

PLACES = (
    RemoteFolder("DRAFT", "Drafts", FolderRole.DRAFTS),
    RemoteFolder("SPAM", "Spam", FolderRole.JUNK),
    RemoteFolder("TRASH", "Trash", FolderRole.TRASH),
)
"""Where only the owner looks for mail. Their keys are labels."""

NOT_MAIL = frozenset({"DRAFT", "SPAM", "TRASH", "CHAT"})
HIDDEN_BUT_SPAM = NOT_MAIL - {"SPAM"}
SENT = "SENT"
COMES_WITH = frozenset({"INBOX", SENT})
"""A message that gets one of these may have been no mail before."""

_ROLES = {
    "TRASH": FolderRole.TRASH,
    "SPAM": FolderRole.JUNK,
    "DRAFT": FolderRole.DRAFTS,
    SENT: FolderRole.SENT,
    "INBOX": FolderRole.INBOX,
}


def role_of(label_ids: Collection[str]) -> FolderRole:
    """Mail to oneself is sent mail; what has left the inbox is archived."""
    return next((role for label, role in _ROLES.items() if label in label_ids), FolderRole.ARCHIVE)


def check_known(folder: RemoteFolder) -> None:
    """Raises `FolderGone`."""
    if folder.remote_id not in {MAILBOX.remote_id, *(place.remote_id for place in PLACES)}:
        raise FolderGone


def lies_in(folder: RemoteFolder, label_ids: Collection[str], hidden: Collection[str] = NOT_MAIL) -> bool:
    """`hidden`: what has one of these labels is not in the mailbox's one folder."""
    if folder.remote_id == MAILBOX.remote_id:
        return set(label_ids).isdisjoint(hidden)
    return folder.remote_id in label_ids


@dataclass(frozen=True, slots=True)
class LabelNames:
    """The labels of one mailbox, by id. `of_owner`: those that its owner made."""

    ids: frozenset[str]
    of_owner: Mapping[str, str]

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> Self:
        """Raises `TemporarilyUnavailable`."""
        try:
            found = [(str(label["id"]), str(label["name"]), label.get("type")) for label in answer.get("labels", ())]
        except (KeyError, TypeError, AttributeError):
            raise TemporarilyUnavailable("answer_not_understood") from None
        made = {label_id: name for label_id, name, kind in found if kind != "system"}
        return cls(frozenset(label_id for label_id, _, _ in found), made)

    def know(self, label_ids: Collection[str]) -> bool:
        return self.ids.issuperset(label_ids)

    def marks(self, names: MarkNames) -> dict[str, Mark]:
        """The labels that are marks; those below such a label are too."""
        found = {label_id: names.of_label(name) for label_id, name in self.of_owner.items()}
        return {label_id: mark for label_id, mark in found.items() if mark is not None}
