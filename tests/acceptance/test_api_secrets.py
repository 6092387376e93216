"""Everything that happens to an inbox at Google or Microsoft, from the first sign-in to the last goodbye, and what only the provider,
this installation and the owner may know meanwhile: it is nowhere in plain.

What is searched for is what the stand-ins really gave out; and the search is shown to find each of it, wherever it is put.
"""

import io
import json
import logging
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from celery import current_app
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone
from werkzeug.wrappers import Response

from audit.actions import record
from crm_project.bench import mailbox as generator
from crm_project.demo.google import answers
from inboxes.models import (
    Credential,
    Inbox,
    InboxStatus,
    Message,
    ProviderHealth,
    ProviderKind,
    PushSubscription,
    SignIn,
    WithdrawnGrant,
)
from inboxes.tasks import give_back_grants, keep_push_of
from inboxes.views import hooks
from logging_rules.actions import set_inbox_policy
from logging_rules.facts import Preset
from logging_rules.tasks import sync_due_inboxes, sync_inbox
from notifications.models import Notification
from tests.acceptance.api_mailboxes import GmailMailbox, GraphMailbox
from tests.acceptance.kept import everything_kept
from tests.acceptance.test_no_token_leaks import places_of
from tests.factories.inboxes import mail_bytes
from tests.fakes.google import consent
from tests.fakes.microsoft import faults

pytestmark = pytest.mark.django_db(transaction=True)
HARUKA = "haruka@ours.example"
PRINTED = "printed by commands"
SEEN = "seen by people"
VISITED = "addresses they end at"
LOGGED = "logged"
SESSIONS = "sessions"


class Google(GmailMailbox):
    name = "google"

    def come_back(self, url, account, *, cancels=False):
        return dict(parse_qsl(urlsplit(consent(url, account, cancels=cancels)).query))

    def announce(self):
        """To us, and then once more with a token that was made for somebody else."""
        assert self.server.pubsub.flush() == [204]
        news = self.server.pubsub.notification(self.address, 1)
        for token, status in (
            (self.server.pubsub.token(), 204),
            (self.server.pubsub.token(aud="https://x.example"), 401),
        ):
            self.told.add(token)
            assert self.server.pubsub.send(news, token=token) == status

    def break_tokens(self, content):
        for answer in (answers.Answer(200, content), answers.html_error(), answers.cut(), answers.invalid_client()):
            yield lambda answer=answer: self.server.faults.next("token", answer)

    def given_out(self):
        return {self.server.client.secret} | self.told


class Microsoft(GraphMailbox):
    name = "microsoft"

    def come_back(self, url, account, *, cancels=False):
        return self.server.consent(url, account, step="cancel" if cancels else "consent")

    def announce(self):
        self.server.notifier.wait()
        assert {delivery.status for delivery in self.server.notifier.deliveries} == {202}
        for subscription in self.server.notifier.active.values():
            self.told.add(subscription.client_state)
            forged = {"subscriptionId": subscription.id, "clientState": f"{subscription.client_state}x"}
            answer = Client().post(
                reverse("inboxes:microsoft-hook"), json.dumps({"value": [forged]}), content_type="application/json"
            )
            assert answer.status_code == 403

    def break_tokens(self, content):
        for answer in (lambda _: Response(content, content_type="application/json"), faults.html(), faults.cut()):
            yield lambda answer=answer: self.server.faults.add(answer, path="/token")
        yield lambda: self.server.faults.add(faults.aadsts(7000215), path="/token")

    def given_out(self):
        return set(self.server.directory.application.secrets) | self.told


class Life:
    """Of one inbox, lived through pages, tasks and commands. `secrets` are by what they are."""

    def __init__(self, provider, owner) -> None:
        self.provider = provider
        self.owner = owner
        self.browser = Client(raise_request_exception=False)
        self.browser.force_login(owner)
        self.secrets: dict[str, Any] = {}
        self._logged = b""
        self.seen, self.visited, self.printed = io.StringIO(), io.StringIO(), io.StringIO()

    @property
    def inbox(self):
        return Inbox.objects.get(address=self.provider.address)

    # What people do

    def visit(self, address, data=None, *, browser=None, post=False):
        """To where it ends; what is passed on the way stays in no history."""
        browser = browser or self.browser
        response = (browser.post if post else browser.get)(address, data or {})
        while response.status_code == 302:
            self.show(response)
            address = response["Location"]
            if not address.startswith("/"):
                return address
            response = browser.get(address)
        self.visited.write(f"{response.wsgi_request.get_full_path()}\n")
        self.show(response)
        return response

    def show(self, response):
        self.seen.write(f"{response.headers} {response.cookies.output()} {response.content.decode()}\n")

    def jump(self, page=""):
        """To the provider; what its address holds is there to be sent there."""
        url = self.visit(page or reverse("inboxes:oauth", args=[self.provider.name]), post=True)
        assert isinstance(url, str), url.content.decode()
        [state] = parse_qs(urlsplit(url).query)["state"]
        self.note("state", state)
        self.note("code verifier", json.loads(SignIn.objects.latest("pk").kept)["code_verifier"])
        # The way there is the provider's address, and holds the state of necessity.
        self.seen = io.StringIO(self.seen.getvalue().replace(url, ""))
        self.seen.seek(0, io.SEEK_END)
        return url

    def come_back(self, answer, *, browser=None):
        return self.visit(reverse("inboxes:oauth-callback", args=[self.provider.name]), answer, browser=browser)

    def sign_in(self, page="", account=""):
        answer = self.provider.come_back(self.jump(page), account or self.provider.address)
        self.come_back(answer)
        return answer

    # What happens by itself

    def sync(self):
        Inbox.objects.update(next_due_at=timezone.now(), no_calls_until=None, retry_at=None)
        sync_due_inboxes.apply()
        sync_inbox.apply(kwargs={"inbox_id": self.inbox.pk})

    def run(self, *command, stdin=""):
        try:
            call_command(*command, stdout=self.printed, stderr=self.printed, stdin=io.StringIO(stdin))
        except CommandError as error:
            self.printed.write(f"{error}\n")

    # What is known of it

    def note(self, what, *values):
        self.secrets.setdefault(what, set()).update(values)

    def collect(self):
        grants = self.provider.server.grants
        self.note("access token", *grants.access_tokens)
        self.note("refresh token", *grants.refresh_tokens)
        self.note("code", *grants.codes)
        self.note("what was agreed on", *self.provider.given_out())
        return {value: what for what, values in self.secrets.items() for value in values}

    def found(self, printed):
        """Which kinds of secrets are where."""
        self._logged += "".join(printed.readouterr()).encode()
        sessions = [session.get_decoded() for session in Session.objects.all()]  # they lie packed in their table
        kept = everything_kept() | {
            SEEN: self.seen.getvalue().encode(),
            VISITED: self.visited.getvalue().encode(),
            PRINTED: self.printed.getvalue().encode(),
            LOGGED: self._logged,
            SESSIONS: json.dumps(sessions, default=str).encode(),
        }
        return {(what, place) for secret, what in self.collect().items() for place in places_of(secret, kept)}


@pytest.fixture
def talkative():
    """Every logger writes all it can, those too that the settings keep quiet; what is written is what the settings make of it."""
    names = ["", *logging.Logger.manager.loggerDict]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture(params=["google", "microsoft"])
def life(request, settings, live_server, workspace, alice, talkative):
    settings.BASE_URL = live_server.url  # where the provider tells us of news
    cache.clear()
    hooks._certificates.cache_clear()
    server = request.getfixturevalue(request.param)
    provider = (Google if request.param == "google" else Microsoft)(settings, server)
    provider.told = set()
    server.mailbox(HARUKA)
    if request.param == "google":
        server.client.redirect_uris.append(f"{live_server.url}/inboxes/oauth/google/callback")
        server.pubsub.endpoint = f"{live_server.url}{reverse('inboxes:google-hook')}"
    return Life(provider, alice)


def test_nothing_that_is_secret_is_ever_found_in_plain(life, bob_client, client, capfd):
    refused_sign_ins(life, bob_client, client)
    first_days(life)
    news(life)
    trouble(life)
    consent_is_withdrawn(life)
    broken_page(life)
    assert Credential.objects.exists()
    assert SignIn.objects.exclude(kept="").exists()
    assert life.found(capfd) == set()
    goodbye(life)
    assert life.found(capfd) == set()

    counted = {what: len(values) for what, values in life.secrets.items()}
    assert min(counted[what] for what in ("state", "code verifier", "code", "refresh token")) >= 3
    assert counted["access token"] > 5
    assert counted["what was agreed on"] >= 2


def test_the_search_finds_each_of_them_wherever_it_is(life, capfd):
    """What the test above is worth."""
    life.sign_in()
    life.provider.told.add("clientState-4Hj7Kq2")
    forgotten = Path(settings.MEDIA_ROOT) / "forgotten"
    forgotten.parent.mkdir(parents=True, exist_ok=True)
    secrets = sorted(life.collect())
    forgotten.write_text("\n".join(secrets))
    for secret in secrets:
        sys.stderr.write(f"{secret}\n")
        life.run("inbox", "status", "--", secret)
        life.visit(reverse("inboxes:inbox-list"), {"q": secret})
        life.show(HttpResponse(secret))
        record(by=None, action="inbox.connected", target=life.inbox, details={"token": secret})
        current_app.send_task(sync_inbox.name, kwargs={"token": secret}, queue="live")
        cache.set("secret", f"{cache.get('secret')} {secret}")
    session = life.browser.session
    session["forgotten"] = secrets
    session.save()

    places = {LOGGED, PRINTED, VISITED, SEEN, SESSIONS, "audit_auditevent", "broker b'live'", str(forgotten)}
    found = life.found(capfd)
    kinds = {"access token", "refresh token", "code", "state", "code verifier", "what was agreed on"}
    assert {what for what, _ in found} == kinds
    assert {(what, place) for what in kinds for place in places} - found == set()
    assert any("secret" in place for _, place in found - {(what, place) for what in kinds for place in places})


def refused_sign_ins(life, bob_client, client):
    """Cancelled; of another person, of nobody, of another account than the one typed; and one that comes twice."""
    provider = life.provider
    life.come_back(provider.come_back(life.jump(), provider.address, cancels=True))
    for browser in (bob_client, client):
        life.come_back(provider.come_back(life.jump(), provider.address), browser=browser)
    answer = life.sign_in(account=HARUKA)
    life.come_back(answer)
    life.visit(reverse("inboxes:discard", args=[Inbox.objects.get().code]), post=True)
    # Microsoft takes nothing back, so nothing is kept for it.
    assert WithdrawnGrant.objects.exists() == (provider.kind == ProviderKind.GMAIL)
    # Too many at a time are refused, here too.
    cache.clear()


def first_days(life):
    life.sign_in()
    set_inbox_policy(inbox=life.inbox, preset=Preset.KNOWN, by=life.owner)
    life.provider.deliver(mail_bytes(generator.CONTACTS[0], generator.OWNER, message_id="<first@m>"))
    life.visit(reverse("inboxes:start", args=[life.inbox.code]), post=True)
    life.sync()
    life.provider.let_token_run_out()
    life.sync()
    assert (life.inbox.status, Message.objects.count()) == (InboxStatus.ACTIVE, 1)


def news(life):
    keep_push_of.apply(kwargs={"inbox_id": life.inbox.pk})
    assert PushSubscription.objects.exists()
    life.provider.deliver(mail_bytes(generator.CONTACTS[0], generator.OWNER, message_id="<second@m>"))
    life.provider.announce()
    life.sync()
    assert Message.objects.count() == 2


def trouble(life):
    """Answers that hold tokens and cannot be read, a client secret that is refused; commands in the middle of it."""
    provider = life.provider
    stolen = "leaked-9Zx8Yw7V6u5T4s3R2q1P"
    life.note("token in a broken answer", stolen)
    for break_it in provider.break_tokens(f'{{"access_token": "{stolen}", "refresh_token": "{stolen}"'):
        provider.let_token_run_out()
        break_it()
        life.sync()
        assert life.inbox.status == InboxStatus.DEGRADED
        life.visit(reverse("inboxes:inbox", args=[life.inbox.code]))
        provider.calm()
    ProviderHealth.objects.all().delete()
    life.sync()
    assert life.inbox.status == InboxStatus.ACTIVE
    life.note("refused refresh token", "1//0wrong-Refresh5Token7of9Somebody")
    for command in (("inbox", "status", provider.address), ("inbox", "list"), ("doctor",), ("keys", "status")):
        life.run(*command)
    life.run(
        "inbox", f"connect-{provider.name}", HARUKA, "--owner", life.owner.email,
        stdin="1//0wrong-Refresh5Token7of9Somebody\n",
    )  # fmt: skip


def consent_is_withdrawn(life):
    """The owner is told, and signs in once more; first with the wrong account."""
    life.collect()  # the provider forgets what it takes back
    life.provider.withdraw_consent()
    life.sync()
    assert life.inbox.status == InboxStatus.NEEDS_RECONNECT
    assert Notification.objects.filter(kind="inbox_needs_reconnect").exists()
    life.provider.calm()
    page = reverse("inboxes:reconnect", args=[life.inbox.code])
    life.visit(page)
    life.sign_in(page, account=HARUKA)
    life.sign_in(page)
    life.sync()
    assert life.inbox.status == InboxStatus.ACTIVE


def broken_page(life):
    """An answer of the provider's arrives where everything fails."""
    answer = life.provider.come_back(life.jump(), life.provider.address)
    with override_settings(ROOT_URLCONF="tests.crm_project.broken_urls"):
        response = life.browser.post("/broken/", answer)
        assert response.status_code == 500
        life.show(response)


def goodbye(life):
    life.visit(reverse("inboxes:disable", args=[life.inbox.code]), post=True)
    assert life.inbox.status == InboxStatus.DISABLED
    give_back_grants.apply()
    for address in ("notifications:notification-list", "inboxes:inbox-list"):
        life.visit(reverse(address))
