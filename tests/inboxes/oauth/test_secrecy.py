"""Tokens, codes and secrets come out nowhere: not in logs, not in errors, whatever the libraries would write."""

import io
import logging
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
import structlog

from crm_project import logs
from crm_project.demo.microsoft import faults
from inboxes.models import CredentialKind
from inboxes.oauth.clients import oauth_client
from inboxes.oauth.scopes import GMAIL_READ, GRAPH_READ
from inboxes.providers.base import ProviderError
from tests.fakes.google import answers, consent

YUKI = "yuki@minato.example"
BACK = "http://testserver/back"
TALKATIVE = (*logs.SIGN_IN_LIBRARIES, "googleapiclient", "urllib3")


@pytest.fixture(params=["quiet", "talkative"])
def log(request) -> Iterator[io.StringIO]:
    """Everything down to DEBUG; with "talkative" also what the settings keep the libraries from saying."""
    formatter = dict(logs.settings("json")["formatters"]["structured"])
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter.pop("()")(**formatter))
    names = ["", *(TALKATIVE if request.param == "talkative" else ())]
    before = {name: logging.getLogger(name).level for name in names}
    logging.getLogger().addHandler(handler)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield stream
    logging.getLogger().removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def life_of_a_grant(client, scopes, come_back, spoil):
    """All that is secret in it, and the errors on the way."""
    beginning = client.begin(redirect_uri=BACK, state="state-3kQ9xZ7pLw0aBcD", scopes=scopes)
    answer = come_back(beginning.url)
    first = client.finish(kept=beginning.kept, answer=answer)
    second = client.refresh(first)
    client.account(second)
    tokens = [first.access_token, first.refresh_token, second.access_token, second.refresh_token]
    errors = []
    for trouble in (lambda: client.finish(kept=beginning.kept, answer=answer), *spoil(second)):
        try:
            trouble()
        except ProviderError as error:
            errors.append(error)
            structlog.get_logger("inboxes.tests").error("grant_troubled", exc_info=True)
    return [*tokens, answer["code"], beginning.kept["code_verifier"], beginning.kept["state"]], errors


def at_google(google):
    google.client.redirect_uris.append(BACK)
    google.mailbox(YUKI)
    client = oauth_client(CredentialKind.GOOGLE)

    def spoil(grant):
        for answer in (
            answers.not_json(),
            answers.dropped(),
            answers.Answer(200, '{"access_token": "leaked-9Zx8Yw7V"}x'),
        ):
            google.faults.next("token", answer)
            yield lambda: client.refresh(grant)
        yield lambda: client.revoke(grant)
        yield lambda: client.refresh(grant)

    secrets, errors = life_of_a_grant(
        client, GMAIL_READ, lambda url: dict(parse_qsl(urlsplit(consent(url, YUKI)).query)), spoil
    )
    return [*secrets, "leaked-9Zx8Yw7V", google.client.secret], errors


def at_microsoft(microsoft):
    microsoft.mailbox(YUKI)
    client = oauth_client(CredentialKind.MICROSOFT)

    def spoil(grant):
        for fault in (faults.nonsense(), faults.html(503), faults.sign_in_throttled(9)):
            microsoft.faults.add(fault, path="/token")
            yield lambda: client.refresh(grant)
        microsoft.revoke(YUKI)
        yield lambda: client.refresh(grant)

    secrets, errors = life_of_a_grant(client, GRAPH_READ, lambda url: microsoft.consent(url, YUKI), spoil)
    return [*secrets, microsoft.environment()["MICROSOFT_CLIENT_SECRET"]], errors


def test_no_secret_is_logged_or_raised(log, google, microsoft):
    secrets, errors = (one + other for one, other in zip(at_google(google), at_microsoft(microsoft), strict=True))
    assert len(set(secrets)) >= 14
    assert len(errors) >= 8
    shown = [f"{error!r} {error} {error.args} {error.detail} {error.__cause__!r}" for error in errors]
    written = log.getvalue()
    assert "grant_troubled" in written
    for text in (written, *shown):
        assert [secret for secret in secrets if secret in text] == []
    assert YUKI not in written


def test_the_libraries_would_write_them(caplog, google):
    """What the test above is worth."""
    google.mailbox(YUKI)
    with caplog.at_level(logging.DEBUG, "requests_oauthlib"):
        secrets, _ = at_google(google)
    assert any(secret in caplog.text for secret in secrets)
