"""After people have signed in at Google and Microsoft, with and without success, none of what only they and the provider may know
is anywhere in plain: not in tables, the broker, files, logs, pages or addresses. What is searched for was really there."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.urls import reverse

from crm_project.demo.google import answers
from inboxes.models import Credential, Inbox, SignIn
from inboxes.oauth.grants import Grant
from tests.acceptance.kept import everything_kept
from tests.acceptance.test_no_token_leaks import places_of
from tests.fakes.google import consent

pytestmark = pytest.mark.django_db(transaction=True)
YUKI, HARUKA = "yuki@minato.example", "haruka@minato.example"


class Watch:
    """Signs in with a client that notes all it is told, and collects what must not be found."""

    def __init__(self, client, kind, come_back) -> None:
        self.client, self.kind, self._come_back = client, kind, come_back
        self.secrets: set[str] = set()
        self.told = b""

    def begin(self, **values) -> str:
        url = self.client.post(reverse("inboxes:oauth", args=[self.kind]), values)["Location"]
        [state] = parse_qs(urlsplit(url).query)["state"]
        kept = json.loads(SignIn.objects.latest("pk").kept)
        self.secrets |= {state, kept["code_verifier"]}
        return url

    def answer(self, url: str, account: str) -> dict[str, str]:
        answer = self._come_back(url, account)
        self.secrets.add(answer["code"])
        return answer

    def come_back(self, answer: dict[str, str], client=None) -> None:
        """To the page that the person sees in the end."""
        response = (client or self.client).get(reverse("inboxes:oauth-callback", args=[self.kind]), answer)
        assert not any(secret in response["Location"] for secret in self.secrets)
        page = (client or self.client).get(response["Location"])
        assert page.status_code == 200
        self.told += response.content + str(response.headers).encode() + page.content + str(page.headers).encode()

    def keep_grant(self) -> None:
        grant = Grant.from_secret(Credential.objects.get().secret)
        self.secrets |= {grant.access_token, grant.refresh_token}


def at_google(client, google) -> Watch:
    google.client.redirect_uris.append("http://testserver/inboxes/oauth/google/callback")
    for address in (YUKI, HARUKA):
        google.mailbox(address)

    def come_back(url: str, account: str) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(consent(url, account)).query).items()}

    return Watch(client, "google", come_back)


def at_microsoft(client, microsoft, settings) -> Watch:
    for name, value in microsoft.environment().items():
        setattr(settings, name, value)
    for address in (YUKI, HARUKA):
        microsoft.mailbox(address)
    return Watch(client, "microsoft", microsoft.consent)


@pytest.fixture(params=["google", "microsoft"])
def watch(request, alice_client, settings) -> Watch:
    cache.clear()
    if request.param == "google":
        return at_google(alice_client, request.getfixturevalue("google"))
    return at_microsoft(alice_client, request.getfixturevalue("microsoft"), settings)


def test_nothing_of_a_sign_in_is_found_anywhere(watch, bob_client, client, google, capfd):
    first = watch.answer(watch.begin(), YUKI)
    watch.come_back(first)
    watch.keep_grant()
    watch.come_back(first)  # once more
    watch.come_back(watch.answer(watch.begin(), YUKI), bob_client)  # in somebody else's browser
    client.get(reverse("inboxes:oauth-callback", args=[watch.kind]), watch.answer(watch.begin(), YUKI))  # signed out
    watch.come_back(watch.answer(watch.begin(address=YUKI.replace("yuki", "mika")), HARUKA))  # the wrong account
    if watch.kind == "google":
        google.faults.always("/token", answers.html_error())
        watch.come_back(watch.answer(watch.begin(), HARUKA))  # trouble half-way
    watch.client.post(reverse("inboxes:discard", args=[Inbox.objects.get().code]))

    sessions = str(
        [session.get_decoded() for session in Session.objects.all()]
    ).encode()  # they lie packed in their table
    kept = everything_kept() | {"log": "".join(capfd.readouterr()).encode(), "pages": watch.told, "sessions": sessions}
    assert "request_finished" in kept["log"].decode()
    assert len(watch.secrets) >= 11
    # The wrong account is named to the person who chose it, and to the provider when its grant is given back.
    assert {"pages"} <= places_of(HARUKA, kept) <= {"pages", "sessions", "inboxes_withdrawngrant"}
    assert {secret: places_of(secret, kept) for secret in watch.secrets if places_of(secret, kept)} == {}
    assert len(kept["inboxes_withdrawngrant"]) > 100  # the grant is there, encrypted
