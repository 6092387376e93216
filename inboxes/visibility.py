"""Who may see a logged e-mail. Pure: no Django."""

from enum import StrEnum


class Visibility(StrEnum):
    """Everybody who can see the contact; they, but only its subject and participants; or only the owner and those users who are
    participants. From the most open to the strictest."""

    EVERYONE = "everyone"
    SUBJECT = "subject"
    PRIVATE = "private"

    @property
    def strictness(self) -> int:
        return tuple(Visibility).index(self)
