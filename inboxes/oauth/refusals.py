"""What a refusal of a token endpoint means, as a table: the first row that fits decides what is done.

Only answers of the provider's own get here (`inboxes.oauth.transport` keeps everything else away). Whatever no row knows is taken
mildly: try again later, ask nobody.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Flag, auto
from typing import Any

from inboxes.oauth.grants import SignInRefused
from inboxes.providers.base import ProviderError, RateLimited, TemporarilyUnavailable


class Phase(Flag):
    """What was being done: the person came back from the provider, the code they brought was exchanged, or a token was renewed."""

    RETURN = auto()
    EXCHANGE = auto()
    REFRESH = auto()
    SIGN_IN = RETURN | EXCHANGE
    ANY = RETURN | EXCHANGE | REFRESH


@dataclass(frozen=True, slots=True)
class Row:
    """`errors` are codes of RFC 6749 and of the provider, parted by spaces ("" for any); `words` is a pattern in its explanation."""

    phase: Phase
    errors: str
    words: str
    raises: type[ProviderError]
    cause: str


def check_return(kept: Mapping[str, Any], answer: Mapping[str, str], rows: Sequence[Row]) -> None:
    """Raises unless the person came back with a code, from the very sign-in that was begun."""
    if answer.get("state") != kept["state"]:
        raise SignInRefused("sign_in_expired")
    if answer.get("error"):
        raise classify(answer, Phase.RETURN, rows)
    if not answer.get("code"):
        raise SignInRefused("sign_in_expired")


def classify(answer: Mapping[str, Any], phase: Phase, rows: Sequence[Row]) -> ProviderError:
    """`answer` is the JSON of a token endpoint, or the parameters of a redirect."""
    error, text = str(answer.get("error", "")), _explanation(answer)
    for row in rows:
        if (
            phase & row.phase
            and (not row.errors or error in row.errors.split())
            and re.search(row.words, text, re.IGNORECASE)
        ):
            return _error(row.raises, row.cause, text)
    if phase & Phase.RETURN:
        return SignInRefused("sign_in_failed", detail=text)
    return TemporarilyUnavailable("provider_refused", detail=text)


def _error(kind: type[ProviderError], cause: str, text: str) -> ProviderError:
    if issubclass(kind, RateLimited):
        return kind(cause, retry_after=3600, detail=text)
    return kind(cause, detail=text)


def _explanation(answer: Mapping[str, Any]) -> str:
    """All that says more than `error`. Microsoft numbers its reasons: `error_codes` beside `AADSTSn` in the description."""
    parts = [answer.get(key) for key in ("error_description", "error_subtype", "error_subcode", "suberror")]
    numbers = answer.get("error_codes")
    codes = [f"AADSTS{number}" for number in numbers] if isinstance(numbers, list) else []
    return " ".join(str(part) for part in (*parts, *codes) if part)
