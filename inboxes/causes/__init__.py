"""Every cause an inbox, a folder or a message can be in trouble for, in words a person can act on.

Codes are stable: they are stored, shown, logged and counted. The texts say what happened and what to do.
"""

from inboxes.causes import apis, rules, servers
from inboxes.causes.cause import Cause
from inboxes.causes.hints import HINTS

__all__ = ["CAUSES", "HINTS", "Cause", "cause_of"]

CAUSES: dict[str, Cause] = {**servers.CAUSES, **apis.CAUSES, **rules.CAUSES}


def cause_of(code: str) -> Cause:
    """The texts for a stored code; codes of an older version that are no longer known get the texts of "unknown"."""
    return CAUSES.get(code, CAUSES["unknown"])
