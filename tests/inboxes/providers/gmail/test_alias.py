"""A mailbox of which only one address is read: everything a provider shows, and what it asks for."""

import pytest

from inboxes.marks import DEFAULT_NAMES
from inboxes.providers.base import SearchQuery
from inboxes.providers.gmail.labels import MAILBOX, PLACES
from inboxes.providers.gmail.provider import GmailProvider, GmailSettings
from tests.inboxes.providers.gmail.world import NOW, envelopes, follow_live, follow_past, mail

SUPPORT = "support@crm.example"
TO_SUPPORT = {"to": SUPPORT}
NEAR = {"more": "List-Id: <eu.support.crm.example>\r\n"}
"""Google's search finds it, as it compares words; it is not the list's."""


@pytest.fixture
def gmail(world):
    settings = GmailSettings(world.google.url, "haruka@crm.example", with_junk=True, only=SUPPORT)
    with GmailProvider(settings, world.tokens, world.purse, now=lambda: NOW) as provider:
        yield provider


def bodies_asked_for(world) -> list[str]:
    return [
        request.operation
        for request in world.google.requests
        if request.operation == "messages.get" and request.query.get("format") != ["metadata"]
    ]


def ids(found) -> set[str]:
    return {envelope.remote_id for envelope in found}


def test_of_the_past_only_its_mail_is_listed(world, gmail):
    for number in range(60):
        world.mailbox.deliver(mail(number))
    near = world.mailbox.deliver(mail(60, **NEAR))
    ours = {
        world.mailbox.deliver(mail(61, **TO_SUPPORT)),
        world.mailbox.deliver(mail(62, more=f"Cc: {SUPPORT}\r\n")),
        world.mailbox.deliver(mail(63, more=f"Delivered-To: {SUPPORT}\r\n")),
        world.mailbox.deliver(mail(64, more="List-Id: <support.crm.example>\r\n")),
        world.mailbox.deliver(mail(65, sender=SUPPORT), labels=["SENT"]),
        world.mailbox.deliver(mail(66, **TO_SUPPORT), labels=["SPAM"]),
    }
    pages, _ = follow_past(gmail, gmail.anchor(MAILBOX))

    assert ids(envelopes(pages)) == ours
    assert [key for page in pages for key in page.foreign] == [near]
    assert [key for page in pages for key in (*page.sifted, *page.touched)] == []
    assert len(world.google.requests.of("messages.get")) == len(ours) + 1
    assert gmail.remote_ids(MAILBOX, since=None) == {*ours, near}


def test_of_the_history_the_keys_of_other_mail_are_all_that_is_told(world, gmail):
    cursor = gmail.anchor(MAILBOX)
    other, ours = world.mailbox.deliver(mail(1)), world.mailbox.deliver(mail(2, **TO_SUPPORT))
    claimed = world.mailbox.deliver(mail(3, sender=SUPPORT))
    pages, _ = follow_live(gmail, cursor)

    assert (ids(envelopes(pages)), pages[0].foreign, pages[0].unreadable) == ({ours}, [other, claimed], [])
    assert bodies_asked_for(world) == []


def test_neither_headers_nor_bodies_of_other_mail_are_given_to_who_knows_its_key(world, gmail):
    other, ours = world.mailbox.deliver(mail(1)), world.mailbox.deliver(mail(2, **TO_SUPPORT))

    found, unreadable = gmail.envelopes(MAILBOX, [other, ours])
    assert (ids(found), unreadable) == ({ours}, [])
    assert [raw.remote_id for raw in gmail.bodies(MAILBOX, [other, ours])] == [ours]
    assert len(bodies_asked_for(world)) == 1


def test_a_body_is_asked_for_only_once_the_headers_are_known(world, gmail):
    other, ours = world.mailbox.deliver(mail(1)), world.mailbox.deliver(mail(2, **TO_SUPPORT))

    assert [raw.remote_id for raw in gmail.bodies(MAILBOX, [other, ours])] == [ours]
    assert world.operations()[-1] == "messages.get"
    assert list(gmail.bodies(MAILBOX, [other])) == []
    assert bodies_asked_for(world) == []


def test_marks_and_searches_find_its_mail_alone(world, gmail):
    keys = {}
    for label in ("CRM/Private", "SPAM", "TRASH", "DRAFT"):
        keys[label] = world.mailbox.deliver(mail(1, **TO_SUPPORT), labels=[label])
        world.mailbox.deliver(mail(2), labels=[label])

    assert {one.remote_id for one in gmail.marks(MAILBOX, "", DEFAULT_NAMES).messages} == {keys["CRM/Private"]}
    for folder in PLACES:
        assert ids(gmail.search(folder, SearchQuery(text="hello"))) == {keys[folder.remote_id]}
    assert ids(gmail.search(MAILBOX, SearchQuery(address="ken@client.example"))) == {keys["CRM/Private"]}
    assert gmail.search(MAILBOX, SearchQuery(message_id="<m2@client.example>")) == []


def test_the_token_has_to_open_the_account_that_was_agreed_on(world, gmail):
    assert gmail.anchor(MAILBOX) == str(world.mailbox.history_id)


def test_whole_mailboxes_are_asked_for_no_more_headers_than_before(world):
    world.mailbox.deliver(mail(1))
    with world.open() as whole:
        follow_past(whole, whole.anchor(MAILBOX))
    [asked] = world.google.requests.of("messages.get")
    assert not {"Delivered-To", "List-Post"} & set(asked.query["metadataHeaders"])
