"""Access tokens of inboxes: renewed once, by whoever comes first, and never lost."""

import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as django_settings
from django.db import connection

from crm_project.demo.microsoft import faults
from inboxes import key_rotation
from inboxes.models import Credential, CredentialKind
from inboxes.oauth.grants import Grant
from inboxes.oauth.scopes import GRAPH_READ
from inboxes.oauth.tokens import InboxToken
from inboxes.providers.base import ClientMisconfigured, GrantRevoked, Misconfigured, TemporarilyUnavailable
from tests.factories.grants import grant_of, granted_inbox
from tests.factories.inboxes import Clock
from tests.fakes.threads import in_threads

pytestmark = pytest.mark.django_db(transaction=True)

YUKI = "yuki@minato.example"


@pytest.fixture
def grant(microsoft):
    """Run out. Each refresh token is good once, which is stricter than Microsoft: who uses an old one is caught."""
    microsoft.grants.single_use_refresh = True
    microsoft.mailbox(YUKI)
    fresh = grant_of(microsoft.grant(YUKI, GRAPH_READ), now=microsoft.clock.now(), scopes=GRAPH_READ)
    return replace(fresh, expires_at=microsoft.clock.now())


@pytest.fixture
def inbox(alice, grant):
    return granted_inbox(alice, CredentialKind.MICROSOFT, grant)


@pytest.fixture
def clock(microsoft):
    return Clock(microsoft.clock.now())


def refreshes(microsoft):
    return [request for request in microsoft.requests if request.path.endswith("/token")]


def stored():
    return Grant.from_secret(Credential.objects.get().secret)


def test_a_token_that_lives_is_used_without_asking_anybody(inbox, microsoft, clock):
    Credential.objects.update(secret=replace(stored(), expires_at=clock() + timedelta(minutes=6)).to_secret())
    token = InboxToken(inbox.pk, now=clock)
    assert (token.get(), token.get(), refreshes(microsoft)) == (stored().access_token, stored().access_token, [])


def test_a_token_is_renewed_five_minutes_before_it_runs_out(inbox, grant, microsoft, clock):
    token = InboxToken(inbox.pk, now=clock)
    first = token.get()
    clock.pass_by(minutes=54)
    assert token.get() == first
    clock.pass_by(minutes=2)
    assert token.get() not in (first, grant.access_token)
    assert (token.get(), len(refreshes(microsoft))) == (stored().access_token, 2)


def test_a_new_refresh_token_is_stored_before_the_access_token_is_used(inbox, grant, clock):
    assert InboxToken(inbox.pk, now=clock).get() == stored().access_token
    assert stored().refresh_token != grant.refresh_token


def test_many_workers_at_once_renew_it_once(inbox, microsoft, clock):
    """With a token that is good once, a second renewal would end the grant."""
    workers = [InboxToken(inbox.pk, now=clock) for _ in range(6)]
    start = threading.Barrier(len(workers))
    got = []

    def work(token):
        start.wait()
        got.append(token.get())

    in_threads(*(lambda token=token: work(token) for token in workers))
    assert (set(got), len(got), len(refreshes(microsoft))) == ({stored().access_token}, 6, 1)


def test_two_processes_at_once_renew_it_once(inbox, microsoft):
    """As two workers on one machine, each with its own connections."""
    microsoft.faults.always(faults.slow(0.2), path="/token")
    program = (
        "import django; django.setup()\n"
        "from django.conf import settings\n"
        f"settings.DATABASES['default']['NAME'] = {connection.settings_dict['NAME']!r}\n"
        f"[setattr(settings, *pair) for pair in {list(microsoft.environment().items())!r}]\n"
        "from inboxes.oauth import transport\n"
        "from inboxes.oauth.tokens import InboxToken\n"
        "transport.TIMEOUT = (60, 60)\n"
        f"print(InboxToken({inbox.pk}).get())\n"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "crm_project.settings", **os.environ}
    workers = [
        subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    got = [worker.communicate(timeout=60)[0].strip() for worker in workers]
    assert (got, len(refreshes(microsoft))) == ([stored().access_token] * 2, 1)


def test_a_refused_token_is_renewed_once_for_all_who_had_it(inbox, microsoft, clock):
    one, two = InboxToken(inbox.pk, now=clock), InboxToken(inbox.pk, now=clock)
    refused = one.get()
    assert two.get() == refused
    renewed = one.renew(refused)
    assert renewed != refused
    assert (two.renew(refused), one.get(), len(refreshes(microsoft))) == (renewed, renewed, 2)


def test_a_revoked_grant_is_proof_and_stays_as_it_was_stored(inbox, grant, microsoft, clock):
    microsoft.revoke(YUKI)
    with pytest.raises(GrantRevoked) as error:
        InboxToken(inbox.pk, now=clock).get()
    assert (error.value.is_proof, stored(), len(refreshes(microsoft))) == (True, grant, 1)


def test_who_reconnects_while_a_worker_asks_with_the_old_grant_is_not_disconnected(inbox, microsoft, clock):
    """The row is locked while the worker asks; the new grant is stored between its answer and its second look."""
    microsoft.revoke(YUKI)
    another = grant_of(microsoft.grant(YUKI, GRAPH_READ), now=clock(), scopes=GRAPH_READ)

    class Slowly(InboxToken):
        def _stored(self):
            Credential.objects.filter(inbox=inbox).update(secret=another.to_secret())
            return super()._stored()

    assert (Slowly(inbox.pk, now=clock).get(), len(refreshes(microsoft))) == (another.access_token, 1)


@pytest.mark.parametrize("fault", [faults.html(503), faults.sign_in_throttled(30), faults.nonsense()])
def test_trouble_changes_nothing(inbox, grant, microsoft, clock, fault):
    microsoft.faults.add(fault, path="/token")
    token = InboxToken(inbox.pk, now=clock)
    with pytest.raises(TemporarilyUnavailable):
        token.get()
    assert stored() == grant
    assert token.get() == stored().access_token


def test_an_unusable_credential_is_named(inbox, clock, settings, microsoft):
    Credential.objects.update(secret="a password")
    missing = [inbox.pk, inbox.pk + 1]
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    missing.append(inbox.pk)
    for key in missing:
        with pytest.raises(Misconfigured) as error:
            InboxToken(key, now=clock).get()
        assert error.value.cause == "credential_missing"
    assert refreshes(microsoft) == []


def test_without_a_registration_the_administrators_are_at_fault(inbox, clock, settings):
    settings.MICROSOFT_CLIENT_ID = ""
    with pytest.raises(ClientMisconfigured):
        InboxToken(inbox.pk, now=clock).get()


def test_a_grant_moves_to_a_new_key_like_every_secret(inbox, clock, settings):
    old, new = django_settings.FIELD_KEYS[0], Fernet.generate_key().decode()
    settings.FIELD_KEYS = [new, old]
    assert key_rotation.rotate() == 1
    settings.FIELD_KEYS = [new]
    assert InboxToken(inbox.pk, now=clock).get() == stored().access_token
    assert key_rotation.report().missing == {}
