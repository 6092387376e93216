"""Reading headers of many messages: what was read, what could not be, and what was not reached."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from inboxes.envelope import Address, Envelope
from inboxes.providers.base import MessageGone, Page, ProviderError, RemoteFolder, Unreadable
from inboxes.providers.gmail import addressed
from inboxes.providers.gmail.client import Answer, Client
from inboxes.providers.gmail.labels import lies_in
from inboxes.providers.gmail.messages import envelope_call, is_message_of, read_message

NOT_READABLE = (ValueError, LookupError, TypeError, AttributeError, OverflowError, OSError)


class Reading:
    """Collects the headers of some messages. `error` is what ended it before the last of them, if anything did.

    `only`: the address whose mail it is about; of everything else nothing is shown but the key. Empty: all mail.
    """

    def __init__(self, folder: RemoteFolder, *, now: datetime, hidden: Collection[str], only: str = "") -> None:
        self.error: ProviderError | None = None
        self._folder = folder
        self._now = now
        self._hidden = hidden
        self._only = only
        self._answers: dict[str, Answer] = {}
        self._done: set[str] = set()
        self._unreadable: dict[str, str] = {}
        self._foreign: list[str] = []

    def ask(self, client: Client, ids: Sequence[str]) -> None:
        """What was read before the provider or the network failed counts; the failure is kept in `error`."""
        more = addressed.FIELDS if self._only else ()
        try:
            for message_id, answer in client.run_many({one: envelope_call(one, more=more) for one in ids}):
                self._done.add(message_id)
                if isinstance(answer, dict):
                    self._answers[message_id] = answer
                elif not isinstance(answer, MessageGone):
                    self._unreadable[message_id] = "refused_by_server"
        except ProviderError as error:
            self.error = error

    @property
    def label_ids(self) -> set[str]:
        """Of all messages that were read."""
        told = (answer.get("labelIds") for answer in self._answers.values())
        return {str(label) for labels in told if isinstance(labels, list) for label in labels}

    def rest(self, ids: Sequence[str]) -> tuple[str, ...]:
        return tuple(message_id for message_id in ids if message_id not in self._done)

    def page(self, ids: Sequence[str], label_names: Mapping[str, str]) -> Page:
        """The page of `ids`, in their order, without those that are gone or lie elsewhere. Its cursor is left to the caller."""
        people: dict[str, tuple[Address, ...]] = {}
        self._foreign = []
        envelopes = [
            envelope
            for message_id in ids
            if (answer := self._answers.get(message_id)) is not None
            and (envelope := self._read(answer, message_id, label_names, people))
        ]
        unreadable = [Unreadable(one, self._unreadable[one]) for one in ids if one in self._unreadable]
        return Page(envelopes, cursor="", done=True, unreadable=unreadable, foreign=self._foreign)

    def _read(
        self,
        answer: Answer,
        message_id: str,
        label_names: Mapping[str, str],
        people: dict[str, tuple[Address, ...]],
    ) -> Envelope | None:
        try:
            if not lies_in(self._folder, answer.get("labelIds", ()), self._hidden):
                return None
            if self._only and not is_message_of(answer, self._only):
                self._foreign.append(message_id)
                return None
            return read_message(answer, self._folder, label_names, now=self._now, people=people)
        except NOT_READABLE:
            # One message that is shown in a broken form must never stop the mail behind it.
            self._unreadable[message_id] = "malformed_answer"
            return None
