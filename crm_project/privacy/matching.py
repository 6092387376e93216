"""Finding any of many thousand texts within another, in one pass over it. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from crm_project.privacy.tokens import SHORTEST

Gram = tuple[str, ...]
K = TypeVar("K")


class Matcher(Generic[K]):
    """Holds each text by those of its runs of five characters that fewest others have: a text without one of these runs, which
    is told at the speed of a set, holds none of them."""

    def __init__(self, texts: Iterable[tuple[str, K]]) -> None:
        """Pairs of a text of at least `SHORTEST` characters and what is to be answered when it is found."""
        pairs = [(text, key) for text, key in texts if len(text) >= SHORTEST]
        frequency = Counter(gram for text, _ in pairs for gram in _grams(text))
        self._by_gram: defaultdict[Gram, list[tuple[str, K]]] = defaultdict(list)
        for text, key in pairs:
            self._by_gram[min(_grams(text), key=frequency.__getitem__)].append((text, key))
        self._grams = frozenset(self._by_gram)

    def found_in(self, text: str) -> set[K]:
        """`text` must be normalised as the wanted texts are."""
        return {
            key
            for gram in self._grams.intersection(_grams(text))
            for wanted, key in self._by_gram[gram]
            if wanted in text
        }


def _grams(text: str) -> Iterator[Gram]:
    return zip(*(text[start:] for start in range(SHORTEST)), strict=False)
