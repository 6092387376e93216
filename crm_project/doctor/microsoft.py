"""The client at Microsoft, and its notifications of new mail. The set-up itself: docs/microsoft.md."""

from collections.abc import Iterator

from django.conf import settings
from django.utils.timezone import localdate

from crm_project.doctor.clients import client, secret
from crm_project.doctor.findings import Finding, off, ok
from inboxes.models import CredentialKind

GUIDE = "See docs/microsoft.md"


def examine() -> Iterator[Finding]:
    if not (settings.MICROSOFT_CLIENT_ID or settings.MICROSOFT_CLIENT_SECRET):
        fix = f"{GUIDE}, if you want that."
        yield off("Microsoft", "no client: Microsoft 365 cannot be connected with Microsoft", fix)
        return
    yield client("Microsoft", CredentialKind.MICROSOFT, guide=GUIDE)
    if finding := secret(CredentialKind.MICROSOFT, today=localdate(), guide=GUIDE):
        yield finding
    yield _push()


def _push() -> Finding:
    if not settings.IS_HTTPS:
        return off("Microsoft push", "needs an https:// address: new mail is found every two minutes")
    return ok("Microsoft push", "set up by itself if the Internet can reach this address")
