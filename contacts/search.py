"""Search text: NFKC lower-case words and CJK bigrams, built here for index and query alike.

PostgreSQL's own parser takes a Japanese sentence for one word, and trigrams need three characters where a Japanese surname has
two. A run of CJK characters is therefore indexed as its bigrams and its last character, each with its position, so that a query
matches as a phrase and GIN's recheck removes bigrams that only happen to occur. Katakana counts as hiragana, accents are ignored.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

from django.contrib.postgres.search import SearchVectorField
from django.db.models.lookups import PostgresOperatorLookup

MAX_TERMS = 16
MAX_POSITION = 16_000  # PostgreSQL keeps positions up to 16,383
MAX_WORD = 64
CJK = "\u3005-\u3007\u3041-\u309f\u30a1-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
PIECE = re.compile(rf"(?P<cjk>[{CJK}]+)|(?P<word>[^\W_{CJK}]+)")
SPACE_BETWEEN_CJK = re.compile(rf"(?<=[{CJK}])\s+(?=[{CJK}])")
KATAKANA_TO_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}


@SearchVectorField.register_lookup
class Matches(PostgresOperatorLookup):
    """`search__matches=query(text)`."""

    lookup_name = "matches"
    postgres_operator = "@@"


def vector(texts: Iterable[str]) -> str:
    """The tsvector literal of `texts`. A Japanese name written with a space is found without it too."""
    lexemes: list[str] = []
    start = 1
    for text in texts:
        for variant in _variants(normalise(text)):
            placed = list(_indexed(variant))
            lexemes += [f"'{lexeme}':{start + place}" for lexeme, place in placed if start + place <= MAX_POSITION]
            start += (placed[-1][1] if placed else 0) + 2
    return " ".join(lexemes)


def _variants(normal: str) -> Collection[str]:
    return (normal,) if normal.isascii() else dict.fromkeys((normal, SPACE_BETWEEN_CJK.sub("", normal)))


def query(text: str) -> str | None:
    """The tsquery literal that finds every term of `text`, words by their beginning; None if nothing in it can be searched."""
    terms = normalise(text).split()[:MAX_TERMS]
    phrases = [phrase for term in terms if (phrase := _phrase(term))]
    return " & ".join(f"({phrase})" for phrase in phrases) or None


def normalise(text: str) -> str:
    """NFKC, lower case, katakana as hiragana; Latin, Greek and Cyrillic letters without accents."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text).lower().translate(KATAKANA_TO_HIRAGANA)
    return folded if folded.isascii() else "".join(map(_without_accent, folded))


@lru_cache(maxsize=10_000)
def _without_accent(character: str) -> str:
    base = unicodedata.normalize("NFD", character)[0]
    if "\u0300" <= base <= "\u036f":  # an accent that no letter was made with, as the dot that İ has in lower case
        return ""
    return base if base < "\u0530" else character


def _indexed(text: str) -> Iterator[tuple[str, int]]:
    """Lexemes with their places. Pieces of one term follow each other, a gap parts terms: phrases stay within a term."""
    place = 0
    for term in text.split():
        for run, word in PIECE.findall(term):
            if run:
                yield from ((run[index : index + 2], place + index) for index in range(len(run)))
                place += len(run)
            else:
                yield word[:MAX_WORD], place
                place += 1
        place += 1


def _phrase(term: str) -> str:
    """Lexemes of one term with their distances: `'東京' <1> '京都'`. Only the last word may be unfinished."""
    found: list[tuple[str, int]] = []
    place = 0
    for piece in PIECE.finditer(term):
        if run := piece["cjk"]:
            found += [(f"'{run[i : i + 2]}'", place + i) for i in range(len(run) - 1)] or [(f"'{run}':*", place)]
            place += len(run)
        else:
            unfinished = ":*" if piece.end() == len(term) else ""
            found.append((f"'{piece['word'][:MAX_WORD]}'{unfinished}", place))
            place += 1
    phrase, before = "", 0
    for lexeme, at in found:
        phrase += f" <{at - before}> {lexeme}" if phrase else lexeme
        before = at
    return phrase
