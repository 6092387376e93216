"""Does a provider know the client that was registered there?"""

from datetime import UTC, date, datetime

from django.conf import settings

from crm_project.doctor.findings import Finding, ok, warning, wrong
from inboxes import expiry
from inboxes.causes import cause_of
from inboxes.models import CredentialKind
from inboxes.oauth.clients import oauth_client
from inboxes.oauth.grants import Grant
from inboxes.oauth.scopes import GMAIL_READ, GRAPH_READ
from inboxes.providers.base import ClientMisconfigured, ProviderError, TemporarilyUnavailable

SETTINGS = {
    CredentialKind.GOOGLE: ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"),
    CredentialKind.MICROSOFT: ("MICROSOFT_CLIENT_ID", "MICROSOFT_CLIENT_SECRET"),
}
SCOPES = {CredentialKind.GOOGLE: GMAIL_READ, CredentialKind.MICROSOFT: GRAPH_READ}


LITTLE_TIME = 30
"""Days before a secret ends at which something should be done about it."""


def secret(kind: CredentialKind, *, today: date, guide: str) -> Finding | None:
    """How long the client's secret still lasts; None if nobody has told us."""
    topic, last_day = f"{kind.label} secret", dict(expiry.secrets()).get(kind)
    if last_day is None:
        return None
    days = (last_day - today).days
    if days < 0:
        return wrong(
            topic, f"expired on {last_day}", f"Create a new one and put its last day into the settings. {guide}."
        )
    if days <= LITTLE_TIME:
        return warning(topic, f"expires on {last_day}, in {days} days", f"Create a new one in time. {guide}.")
    return ok(topic, f"lasts until {last_day}")


def client(topic: str, kind: CredentialKind, *, guide: str) -> Finding:
    missing = [name for name in SETTINGS[kind] if not getattr(settings, name)]
    if missing:
        return wrong(topic, f"{missing[0]} is missing", f"{guide}.")
    # Nobody ever granted this. A provider looks at the client before it looks at that.
    never_granted = Grant("", "none", datetime.min.replace(tzinfo=UTC), SCOPES[kind])
    try:
        oauth_client(kind).refresh(never_granted)
    except ClientMisconfigured as refusal:
        return wrong(topic, f"refuses this client: {cause_of(refusal.cause).title}", f"{guide}.")
    except TemporarilyUnavailable as trouble:
        fix = "Let web and workers reach it, or set the addresses of your proxy or cloud."
        return warning(topic, f"could not be asked: {cause_of(trouble.cause).title}", fix)
    except ProviderError:
        pass
    return ok(topic, "knows this client")
