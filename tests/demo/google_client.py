"""Gmail as the real client library speaks it, to the stand-in."""

import google.oauth2.credentials
import google_auth_httplib2
import httplib2
from googleapiclient.discovery import build
from googleapiclient.http import BatchHttpRequest

from crm_project.demo.google.server import FakeGoogle
from crm_project.demo.google.state import READ_SCOPE

YUKI = "yuki@minato.example"


def mail(
    subject: str = "Offer",
    *,
    sender: str = "Sarah <sarah@acme.example>",
    to: str = YUKI,
    message_id: str = "",
    extra: str = "",
    body: str = "Hello.",
) -> bytes:
    identity = f"Message-ID: <{message_id}>\r\n" if message_id else ""
    head = f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\n{identity}{extra}"
    return f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n".encode()


def credentials(fake: FakeGoogle, address: str = YUKI, scopes=(READ_SCOPE,)):
    tokens = fake.grant(address, scopes)
    return google.oauth2.credentials.Credentials(
        tokens["access_token"],
        refresh_token=tokens["refresh_token"],
        token_uri=fake.environment()["GOOGLE_TOKEN_URL"],
        client_id=fake.client.id,
        client_secret=fake.client.secret,
        scopes=tokens["scope"].split(),
    )


def gmail(fake: FakeGoogle, address: str = YUKI, scopes=(READ_SCOPE,)):
    """The `users` resource of a service that is signed in."""
    http = google_auth_httplib2.AuthorizedHttp(credentials(fake, address, scopes), http=httplib2.Http(timeout=60))
    service = build("gmail", "v1", http=http, client_options={"api_endpoint": fake.url}, cache_discovery=False)
    return service.users()


def in_batch(fake: FakeGoogle, calls: dict) -> tuple[dict, dict]:
    """Answers and errors by the names of the calls."""
    answered, failed = {}, {}

    def note(name, response, error):
        if error:
            failed[name] = error
        else:
            answered[name] = response

    batch = BatchHttpRequest(callback=note, batch_uri=f"{fake.url}/batch/gmail/v1")
    for name, call in calls.items():
        batch.add(call, request_id=name)
    batch.execute()
    return answered, failed
