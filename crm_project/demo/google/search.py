"""Gmail's search language, as far as its help page describes it.

Words, "phrases", `field:value`, `-not`, `OR`, {any of these}, (all of these). Addresses are compared whole, other values word by
word. Dates mean midnight in California; seconds since the epoch are exact, and both bounds exclude the second they name.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from crm_project.demo.google.mailbox import FakeMailbox
from crm_project.demo.google.messages import StoredMessage

Test = Callable[[StoredMessage], bool]
_TOKENS = re.compile(
    r'\s+|(?P<open>-?[({])|(?P<close>[)}])|(?P<term>-?(?:[\w]+:)?(?:"[^"]*"|[^\s(){}"]+)|-?\w+:(?=[({]))'
)
_TERM = re.compile(r"(?P<field>\w+):(?P<value>.*)", re.DOTALL)
_WORD = re.compile(r"[\w'+]+")
_DATE = re.compile(r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})")
_AGE = re.compile(r"(\d+)([dmy])")
_SIZE = re.compile(r"(\d+)([km]?)b?", re.IGNORECASE)
_CALIFORNIA = ZoneInfo("America/Los_Angeles")
_DAYS = {"d": 1, "m": 30, "y": 365}
_PLACES = {
    "inbox": "INBOX",
    "sent": "SENT",
    "draft": "DRAFT",
    "drafts": "DRAFT",
    "spam": "SPAM",
    "trash": "TRASH",
    "chat": "CHAT",
    "chats": "CHAT",
    "starred": "STARRED",
    "important": "IMPORTANT",
    "unread": "UNREAD",
}
_HIDDEN = frozenset({"SPAM", "TRASH"})


class Search:
    """A query over one mailbox; `shows_hidden`: it asks for spam or trash by itself."""

    def __init__(self, text: str, mailbox: FakeMailbox, now: datetime) -> None:
        self._mailbox = mailbox
        self._now = now
        self._tokens = [match for match in _TOKENS.finditer(text) if not match[0].isspace()]
        self._position = 0
        self.shows_hidden = bool(
            re.search(r"(?<![-\w])(?:in|is|label):\"?(?:spam|trash|anywhere)\b", text, re.IGNORECASE)
        )
        self.matches: Test = self._group("")

    def _group(self, closing: str) -> Test:
        """Up to the closing bracket: all of it, except that `{` means any of it."""
        tests: list[list[Test]] = []
        joins = False
        while self._position < len(self._tokens):
            token = self._tokens[self._position]
            self._position += 1
            if token["close"]:
                break
            if token[0] == "OR":
                joins = bool(tests)
                continue
            test = self._test(token)
            if joins:
                tests[-1].append(test)
            else:
                tests.append([test])
            joins = False
        alternatives = [_any(group) for group in tests]
        return _any(alternatives) if closing == "}" else _all(alternatives)

    def _test(self, token: re.Match[str]) -> Test:
        text = token[0]
        negated = text.startswith("-") and len(text) > 1
        text = text.removeprefix("-") if negated else text
        if token["open"]:
            test = self._group("}" if text == "{" else ")")
        elif text.endswith(":") and self._position < len(self._tokens) and self._tokens[self._position]["open"]:
            test = self._distributed(text.removesuffix(":"))
        else:
            test = self._term(text)
        return (lambda message: not test(message)) if negated else test

    def _distributed(self, field: str) -> Test:
        """`from:(a b)`: the field of every word in the brackets."""
        closing = "}" if self._tokens[self._position][0] == "{" else ")"
        self._position += 1
        tests: list[Test] = []
        is_any = closing == "}"
        while self._position < len(self._tokens):
            token = self._tokens[self._position]
            self._position += 1
            if token["close"]:
                break
            if token[0] == "OR":
                is_any = True
                continue
            tests.append(self._term(f"{field}:{token[0]}"))
        return _any(tests) if is_any else _all(tests)

    def _term(self, text: str) -> Test:
        found = _TERM.fullmatch(text)
        build = _FIELDS.get(found["field"].lower()) if found else None
        if not (found and build):
            return _says(text.strip('"'))
        return build(self, found["value"].strip('"').lower())

    # Fields

    def _people(self, *fields: str) -> Callable[[str], Test]:
        def build(value: str) -> Test:
            own = [alias.address for alias in self._mailbox.aliases]
            return _any([_names(field, address) for field in fields for address in (own if value == "me" else [value])])

        return build

    def _label(self, value: str) -> Test:
        labels = self._mailbox.labels.values()
        ids = {label.id for label in labels if _hyphened(label.name) == _hyphened(value)}
        return lambda message: not ids.isdisjoint(message.labels)

    def _place(self, value: str) -> Test:
        if value == "anywhere":
            return lambda message: True
        if value == "archive":
            return lambda message: message.labels.isdisjoint({"INBOX", "SENT", "DRAFT", *_HIDDEN})
        if value == "read":
            return lambda message: "UNREAD" not in message.labels
        if value in _PLACES:
            return lambda message: _PLACES[value] in message.labels
        return self._label(value)

    def _after(self, value: str) -> Test:
        moment = _moment(value)
        if value.isdecimal():
            return lambda message: message.received // 1000 > moment
        return lambda message: message.received // 1000 >= moment

    def _before(self, value: str) -> Test:
        moment = _moment(value)
        return lambda message: message.received // 1000 < moment

    def _newer_than(self, value: str) -> Test:
        return lambda message: message.received / 1000 >= self._age(value)

    def _older_than(self, value: str) -> Test:
        return lambda message: message.received / 1000 < self._age(value)

    def _age(self, value: str) -> float:
        found = _AGE.fullmatch(value)
        return (self._now - timedelta(days=int(found[1]) * _DAYS[found[2]])).timestamp() if found else 0

    def _message_id(self, value: str) -> Test:
        wanted = value.strip("<>")
        return lambda message: any(known.strip("<>").lower() == wanted for known in message.message_ids)

    def _has(self, value: str) -> Test:
        if value == "attachment":
            return lambda message: message.has_attachment
        if value == "userlabels":
            return lambda message: any(label.startswith("Label_") for label in message.labels)
        return lambda message: False

    def _category(self, value: str) -> Test:
        names = {"primary": "PERSONAL", "reservations": "TRAVEL"}
        label = f"CATEGORY_{names.get(value, value.upper())}"
        return lambda message: label in message.labels

    def _larger(self, value: str) -> Test:
        return lambda message: len(message.raw) > _size(value)

    def _smaller(self, value: str) -> Test:
        return lambda message: len(message.raw) < _size(value)


_FIELDS: dict[str, Callable[[Search, str], Test]] = {
    "from": lambda search, value: search._people("from")(value),
    "to": lambda search, value: search._people("to")(value),
    "cc": lambda search, value: search._people("cc")(value),
    "bcc": lambda search, value: search._people("bcc")(value),
    "deliveredto": lambda search, value: _names("delivered-to", value),
    "list": lambda search, value: _names("list-id", value),
    "subject": lambda search, value: lambda message: _holds(message.subject, value),
    "label": Search._label,
    "in": Search._place,
    "is": Search._place,
    "after": Search._after,
    "newer": Search._after,
    "before": Search._before,
    "older": Search._before,
    "newer_than": Search._newer_than,
    "older_than": Search._older_than,
    "rfc822msgid": Search._message_id,
    "has": Search._has,
    "category": Search._category,
    "larger": Search._larger,
    "size": Search._larger,
    "smaller": Search._smaller,
}


def is_hidden(message: StoredMessage) -> bool:
    """Spam and trash are shown only to whoever asks for them."""
    return not _HIDDEN.isdisjoint(message.labels)


def _any(tests: Sequence[Test]) -> Test:
    return tests[0] if len(tests) == 1 else lambda message: any(test(message) for test in tests)


def _all(tests: Sequence[Test]) -> Test:
    return tests[0] if len(tests) == 1 else lambda message: all(test(message) for test in tests)


def _names(field: str, value: str) -> Test:
    local, at, _domain = value.partition("@")
    if at and local:
        return lambda message: value in message.addresses(field)
    if at:
        return lambda message: any(person.email.endswith(value) for person in message.people(field))
    return lambda message: (
        any(_holds(f"{person.name} {person.email}", value) for person in message.people(field))
        or _holds(message.fields.first(field), value)
    )


def _says(value: str) -> Test:
    def test(message: StoredMessage) -> bool:
        people = (person for field in ("from", "to", "cc", "bcc") for person in message.people(field))
        texts = [message.subject, message.text, *(f"{person.name} {person.email}" for person in people)]
        return any(_holds(text, value) for text in texts)

    return test


def _holds(text: str, value: str) -> bool:
    """Whether the words of `value` stand one after the other in the text. Japanese has no blanks: there, parts of words do."""
    wanted = _WORD.findall(value.lower())
    if any(not word.isascii() for word in wanted):
        return value.lower() in text.lower()
    words = _WORD.findall(text.lower())
    return any(words[start : start + len(wanted)] == wanted for start in range(len(words) - len(wanted) + 1))


def _hyphened(name: str) -> str:
    return re.sub(r"[\s/_-]+", "-", name.casefold())


def _moment(value: str) -> float:
    """Seconds since the epoch; what cannot be read restricts nothing."""
    if value.isdecimal():
        return int(value)
    found = _DATE.fullmatch(value)
    return datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=_CALIFORNIA).timestamp() if found else 0


def _size(value: str) -> int:
    found = _SIZE.fullmatch(value)
    return int(found[1]) * {"": 1, "k": 1 << 10, "m": 1 << 20}[found[2].lower()] if found else 0
