"""Why a mail is kept out of a team's list. Pure: no Django."""

from enum import StrEnum


class Filtered(StrEnum):
    """Stored as they are; never renamed."""

    SPAM = "spam"
    AUTOMATIC = "automatic"


NOBODY_KNOWN = "no_known_contact"
"""The decision code of mail with no contact, and of what stays of mail whose last contact was deleted."""
