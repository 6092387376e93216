"""What the workspace lets people connect, and how it is kept."""

import io
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command

from audit.models import AuditEvent
from inboxes import actions
from inboxes.allowed import not_allowed_any_more, refuse_connecting, whom_to_ask
from inboxes.models import (
    ConnectionException,
    ConnectionPolicy,
    Credential,
    CredentialKind,
    InboxKind,
    MailServer,
    ProviderKind,
    WhoMayConnect,
)
from inboxes.oauth_flows import Errand, SignInStopped, Way, begin, finish
from tests.factories.inboxes import connected_inbox
from tests.factories.users import UserFactory
from users.models import User

pytestmark = pytest.mark.django_db
EVERY = list(ProviderKind)


def rule(by, who=WhoMayConnect.EVERYONE, providers=EVERY, hosts=()):
    return actions.set_connection_policy(who=who, providers=providers, imap_hosts=hosts, by=by)


def refusal(by, provider=ProviderKind.IMAP, **more):
    try:
        refuse_connecting(by=by, provider=provider, **more)
    except ValidationError as refused:
        return refused.code
    return ""


def test_everything_may_be_connected_until_somebody_decides_otherwise(alice):
    assert refusal(alice, imap_host="mail.anywhere.example") == ""
    assert not ConnectionPolicy.objects.exists()


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("everyone", ["member", "holder", "admin"]),
        ("account_access", ["holder", "admin"]),
        ("super_admins", ["admin"]),
        ("nobody", []),
    ],
)
def test_who_may_connect_personal_inboxes(admin, who, may):
    people = {"member": UserFactory(), "holder": UserFactory(account_access=True), "admin": admin}
    policy = rule(admin, WhoMayConnect(who))
    inboxes = {name: connected_inbox(person, f"{name}@ours.example") for name, person in people.items()}
    assert [name for name, person in people.items() if policy.may_connect_personal(person)] == may
    unmet = set(not_allowed_any_more(policy))
    assert unmet == {inbox for name, inbox in inboxes.items() if name not in may}


def test_what_was_decided_about_one_person_comes_first(admin, alice, bob):
    policy = rule(admin, WhoMayConnect.SUPER_ADMINS)
    own, theirs = connected_inbox(alice), connected_inbox(admin, "admin@ours.example")
    actions.except_person(person=alice, may_connect=True, by=admin)
    actions.except_person(person=admin, may_connect=False, by=admin)
    assert [policy.may_connect_personal(person) for person in (alice, admin, bob)] == [True, False, False]
    assert list(not_allowed_any_more(policy)) == [theirs]
    actions.except_person(person=alice, may_connect=None, by=admin)
    assert (policy.may_connect_personal(alice), own in not_allowed_any_more(policy)) == (False, True)
    assert AuditEvent.objects.filter(action="person.connecting_set").count() == 3


def test_team_inboxes_may_be_connected_though_personal_ones_may_not(admin, alice):
    rule(admin, WhoMayConnect.NOBODY)
    assert (refusal(alice), refusal(alice, kind=InboxKind.TEAM)) == ("personal_not_allowed", "")
    team = connected_inbox(alice, kind=InboxKind.TEAM)
    assert team not in not_allowed_any_more(ConnectionPolicy.objects.current())


def test_providers_and_servers_are_limited_for_everybody(admin, alice):
    policy = rule(admin, providers=[ProviderKind.IMAP], hosts=["mail.ours.example", "*.Deep.example "])
    assert refusal(admin, ProviderKind.GMAIL) == "provider_not_allowed"
    hosts = ["mail.ours.example", "MAIL.ours.example.", "a.b.deep.example", "deep.example", "mail.elsewhere.example"]
    assert [refusal(admin, imap_host=host) for host in hosts] == ["", "", "", "host_not_allowed", "host_not_allowed"]
    unmet = {connected_inbox(alice, "g@x.example", provider=ProviderKind.GMAIL)}
    for number, host in enumerate(["mail.ours.example", "x.deep.example", "mail.elsewhere.example"]):
        inbox = connected_inbox(alice, f"{number}@x.example")
        MailServer.objects.create(inbox=inbox, protocol="imap", host=host, port=993, username="x")
    assert set(not_allowed_any_more(policy)) == unmet | {inbox}


def test_a_disabled_inbox_does_not_count_as_left_over(admin, alice):
    connected_inbox(alice, status="disabled")
    assert not not_allowed_any_more(rule(admin, WhoMayConnect.NOBODY)).exists()


@pytest.mark.parametrize("host", ["", "*.", "localhost", "mail example.com", "*.*.example.com", "http://x.example/"])
def test_a_line_that_is_no_server_is_refused(admin, host):
    with pytest.raises(ValidationError) as refused:
        rule(admin, hosts=[host])
    assert refused.value.code == "host_invalid"


def test_a_change_is_on_record_with_what_was_before_and_saying_the_same_again_is_not(admin):
    for _ in range(2):
        rule(admin, WhoMayConnect.NOBODY, [ProviderKind.GRAPH], ["mail.ours.example"])
    [event] = AuditEvent.objects.filter(action="workspace.connection_policy_set")
    assert event.details["before"] == {"who": "everyone", "providers": ["imap", "gmail", "graph"], "imap_hosts": []}
    assert event.details["after"] == {"who": "nobody", "providers": ["graph"], "imap_hosts": ["mail.ours.example"]}


def test_only_super_admins_decide(alice, bob):
    for act in (lambda: rule(alice), lambda: actions.except_person(person=bob, may_connect=True, by=alice)):
        with pytest.raises(PermissionDenied):
            act()
    assert (ConnectionPolicy.objects.exists(), ConnectionException.objects.exists()) == (False, False)


def test_the_page_says_how_many_inboxes_do_not_meet_the_rules_and_leads_to_them(admin_client, alice):
    connected_inbox(alice)
    answer = admin_client.post(
        "/admin/policy/", {"who": "nobody", "providers": ["imap"], "imap_hosts": ""}, follow=True
    )
    assert "1 connected inbox does not meet this" in answer.content.decode()
    shown = b"".join(admin_client.get("/admin/inboxes/?meets=no").streaming_content).decode()
    assert ("alice@ours.example" in shown, "Not allowed any more" in shown) == (True, True)


def test_lines_that_cannot_be_read_are_named_and_nothing_is_lost(admin_client):
    values = {"who": "nobody", "providers": ["imap"], "imap_hosts": "mail.ours.example\nno server\n"}
    answer = admin_client.post("/admin/policy/", values)
    assert answer.status_code == 422
    assert "“no server” is no name of a server." in answer.content.decode()
    assert ("no server" in answer.context["form"]["imap_hosts"].value(), ConnectionPolicy.objects.exists()) == (
        True,
        False,
    )


def test_the_page_of_a_person_sets_the_exception(admin_client, alice):
    answers = []
    for answer in ("yes", "no", "", "perhaps"):
        admin_client.post(f"/admin/people/{alice.code}/connecting/", {"may_connect": answer})
        answers.append(ConnectionException.objects.filter(person=alice).values_list("may_connect", flat=True).first())
    assert answers == [True, False, None, None]


def test_super_admins_can_be_asked(admin, alice):
    User.objects.filter(pk=alice.pk).update(role="super_admin", is_active=False)
    assert whom_to_ask() == [admin]


def login(host):
    return actions.ServerLogin(host=host, port=993, security="tls", username="alice")


def details(host="mail.ours.example", smtp_host=""):
    smtp = login(smtp_host) if smtp_host else None
    return actions.ConnectionDetails(address="alice@ours.example", imap=login(host), password="secret", smtp=smtp)


def test_an_inbox_that_runs_is_reconnected_all_the_same_but_not_to_another_server(admin, alice):
    inbox = connected_inbox(alice, status="needs_reconnect")
    Credential.objects.create(inbox=inbox, secret="old")
    MailServer.objects.create(inbox=inbox, protocol="imap", host="mail.ours.example", port=993, username="alice")
    rule(admin, WhoMayConnect.NOBODY, hosts=["mail.allowed.example"])
    actions.reconnect(inbox=inbox, details=details(), by=alice)
    with pytest.raises(ValidationError) as refused:
        actions.reconnect(inbox=inbox, details=details("mail.elsewhere.example"), by=alice)
    assert refused.value.code == "host_not_allowed"


def test_a_disabled_inbox_is_reconnected_as_if_it_was_new(admin, alice):
    inbox = connected_inbox(alice, status="disabled")
    rule(admin, WhoMayConnect.NOBODY)
    with pytest.raises(ValidationError) as refused:
        actions.reconnect(inbox=inbox, details=details(), by=alice)
    assert refused.value.code == "personal_not_allowed"


def test_what_was_disabled_is_not_enabled_against_a_rule_of_today(admin, alice, alice_client):
    inbox = connected_inbox(alice)
    Credential.objects.create(inbox=inbox, secret="secret")
    MailServer.objects.create(inbox=inbox, protocol="imap", host="mail.ours.example", port=993, username="alice")
    actions.disable(inbox=inbox, by=alice)
    rule(admin, hosts=["mail.allowed.example"])
    words = "this one is not among them"

    page = alice_client.post(f"/inboxes/{inbox.code}/enable/", follow=True).content.decode()

    assert words in page
    with pytest.raises(CommandError, match=words):
        call_command("inbox", "enable", inbox.address)
    rule(admin, WhoMayConnect.NOBODY)
    with pytest.raises(ValidationError) as refused:
        actions.enable(inbox=inbox, by=alice)
    inbox.refresh_from_db()
    assert (refused.value.code, inbox.status) == ("personal_not_allowed", "disabled")


def test_the_server_for_sending_must_be_allowed_wherever_it_is_written(admin, alice):
    rule(admin, hosts=["mail.ours.example"])
    elsewhere = details(smtp_host="smtp.elsewhere.example")
    running = connected_inbox(alice, "running@ours.example")
    Credential.objects.create(inbox=running, secret="secret")
    stopped = connected_inbox(alice, status="disabled")
    Credential.objects.create(inbox=stopped, secret="secret")
    switching = connected_inbox(alice, "g@ours.example", provider="gmail", status="disabled")
    acts = [
        lambda: actions.connect_imap_inbox(
            details=replace(elsewhere, address="new@ours.example"), history_since=None, by=alice
        ),
        lambda: actions.reconnect(inbox=stopped, details=elsewhere, by=alice),
        lambda: actions.reconnect(inbox=running, details=replace(elsewhere, address=running.address), by=alice),
        lambda: actions.switch_to_imap(inbox=switching, details=replace(elsewhere, address="g@ours.example"), by=alice),
        lambda: actions.set_smtp_server(inbox=running, smtp=elsewhere.smtp, by=alice),
    ]
    codes = []
    for act in acts:
        with pytest.raises(ValidationError) as refused:
            act()
        codes.append(refused.value.code)
    assert (codes, MailServer.objects.exists()) == (["host_not_allowed"] * len(acts), False)


def test_an_inbox_that_runs_keeps_the_server_for_sending_it_has(admin, alice):
    inbox = connected_inbox(alice, status="needs_reconnect")
    Credential.objects.create(inbox=inbox, secret="old")
    for protocol in ("imap", "smtp"):
        MailServer.objects.create(inbox=inbox, protocol=protocol, host="mail.ours.example", port=993, username="a")
    rule(admin, hosts=["mail.allowed.example"])
    actions.reconnect(inbox=inbox, details=details(smtp_host="mail.ours.example"), by=alice)
    assert Credential.objects.get(inbox=inbox).secret == "secret"


def test_the_page_of_connecting_says_what_is_not_allowed_and_whom_to_ask(admin, alice_client):
    rule(admin, providers=[ProviderKind.GMAIL])
    partly = alice_client.get("/inboxes/connect/").content.decode()
    assert ("Not by IMAP" in partly, partly.count("Not allowed"), admin.name in partly) == (True, 1, True)
    rule(admin, WhoMayConnect.NOBODY)
    page = alice_client.post("/inboxes/connect/", {"address": "alice@ours.example"}).content.decode()
    assert ("You may not connect inboxes of your own" in page, f"mailto:{admin.email}" in page) == (True, True)
    assert 'name="address"' not in page


def test_no_server_hears_of_a_password_that_may_not_be_used_there(admin, alice_client):
    alice_client.post("/inboxes/connect/", {"address": "alice@ours.example"})
    rule(admin, hosts=["mail.ours.example"])
    values = {
        "username": "alice",
        "password": "secret",
        "imap_host": "127.0.0.1",
        "imap_port": 1,
        "imap_security": "tls",
    }
    answer = alice_client.post("/inboxes/connect/server/", values)
    assert (answer.status_code, answer.context["trial"]) == (422, None)
    assert list(answer.context["form"].errors) == ["imap_host"]
    assert "Only some mail servers are allowed here" in answer.content.decode()


def test_no_server_for_sending_hears_of_a_password_either(admin, alice_client):
    alice_client.post("/inboxes/connect/", {"address": "alice@ours.example"})
    rule(admin, hosts=["127.0.0.1.allowed.example"])
    values = {"username": "alice", "password": "secret", "smtp_host": "smtp.elsewhere.example"}
    for name, port in (("imap", 1), ("smtp", 465)):
        values |= {f"{name}_port": port, f"{name}_security": "tls"}
    answer = alice_client.post("/inboxes/connect/server/", values | {"imap_host": "127.0.0.1.allowed.example"})
    assert (answer.status_code, answer.context["trial"]) == (422, None)
    assert list(answer.context["form"].errors) == ["smtp_host"]


def test_nobody_is_sent_to_a_provider_that_is_not_allowed(admin, alice_client, google):
    rule(admin, providers=[ProviderKind.IMAP])
    assert "This provider is not allowed here" in alice_client.get("/inboxes/oauth/google/").content.decode()
    answer = alice_client.post("/inboxes/oauth/google/", {"address": ""}, follow=True)
    assert answer.redirect_chain == [("/inboxes/oauth/google/stopped/", 302)]
    assert "This provider is not allowed here" in answer.content.decode()
    assert admin.name in answer.content.decode()


def test_who_was_sent_before_the_rule_changed_is_stopped_on_the_way_back_and_no_access_is_asked_for(
    admin, alice, google
):
    url = begin(Errand.to_connect(CredentialKind.GOOGLE, Way.API), by=alice, session_key="one")
    [state] = parse_qs(urlsplit(url).query)["state"]
    rule(admin, WhoMayConnect.NOBODY)
    with pytest.raises(SignInStopped) as stopped:
        finish(CredentialKind.GOOGLE, {"state": state, "code": "any"}, by=alice, session_key="one")
    assert stopped.value.stop.cause == "personal_not_allowed"


def test_a_provider_that_is_not_allowed_any_more_is_left_for_one_that_is(admin, alice, alice_client, google, settings):
    inbox = connected_inbox(alice)
    Credential.objects.create(inbox=inbox, secret="secret")
    MailServer.objects.create(inbox=inbox, protocol="imap", host="mail.ours.example", port=993, username="alice")
    actions.disable(inbox=inbox, by=alice)
    rule(admin, providers=[ProviderKind.GMAIL])
    page = f"/inboxes/{inbox.code}/switch/"
    assert "Switch to Gmail" in alice_client.get(page).content.decode()

    answer = alice_client.post(page, {"provider": "gmail"})

    assert answer["Location"].startswith(settings.GOOGLE_AUTHORIZE_URL)


def test_a_command_keeps_to_the_rules(admin, alice):
    rule(admin, hosts=["mail.ours.example"])
    options = ("--owner", alice.email, "--host", "127.0.0.1")
    with pytest.raises(CommandError, match="not among them"):
        call_command("inbox", "connect-imap", "alice@ours.example", *options, stdin=io.StringIO("secret\n"))
