"""What to search a mailbox for, in Gmail's search language.

Dates without a time mean midnight in California, so all bounds are seconds since the epoch. Whether `after:` includes the second it
names is not written anywhere: a second more is asked for than is wanted.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from inboxes.envelope import FolderRole
from inboxes.providers.base import RemoteFolder, SearchQuery
from inboxes.providers.gmail.addressed import list_id_of

ADDRESSES = 20
LENGTH = 1_500
"""Addresses, and characters, in one query."""

_ONLY_MAIL = "-in:chats -in:drafts"
_WITH_SPAM = "in:anywhere -in:trash -in:chats -in:drafts"
_DAY = timedelta(days=1)


def window(after: int = 0, before: int = 0, *, with_junk: bool = False, only: str = "") -> str:
    """Everything that is mail, from one second on and before another; 0 is no bound. Spam only if asked for. `only`: see `of_address`."""
    bounds = (f"after:{after - 1}" if after else "", f"before:{before}" if before else "")
    return " ".join(filter(None, (_WITH_SPAM if with_junk else _ONLY_MAIL, *bounds, of_address(only))))


def of_address(address: str) -> str:
    """What finds the mail of one address, and perhaps some more: Gmail does not compare whole addresses. "" for no address."""
    if not address:
        return ""
    who = _plain(address)
    named = f"to:{who} cc:{who} bcc:{who} deliveredto:{who} list:{who} list:{list_id_of(who)}"
    return f"{{{named} (from:{who} in:sent)}}"


def naming(addresses: Collection[str]) -> Iterator[str]:
    """Queries that together find every message from or to any of the addresses."""
    group: list[str] = []
    length = 0
    for address in sorted(addresses):
        term = _any_person(_plain(address))
        if group and (len(group) >= ADDRESSES or length + len(term) >= LENGTH):
            yield "{" + " ".join(group) + "}"
            group, length = [], 0
        group.append(term)
        length += len(term) + 1
    if group:
        yield "{" + " ".join(group) + "}"


def of_search(folder: RemoteFolder, query: SearchQuery, *, before: int = 0, only: str = "") -> str:
    """`before`: the second of the message where another answer ended, else 0. Bounds are wider than asked for by a day."""
    terms = [_ONLY_MAIL] if folder.role is FolderRole.ALL else ["-in:chats"]
    if query.since:
        terms.append(f"after:{seconds(query.since - _DAY)}")
    if query.until:
        terms.append(f"before:{seconds(query.until + _DAY)}")
    if before:
        terms.append(f"before:{before + 1}")
    if query.message_id:
        terms.append(f"rfc822msgid:{_plain(query.message_id).strip('<>')}")
    if query.address:
        terms.append("{" + _any_person(_quoted(query.address)) + "}")
    if query.subject:
        terms.append(f"subject:{_quoted(query.subject)}")
    if query.text:
        terms.append(_quoted(query.text))
    if only:
        terms.append(of_address(only))
    return " ".join(terms)


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _any_person(who: str) -> str:
    return f"from:{who} to:{who} cc:{who} bcc:{who}"


def _quoted(text: str) -> str:
    """A phrase: in quotes no word is an operator."""
    return '"' + " ".join(text.replace('"', " ").split()) + '"'


def _plain(word: str) -> str:
    """One word that ends no group and begins no other."""
    return "".join(character for character in word if character not in '"(){}' and not character.isspace())
