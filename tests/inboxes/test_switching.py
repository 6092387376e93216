"""Reading a mailbox through another provider: what is asked for, what is refused, and what stays as it was."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from inboxes.actions import disable, reconnect_api_inbox, switch_to_api, switch_to_imap
from inboxes.actions.servers import ConnectionDetails, ServerLogin
from inboxes.marks import Mark, MarkSource
from inboxes.models import (
    Credential,
    CredentialKind,
    Folder,
    FolderState,
    Inbox,
    InboxStatus,
    MailServer,
    MarkedMail,
    MarkState,
    ProviderKind,
    Security,
    WithdrawnGrant,
)
from inboxes.oauth.grants import Account, Grant
from inboxes.oauth.scopes import GMAIL_READ, GRAPH_READ
from inboxes.oauth_flows import Errand, SignInStopped, begin, finish
from logging_rules.leaving import leaving_of
from logging_rules.models import Tombstone
from notifications.models import Notification
from tests.factories.inboxes import connected_inbox, team_inbox

pytestmark = pytest.mark.django_db
YUKI = "yuki@minato.example"
ACCOUNT = Account(id="account-1", address=YUKI)
SCOPES = {ProviderKind.GMAIL: GMAIL_READ, ProviderKind.GRAPH: GRAPH_READ}


def grant_for(provider: ProviderKind) -> Grant:
    expires_at = timezone.now() + timedelta(hours=1)
    return Grant(access_token="a", refresh_token="r", expires_at=expires_at, scopes=tuple(SCOPES[provider]))


def api_inbox(owner, provider: ProviderKind = ProviderKind.GMAIL) -> Inbox:
    inbox = connected_inbox(owner, YUKI, provider=provider)
    kind = {ProviderKind.GMAIL: CredentialKind.GOOGLE, ProviderKind.GRAPH: CredentialKind.MICROSOFT}[provider]
    secret = grant_for(provider).to_secret()
    Credential.objects.create(inbox=inbox, kind=kind, secret=secret, account_id="account-0")
    return inbox


def switch(inbox: Inbox, provider: ProviderKind, by, account: Account = ACCOUNT) -> None:
    switch_to_api(inbox=inbox, provider=provider, account=account, grant=grant_for(provider), by=by)


DETAILS = ConnectionDetails(
    address=YUKI, imap=ServerLogin("mail.minato.example", 993, Security.TLS, YUKI), password="secret"
)


@pytest.mark.parametrize(
    ("before", "after"), [(ProviderKind.GMAIL, ProviderKind.GRAPH), (ProviderKind.GRAPH, ProviderKind.GMAIL)]
)
def test_gmail_and_microsoft_give_way_to_each_other_by_themselves(alice, before, after):
    inbox = api_inbox(alice, before)
    switch(inbox, after, alice)
    inbox.refresh_from_db()
    assert (inbox.provider, inbox.status, inbox.cause) == (after, InboxStatus.DEGRADED, "reconnecting")
    assert inbox.credential.account_id == "account-1"
    # Microsoft has no way to give it back; the person is told how to do it there.
    given_back = ["account-0"] if before == ProviderKind.GMAIL else []
    assert [row.account_id for row in WithdrawnGrant.objects.all()] == given_back
    [notice] = Notification.objects.filter(recipient=alice, kind="inbox_provider_switched")
    assert notice.context == {"inbox": YUKI, "before": before, "after": after}
    assert str(after.label) in notice.notice.title


def test_other_providers_ask_for_the_inbox_to_be_disabled_first(alice):
    inbox = api_inbox(alice)
    with pytest.raises(ValidationError) as refusal:
        switch_to_imap(inbox=inbox, details=DETAILS, by=alice)
    assert refusal.value.code == "disconnect_first"
    disable(inbox=inbox, by=alice)
    switch_to_imap(inbox=inbox, details=DETAILS, by=alice)
    inbox.refresh_from_db()
    assert (inbox.provider, inbox.status) == (ProviderKind.IMAP, InboxStatus.DEGRADED)
    assert (inbox.credential.kind, inbox.credential.secret) == (CredentialKind.PASSWORD, "secret")
    assert [server.host for server in MailServer.objects.filter(inbox=inbox)] == ["mail.minato.example"]


def test_a_mail_server_is_left_for_google_only_once_it_is_disabled(alice):
    inbox = connected_inbox(alice, YUKI)
    Credential.objects.create(inbox=inbox, secret="old")
    with pytest.raises(ValidationError) as refusal:
        switch(inbox, ProviderKind.GMAIL, alice)
    assert refusal.value.code == "disconnect_first"
    disable(inbox=inbox, by=alice)
    switch(inbox, ProviderKind.GMAIL, alice)
    inbox.refresh_from_db()
    assert (inbox.provider, inbox.servers.count()) == (ProviderKind.GMAIL, 0)


def test_the_same_provider_and_another_account_are_refused(alice):
    inbox = api_inbox(alice)
    with pytest.raises(ValidationError) as refusal:
        switch(inbox, ProviderKind.GMAIL, alice)
    assert refusal.value.code == "same_provider"
    with pytest.raises(ValidationError) as refusal:
        switch(inbox, ProviderKind.GRAPH, alice, Account(id="x", address="haruka@minato.example"))
    assert refusal.value.code == "other_account"
    inbox.refresh_from_db()
    assert (inbox.provider, inbox.credential.account_id) == (ProviderKind.GMAIL, "account-0")


def test_nobody_but_the_owner_switches_a_personal_inbox(alice, bob, admin):
    inbox = api_inbox(alice)
    for person in (bob, admin):
        with pytest.raises(PermissionDenied):
            switch(inbox, ProviderKind.GRAPH, person)
    assert AuditEvent.objects.filter(action="inbox.provider_switched").count() == 0


def of_the_team(owner, colleague, **fields) -> Inbox:
    for person in (owner, colleague):
        person.account_access = True
        person.save()
    inbox = team_inbox(owner, address=YUKI, provider=ProviderKind.GMAIL, **fields)
    secret = grant_for(ProviderKind.GMAIL).to_secret()
    Credential.objects.create(inbox=inbox, kind=CredentialKind.GOOGLE, secret=secret, account_id=ACCOUNT.id)
    return inbox


@pytest.mark.parametrize("status", [InboxStatus.CONNECTING, InboxStatus.ACTIVE])
@pytest.mark.parametrize("way", ["reconnect", "switch"])
def test_a_team_inbox_belongs_to_whoever_signed_in_last_and_is_named_when_they_leave(alice, bob, status, way):
    inbox = of_the_team(alice, bob, status=status)
    if way == "switch":
        switch(inbox, ProviderKind.GRAPH, bob)
    else:
        reconnect_api_inbox(inbox=inbox, account=ACCOUNT, grant=grant_for(ProviderKind.GMAIL), by=bob)
    assert Inbox.objects.get().owner == bob
    now = timezone.now()
    assert [part.inbox for part in leaving_of(bob, now=now).owned] == [inbox]
    assert leaving_of(alice, now=now).owned == []


def test_a_team_inbox_read_with_a_password_now_belongs_to_who_entered_it(alice, bob):
    inbox = of_the_team(alice, bob, status=InboxStatus.DISABLED)
    switch_to_imap(inbox=inbox, details=DETAILS, by=bob)
    assert Inbox.objects.get().owner == bob


def test_folders_are_kept_for_a_way_back_and_marks_become_what_they_meant(alice):
    inbox = api_inbox(alice)
    folder = Folder.objects.create(
        inbox=inbox, remote_id="mailbox", name="Gmail", role="all", state=FolderState.LIVE, live_cursor="4711"
    )
    for mark, digest in ((Mark.PRIVATE, b"p" * 32), (Mark.LOG, b"l" * 32)):
        MarkedMail.objects.create(
            inbox=inbox, folder=folder, remote_id=mark, mark=mark, source=MarkSource.LABEL,
            state=MarkState.HELD, digest=digest,
        )  # fmt: skip
    switch(inbox, ProviderKind.GRAPH, alice)
    folder.refresh_from_db()
    assert (folder.state, folder.live_cursor) == (FolderState.RETIRED, "4711")
    assert MarkedMail.objects.count() == 0
    assert [bytes(digest) for digest in Tombstone.objects.values_list("digest", flat=True)] == [b"p" * 32]
    assert Tombstone.objects.get().owner == alice


def test_who_comes_back_from_the_old_provider_after_the_switch_does_not_switch_back(alice, google):
    inbox = api_inbox(alice)
    state = parse_qs(urlsplit(begin(Errand.to_reconnect(inbox), by=alice, session_key="tab")).query)["state"][0]
    switch(inbox, ProviderKind.GRAPH, alice)

    with pytest.raises(SignInStopped) as stopped:
        finish(CredentialKind.GOOGLE, {"state": state, "code": "late"}, by=alice, session_key="tab")

    assert stopped.value.stop.cause == "sign_in_unknown"
    assert Inbox.objects.get().provider == ProviderKind.GRAPH


def test_the_page_says_what_is_possible_now(alice, alice_client, bob_client, google, microsoft):
    inbox = api_inbox(alice)
    url = reverse("inboxes:switch", args=[inbox.code])
    page = alice_client.get(url).content.decode()
    assert "Switch to Microsoft 365" in page
    assert "Switch to IMAP" not in page
    assert "Disable the inbox first" in page
    assert bob_client.get(url).status_code == 404
    assert alice_client.post(url, {"provider": "gmail"}).status_code == 404
    jump = alice_client.post(url, {"provider": "graph"})
    assert jump.status_code == 302
    assert jump["Location"].startswith(microsoft.url)


def test_the_servers_are_tried_before_anything_changes(alice, alice_client):
    inbox = api_inbox(alice)
    url = reverse("inboxes:switch-server", args=[inbox.code])
    assert alice_client.get(url)["Location"] == reverse("inboxes:switch", args=[inbox.code])
    disable(inbox=inbox, by=alice)
    assert "The sign-in is tested first" in alice_client.get(url).content.decode()
    closed = {"imap_host": "127.0.0.1", "imap_port": "9", "imap_security": "none"}
    response = alice_client.post(url, {"username": YUKI, "password": "secret", **closed})
    assert response.status_code == 422
    assert "Nothing was changed" in response.content.decode()
    inbox.refresh_from_db()
    assert (inbox.provider, inbox.status) == (ProviderKind.GMAIL, InboxStatus.DISABLED)
