"""What Graph shows of a message, made into the envelope that decisions are taken on."""

from datetime import UTC, datetime
from typing import Any

import pytest

from inboxes.envelope import Address, FolderRole
from inboxes.providers.base import RemoteFolder
from inboxes.providers.graph.messages import envelope_of, names_any

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
INBOX = RemoteFolder("inbox-id", "INBOX", FolderRole.INBOX)
SENT = RemoteFolder("sent-id", "Sent Items", FolderRole.SENT)


def person(address: str | None, name: str | None = "") -> dict[str, Any]:
    return {"emailAddress": {"name": name, "address": address}}


def row(**fields: Any) -> dict[str, Any]:
    """As a message in Sent Items: without Internet headers."""
    return {
        "id": "AAk1=",
        "receivedDateTime": "2026-11-20T09:01:02Z",
        "sentDateTime": "2026-11-20T09:00:00Z",
        "subject": "Quote",
        "internetMessageId": "<m1@crm.example>",
        "isDraft": False,
        "categories": [],
        "from": person("Haruka@CRM.example", "Haruka"),
        "sender": person("Haruka@CRM.example", "Haruka"),
        "toRecipients": [person("ken@client.example", "Ken Sato")],
        "ccRecipients": [],
        "bccRecipients": [],
        "replyTo": [],
        **fields,
    }


def headers(**fields: str) -> list[dict[str, str]]:
    return [{"name": name.replace("_", "-"), "value": value} for name, value in fields.items()]


def properties(**values: str) -> list[dict[str, str]]:
    names = {
        "sensitivity": "Integer 0x36",
        "size": "Integer 0xe08",
        "reply": "String 0x1042",
        "references": "String 0x1039",
    }
    return [{"id": names[name], "value": value} for name, value in values.items()]


def read(folder: RemoteFolder = INBOX, **fields: Any):
    return envelope_of(row(**fields), folder, now=NOW)


def test_without_internet_headers_what_exchange_made_of_them_counts():
    envelope = read(
        SENT, singleValueExtendedProperties=properties(size="1234", reply="<a@x>", references="<r@x> <a@x>")
    )
    assert (envelope.remote_id, envelope.folder_id, envelope.folder_role) == ("AAk1=", "sent-id", FolderRole.SENT)
    assert (envelope.subject, envelope.message_id, envelope.size) == ("Quote", "<m1@crm.example>", 1234)
    assert envelope.received_at == datetime(2026, 11, 20, 9, 1, 2, tzinfo=UTC)
    assert envelope.sent_at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert (envelope.from_, envelope.sender) == ((Address("haruka@crm.example", "Haruka"),), ())
    assert envelope.to == (Address("ken@client.example", "Ken Sato"),)
    assert (envelope.in_reply_to, envelope.references) == (("<a@x>",), ("<r@x>", "<a@x>"))
    assert envelope.sent_by_owner


def test_internet_headers_come_before_what_exchange_made_of_them():
    envelope = read(
        internetMessageHeaders=headers(
            Received="from somewhere", From='"Sato, Ken" <ken@client.example>', Subject="=?utf-8?B?44GK6KaL56mN?=",
            Message_ID="<own@client.example>", Date="Thu, 19 Nov 2026 18:00:00 +0900", References="<r@x>",
        ),
        bccRecipients=[person("hidden@crm.example")],
    )  # fmt: skip
    assert envelope.from_ == (Address("ken@client.example", "Sato, Ken"),)
    assert (envelope.subject, envelope.message_id, envelope.references) == (
        "お見積",
        "<own@client.example>",
        ("<r@x>",),
    )
    assert envelope.sent_at == datetime(2026, 11, 19, 9, tzinfo=UTC)
    assert envelope.to == (Address("ken@client.example", "Ken Sato"),)  # a header that is missing is made up for
    assert envelope.bcc == (Address("hidden@crm.example"),)


@pytest.mark.parametrize("value", ["private", "personal", "company-confidential", "Private"])
def test_mail_that_says_it_is_private_is(value):
    assert read(internetMessageHeaders=headers(From="a@x.example", Sensitivity=value)).is_private


@pytest.mark.parametrize(("value", "private"), [("0", False), ("1", True), ("2", True), ("3", True), ("", False)])
def test_sent_mail_is_private_by_the_property_that_exchange_keeps(value, private):
    assert read(SENT, singleValueExtendedProperties=properties(sensitivity=value)).is_private is private


@pytest.mark.parametrize("name", ["Integer 0x36", "Integer 0x0036", "integer 0x36", "Integer 0X36"])
def test_the_property_is_known_however_its_id_is_spelled(name):
    assert read(SENT, singleValueExtendedProperties=[{"id": name, "value": "2"}]).is_private


def test_the_stricter_of_header_and_property_counts():
    envelope = read(
        internetMessageHeaders=headers(From="a@x.example", Sensitivity="Normal"),
        singleValueExtendedProperties=properties(sensitivity="2"),
    )
    assert envelope.is_private


@pytest.mark.parametrize(
    "fields",
    [{"List_Id": "<l.example>"}, {"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"Return_Path": "<>"}],
)
def test_automatic_mail_is_told_by_its_headers(fields):
    assert read(internetMessageHeaders=headers(From="a@x.example", **fields)).is_automatic
    assert not read(internetMessageHeaders=headers(From="a@x.example")).is_automatic


def test_a_bounce_is_told_by_its_type_and_a_declared_character_set_spoils_no_text():
    bounce = headers(From="postmaster@x.example", Content_Type="multipart/report; report-type=delivery-status")
    assert read(internetMessageHeaders=bounce).is_automatic
    raw = headers(From="山田 <y@x.example>", Subject="見積もり", Content_Type="text/plain; charset=iso-2022-jp")
    envelope = read(internetMessageHeaders=raw)
    assert (envelope.subject, envelope.from_) == ("見積もり", (Address("y@x.example", "山田"),))


@pytest.mark.parametrize(
    "name",
    ['"Quotes", <tricky@evil.example>', "Sato, Ken", "佐藤 健", "=?utf-8?q?x?= y", "a\r\nBcc: evil@x.example", "\\"],
)
def test_no_name_can_add_a_header_or_an_address(name):
    envelope = read(**{"from": person("ken@client.example", name)}, sender=None)
    assert [address.email for address in envelope.participants] == ["ken@client.example", "ken@client.example"]
    assert envelope.from_[0].name == " ".join(name.split()).strip("\"'")


def test_a_header_cannot_add_another_one():
    envelope = read(
        internetMessageHeaders=headers(From="a@x.example", Subject="Hi\r\nSensitivity: private\r\n\r\nbody")
    )
    assert (envelope.subject, envelope.is_private) == ("Hi Sensitivity: private body", False)


@pytest.mark.parametrize(
    "author",
    [None, {}, {"emailAddress": None}, person(None, "Nobody"), person("/O=EXCHANGELABS/OU=X/CN=RECIPIENTS/CN=1")],
)
def test_an_author_without_an_address_is_nobody(author):
    envelope = read(**{"from": author}, sender=author)
    assert (envelope.from_, envelope.sender) == ((), ())
    assert envelope.to == (Address("ken@client.example", "Ken Sato"),)


def test_what_is_missing_is_left_empty():
    envelope = envelope_of({"id": "AAk1="}, INBOX, now=NOW)
    assert (envelope.received_at, envelope.sent_at, envelope.subject, envelope.participants) == (NOW, NOW, "", ())
    strange = {"id": "AAk1=", "toRecipients": "x", "internetMessageHeaders": [None, {"name": None}], "categories": None}
    assert envelope_of(strange, INBOX, now=NOW).participants == ()


def test_another_sender_than_the_author_is_kept():
    envelope = read(sender=person("assistant@crm.example"))
    assert envelope.sender == (Address("assistant@crm.example"),)


def test_categories_and_the_folder_a_person_made_are_labels():
    assert read(categories=["CRM/Log", "Rot"]).labels == {"CRM/Log", "Rot"}
    folder = RemoteFolder("f", "INBOX/CRM/Private", FolderRole.OTHER)
    assert read(folder).labels == {"CRM/Private"}


def test_drafts_are_told_by_flag_or_folder():
    assert read(isDraft=True).is_draft
    assert read(RemoteFolder("d", "Drafts", FolderRole.DRAFTS)).is_draft


def test_a_message_is_kept_if_it_names_one_of_the_addresses_or_somebody_nobody_can_tell():
    assert names_any(row(), {"ken@client.example"})
    assert names_any(row(replyTo=[person("Ken+X@Client.example")]), {"ken+x@client.example"})
    assert not names_any(row(), {"other@client.example"})
    assert names_any(row(**{"from": person("/O=EXCHANGELABS/CN=1")}), {"other@client.example"})
    assert not names_any(row(**{"from": None}, sender=None), {"other@client.example"})


def test_exchange_conversations_say_nothing_about_who_answers_whom():
    assert read(conversationId="AAQk").provider_thread_id == ""
