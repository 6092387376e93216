"""Who gets to the mail of a team: its members, and nobody else, whatever else they may do."""

import pytest
from django.test import Client
from django.urls import reverse

from conversations.actions import restore
from inboxes.models import InboxMember, TeamThread
from tests.factories.conversations import NOON, arrive, team_inbox
from tests.factories.files import attach
from tests.factories.inboxes import connected_inbox
from tests.factories.users import UserFactory
from tests.people import signed_in

pytestmark = pytest.mark.django_db

TOKENS = ("SubjectToken", "SenderToken", "sendertoken@", "SnippetToken", "BodyToken", "FileToken")


@pytest.fixture
def inbox(alice):
    """Connected by somebody who is no member."""
    return team_inbox(alice, owner=UserFactory(name="Connector", account_access=True))


@pytest.fixture
def mail(inbox):
    mail = arrive(
        inbox,
        "SubjectToken",
        from_name="SenderToken",
        from_email="sendertoken@secret.example",
        snippet="SnippetToken",
        body_text="BodyToken",
    )
    attach(mail.message, content=b"FileToken inside", filename="FileToken.pdf")
    return mail


@pytest.fixture
def pages(inbox, mail, alice):
    spam = arrive(inbox, "SubjectToken spam", filtered="spam").team_thread
    taken = restore(inbox=inbox, threads=[arrive(inbox, filtered="spam").team_thread], by=alice, now=NOON)
    of_inbox, of_thread = [inbox.code], [inbox.code, mail.team_thread.code]
    thread_list = reverse("conversations:thread-list", args=of_inbox)
    return {
        "list": ("get", thread_list),
        "older": ("get", f"{thread_list}?before=9999999999999999-1"),
        "search": ("get", f"{thread_list}?q=SubjectToken"),
        "search by sender": ("get", f"{thread_list}?q=SenderToken"),
        "body": ("get", reverse("contacts:message-body", args=[mail.message.code])),
        "mail alone": ("get", reverse("contacts:message", args=[mail.message.code])),
        "original": ("get", reverse("contacts:message-original", args=[mail.message.code])),
        "file": ("get", reverse("contacts:attachment", args=[mail.message.attachments.get().code])),
        "why": ("get", reverse("logging_rules:why", args=[mail.message.code])),
        "who": ("get", reverse("logging_rules:who", args=[mail.message.code])),
        "filtered": ("get", f"{thread_list}?view=filtered"),
        "unread": ("get", f"{thread_list}?view=unread"),
        "thread": ("get", reverse("conversations:thread", args=of_thread)),
        "one mail": ("get", reverse("conversations:thread", args=of_thread) + f"?open={mail.message.code}"),
        "filtered thread": ("get", reverse("conversations:thread", args=[inbox.code, spam.code])),
        "read": ("post", reverse("conversations:mark-read", args=of_thread)),
        "unread again": ("post", reverse("conversations:mark-unread", args=of_thread)),
        "all read": ("post", reverse("conversations:mark-all-read", args=of_inbox)),
        "restore": ("post", reverse("conversations:restore", args=of_inbox)),
        "undo": ("post", reverse("conversations:undo-restoral", args=[inbox.code, taken.code])),
    }


def ask(person, method, address, **headers):
    client = person if isinstance(person, Client) else signed_in(person)
    answer = getattr(client, method)(address, headers=headers)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer, content.decode(errors="replace")


def outsiders(inbox):
    return {
        "a colleague": UserFactory(),
        "account access": UserFactory(account_access=True),
        "a super admin": UserFactory(super_admin=True),
        "whose connection it is": inbox.owner,
        "a member of another inbox": team_inbox(UserFactory(), owner=inbox.owner, address="x@ours.example")
        .members.get()
        .person,
    }


def test_a_member_finds_everything(pages, alice):
    client = signed_in(alice)
    found = {name: ask(client, *page) for name, page in pages.items()}

    refused = {name: answer.status_code for name, (answer, _) in found.items() if answer.status_code not in (200, 302)}
    assert refused == {}
    told = {token for _, content in found.values() for token in TOKENS if token in content}
    assert told == set(TOKENS)


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}, {"HX-Request": "true", "HX-Target": "older"}])
def test_nobody_else_gets_any_of_it(inbox, pages, headers):
    for who, person in outsiders(inbox).items():
        client = signed_in(person)
        for name, page in pages.items():
            answer, content = ask(client, *page, **headers)
            assert (who, name, answer.status_code) == (who, name, 404)
            assert [token for token in TOKENS if token in content] == []


def test_nobody_else_changes_anything(inbox, pages, mail):
    before = TeamThread.objects.values_list("pk", "filtered")

    for person in outsiders(inbox).values():
        client = signed_in(person)
        for method, page in pages.values():
            if method == "post":
                ask(client, method, page)

    assert list(TeamThread.objects.values_list("pk", "filtered")) == list(before)
    assert not mail.team_thread.read_marks.exists()


def test_the_search_of_the_workspace_finds_it_for_nobody_else(inbox, pages):
    for person in outsiders(inbox).values():
        _, content = ask(person, "get", "/search/?q=SubjectToken")
        assert content.count("SubjectToken") == content.count("“SubjectToken”") + content.count('value="SubjectToken"')


def test_the_page_of_all_inboxes_tells_nobody_else_what_is_in_one(inbox, pages):
    for person in outsiders(inbox).values():
        _, content = ask(person, "get", "/team/")
        assert [token for token in TOKENS if token in content] == []
        assert ("support@ours.example" in content) == person.has_account_access


def test_who_has_left_the_workspace_is_out_although_still_listed_as_a_member(inbox, pages, alice):
    client = signed_in(alice)
    type(alice).objects.filter(pk=alice.pk).update(is_active=False)

    for name, page in pages.items():
        answer, _ = ask(client, *page)
        assert (name, answer.status_code) == (name, 302)
        assert answer["Location"].startswith("/accounts/login/")


def test_who_is_a_member_no_longer_is_out_at_once(inbox, pages, alice):
    InboxMember.objects.filter(person=alice).delete()

    client = signed_in(alice)
    assert {ask(client, *page)[0].status_code for page in pages.values()} == {404}


def test_a_thread_is_found_under_its_own_inbox_only(inbox, mail, alice):
    other = team_inbox(alice, owner=inbox.owner, address="sales@ours.example")

    answer, content = ask(alice, "get", reverse("conversations:thread", args=[other.code, mail.team_thread.code]))

    assert answer.status_code == 404
    assert "BodyToken" not in content


def test_a_personal_inbox_has_no_shared_list(alice):

    inbox = connected_inbox(alice)

    assert ask(alice, "get", reverse("conversations:thread-list", args=[inbox.code]))[0].status_code == 404
    assert ask(alice, "post", reverse("conversations:join", args=[inbox.code]))[0].status_code == 404
