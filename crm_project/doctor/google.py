"""The client at Google, its API, and the announcements of new mail. The set-up itself: docs/google.md."""

import re
from collections.abc import Iterator
from http import HTTPStatus

from django.conf import settings
from django.utils.timezone import localdate
from google.auth.exceptions import TransportError

from crm_project.doctor.clients import client, secret
from crm_project.doctor.findings import Finding, off, ok, warning, wrong
from inboxes.models import CredentialKind
from inboxes.providers.gmail.signatures import Certificates
from inboxes.views.hooks import google_audience

GUIDE = "See docs/google.md"
_topic = re.compile(r"projects/[^/]+/topics/[^/]+").fullmatch
_service_account = re.compile(r"[^@\s]+@[^@\s]+\.gserviceaccount\.com").fullmatch


def examine() -> Iterator[Finding]:
    if not (settings.GOOGLE_CLIENT_ID or settings.GOOGLE_CLIENT_SECRET):
        yield off("Google", "no client: Gmail cannot be connected with Google", f"{GUIDE}, if you want that.")
        return
    yield client("Google", CredentialKind.GOOGLE, guide=GUIDE)
    if finding := secret(CredentialKind.GOOGLE, today=localdate(), guide=GUIDE):
        yield finding
    yield _push()


def _push() -> Finding:
    topic, account = settings.GOOGLE_PUBSUB_TOPIC, settings.GOOGLE_PUSH_ACCOUNT
    if not (topic or account):
        return off("Google push", "not set up: new mail is found every minute")
    if not (topic and account):
        missing = "GOOGLE_PUSH_ACCOUNT" if topic else "GOOGLE_PUBSUB_TOPIC"
        return wrong("Google push", f"{missing} is missing", f"Set both, or neither. {GUIDE}, step 5.")
    if not _topic(topic):
        return wrong("Google push", "GOOGLE_PUBSUB_TOPIC is no topic", "It looks like projects/PROJECT/topics/TOPIC.")
    if not _service_account(account):
        fix = "It looks like NAME@PROJECT.iam.gserviceaccount.com."
        return wrong("Google push", "GOOGLE_PUSH_ACCOUNT is no service account", fix)
    if not settings.IS_HTTPS:
        return warning("Google push", "Pub/Sub delivers to https:// addresses only", "Set BASE_URL=https://…")
    if not _certificates_are_there():
        fix = "Let the web server reach GOOGLE_CERTS_URL."
        return wrong("Google push", "the keys that Google signs with cannot be fetched", fix)
    return ok("Google push", f"set up; the endpoint and audience of the subscription are {google_audience()}")


def _certificates_are_there() -> bool:
    try:
        return bool(Certificates()(settings.GOOGLE_CERTS_URL).status == HTTPStatus.OK)
    except TransportError:
        return False
