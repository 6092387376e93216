"""`$search` in mail: words, phrases and `property:value` pairs (KQL), joined by AND unless OR or NOT says otherwise."""

import re
from collections.abc import Callable
from datetime import date

from crm_project.demo.microsoft.mailbox import Message
from crm_project.demo.microsoft.refusals import GraphRefusal, bad_request
from crm_project.demo.microsoft.wording import written

MOST_FOUND = 1000
_TERM = re.compile(
    r'\s*(?:(?P<mark>[()])|(?:(?P<name>[A-Za-z]+)(?P<compare>:|>=|<=|>|<|=))?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s()"]+)))'
)
_DATES = {"received": "received", "sent": "sent"}


def _people(message: Message, *fields: str) -> str:
    people = [one["emailAddress"] for field in fields for one in message.content.people(field)]
    return " ".join(f"{person['name']} {person['address']}" for person in people).casefold()


_TEXTS: dict[str, Callable[[Message], str]] = {
    "from": lambda m: _people(m, "from"),
    "to": lambda m: _people(m, "to"),
    "cc": lambda m: _people(m, "cc"),
    "bcc": lambda m: _people(m, "bcc"),
    "recipients": lambda m: _people(m, "to", "cc", "bcc"),
    "participants": lambda m: _people(m, "from", "to", "cc", "bcc"),
    "subject": lambda m: m.content.subject.casefold(),
    "body": lambda m: m.content.parsed.text.casefold(),
    "attachment": lambda m: " ".join(file.filename for file in m.content.parsed.attachments).casefold(),
    "hasattachments": lambda m: str(any(not f.is_inline for f in m.content.parsed.attachments)).casefold(),
    "importance": lambda m: m.content.first("importance").casefold() or "normal",
}
_ANYWHERE = ("subject", "body", "from", "recipients", "attachment")

Match = Callable[[Message], bool]


class Search:
    """Reads `"…"` as `$search` must be written: in double quotes, those inside escaped by a backslash."""

    def __init__(self, text: str) -> None:
        if not (len(text) > 2 and text.startswith('"') and text.endswith('"')):
            raise bad_request("Syntax error: the $search value must be in double quotes.", code="BadRequest")
        self._text = text[1:-1].replace('\\"', '"')
        self._at = 0
        self._match = self._either()
        if self._text[self._at :].strip():
            raise self._wrong()

    def __call__(self, message: Message) -> bool:
        return self._match(message)

    def _wrong(self) -> GraphRefusal:
        return bad_request("Syntax error in the $search query.", code="BadRequest")

    def _peek(self) -> re.Match[str] | None:
        return _TERM.match(self._text, self._at) if self._text[self._at :].strip() else None

    def _either(self) -> Match:
        matches = [self._both()]
        while (term := self._peek()) and term["word"] == "OR":
            self._at = term.end()
            matches.append(self._both())
        return lambda message: any(match(message) for match in matches)

    def _both(self) -> Match:
        matches = []
        while (term := self._peek()) and term["word"] != "OR" and term["mark"] != ")":
            if term["word"] == "AND":
                self._at = term.end()
                continue
            matches.append(self._one(term))
        if not matches:
            raise self._wrong()
        return lambda message: all(match(message) for match in matches)

    def _one(self, term: re.Match[str]) -> Match:
        self._at = term.end()
        if term["word"] == "NOT":
            following = self._peek()
            if following is None:
                raise self._wrong()
            negated = self._one(following)
            return lambda message: not negated(message)
        if term["mark"] == "(":
            inner = self._either()
            closing = self._peek()
            if closing is None or closing["mark"] != ")":
                raise self._wrong()
            self._at = closing.end()
            return inner
        return self._term(term)

    def _term(self, term: re.Match[str]) -> Match:
        value = (term["phrase"] if term["phrase"] is not None else term["word"]).casefold().rstrip("*")
        name = (term["name"] or "").lower()
        if name in _DATES:
            return self._date(name, term["compare"], value)
        if name and (name not in _TEXTS or term["compare"] not in (":", "=")):
            raise self._wrong()
        fields = [_TEXTS[name]] if name else [_TEXTS[field] for field in _ANYWHERE]
        return lambda message: any(value in read(message) for read in fields)

    def _date(self, name: str, compare: str, value: str) -> Match:
        try:
            first, _, last = value.partition("..")
            wanted, until = date.fromisoformat(first), date.fromisoformat(last or first)
        except ValueError:
            raise self._wrong() from None

        def day(message: Message) -> date:
            moment = message.received_at if name == "received" else message.content.sent_at(message.received_at)
            return date.fromisoformat(written(moment)[:10])

        tests: dict[str, Match] = {
            ":": lambda message: wanted <= day(message) <= until,
            "=": lambda message: wanted <= day(message) <= until,
            ">": lambda message: day(message) > wanted,
            ">=": lambda message: day(message) >= wanted,
            "<": lambda message: day(message) < wanted,
            "<=": lambda message: day(message) <= wanted,
        }
        return tests[compare]
