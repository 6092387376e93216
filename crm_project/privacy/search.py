"""Looking for tokens in one stored value."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from contacts.search import CJK
from contacts.search import normalise as normalise_for_index
from crm_project.privacy.matching import Matcher
from crm_project.privacy.tokens import Token, normalise
from crm_project.privacy.unwrapping import readings, readings_of_text

_LEXEME = re.compile(r"'((?:[^']|'')*)'(?::([\d,A-D]+))?")
_NOT_A_WORD = re.compile(r"[\W_]+")
_SPACE_AT_CJK = re.compile(rf"(?<=[{CJK}]) (?=[{CJK}])")
_BIGRAM = re.compile(rf"[{CJK}]{{2}}")


class Unsearchable(Exception):
    """A place could not be looked into; its name says where."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Something of unlogged mail in one value. `place` names where, not what; `messages` are the stored e-mails that the value
    belongs to: they may say the same."""

    place: str
    tokens: frozenset[Token]
    messages: tuple[int, ...] = ()


class Search:
    """For all tokens at once."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        tokens = list(tokens)
        self._plain = Matcher((token.text, token) for token in tokens)
        self._indexed = Matcher((_index_form(token.text), token) for token in tokens)

    def in_value(self, value: str | bytes | memoryview) -> frozenset[Token]:
        """In all that the value may be read as."""
        texts = readings_of_text(value) if isinstance(value, str) else readings(bytes(value))
        return frozenset(token for text in texts for token in self._plain.found_in(normalise(text)))

    def in_index(self, vector: str) -> frozenset[Token]:
        """In a tsvector as PostgreSQL writes it, whose words have lost their punctuation."""
        return frozenset(self._indexed.found_in(_index_form(_text_of(vector))))


def _index_form(text: str) -> str:
    """What is left of a text in the search index."""
    words = _NOT_A_WORD.sub(" ", normalise_for_index(text)).strip()
    return _SPACE_AT_CJK.sub("", words)


def _text_of(vector: str) -> str:
    """The words of a tsvector in their order; of bigrams, which overlap, the first halves."""
    placed = []
    for lexeme, places in _LEXEME.findall(vector):
        word = lexeme.replace("''", "'")
        shown = word[0] if _BIGRAM.fullmatch(word) else word
        placed += [(int(place.rstrip("ABCD")), shown) for place in (places or "0").split(",")]
    return " ".join(word for _, word in sorted(placed))
