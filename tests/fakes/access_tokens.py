"""Access tokens for providers under test."""

from collections.abc import Callable


class GivenTokens:
    """See `AccessToken`. `give` makes a token; each that was refused is remembered."""

    def __init__(self, give: Callable[[], str]) -> None:
        self._give = give
        self._token = ""
        self.refused: list[str] = []

    def get(self) -> str:
        self._token = self._token or self._give()
        return self._token

    def renew(self, refused: str) -> str:
        self.refused.append(refused)
        self._token = self._give()
        return self._token
