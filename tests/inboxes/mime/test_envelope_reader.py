from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inboxes.envelope import Address, Envelope, FolderRole
from inboxes.mime.envelope_reader import HEADER_FIELDS, read_envelope
from tests.samples.broken_mail import SAMPLES
from tests.samples.japanese_mail import LABELLED

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
RECEIVED = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PERSONAL = b"From: Taro <taro@example.jp>\r\nTo: hanako@example.com\r\nSubject: Hello\r\n"


def read(block: bytes, role: FolderRole = FolderRole.INBOX, **facts) -> Envelope:
    facts = {"received_at": RECEIVED, "now": NOW} | facts
    return read_envelope(block, remote_id="7", folder_id="INBOX", folder_role=role, size=10, **facts)


def test_every_field_of_an_envelope_is_read():
    block = (
        b"From: =?utf-8?B?5bGx55Sw?= <Taro@Example.jp>\r\n"
        b"To: Hanako <hanako@example.com>, bob@example.com\r\n"
        b"Cc: carol@example.com\r\n"
        b"Bcc: dave@example.com\r\n"
        b"Reply-To: sales@example.jp\r\n"
        b"Sender: erin@example.jp\r\n"
        b"X-Original-From: frank@example.jp\r\n"
        b"Subject: =?iso-2022-jp?B?GyRCQEE1YT1xGyhC?=\r\n"
        b"Date: Tue, 1 Jul 2025 10:00:00 +0900\r\n"
        b"Message-ID: <3@example.jp>\r\n"
        b"In-Reply-To: <2@example.com>\r\n"
        b"References: <1@example.jp>\r\n <2@example.com>\r\n\r\n"
    )
    assert read(block, labels=frozenset({"CRM/Log"}), provider_thread_id="t1") == Envelope(
        remote_id="7",
        folder_id="INBOX",
        folder_role=FolderRole.INBOX,
        received_at=RECEIVED,
        sent_at=datetime(2025, 7, 1, 1, tzinfo=UTC),
        size=10,
        subject="請求書",
        from_=(Address("taro@example.jp", "山田"),),
        to=(Address("hanako@example.com", "Hanako"), Address("bob@example.com")),
        cc=(Address("carol@example.com"),),
        bcc=(Address("dave@example.com"),),
        reply_to=(Address("sales@example.jp"),),
        sender=(Address("erin@example.jp"), Address("frank@example.jp")),
        message_id="<3@example.jp>",
        in_reply_to=("<2@example.com>",),
        references=("<1@example.jp>", "<2@example.com>"),
        provider_thread_id="t1",
        labels=frozenset({"CRM/Log"}),
        written_at=datetime(2025, 7, 1, 1, tzinfo=UTC),
    )


def test_every_field_that_is_read_is_fetched():
    assert {"From", "Subject", "Sensitivity", "List-Id", "Return-Path", "Content-Type"} <= set(HEADER_FIELDS)
    assert len(HEADER_FIELDS) == len({name.lower() for name in HEADER_FIELDS})


@pytest.mark.parametrize(
    "date",
    [b"", b"Date: soon\r\n", b"Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n", b"Date: Fri, 1 Jan 2100 00:00:00 +0000\r\n"],
)
def test_a_date_nobody_can_believe_is_replaced_by_when_the_mail_came(date):
    assert read(PERSONAL + date + b"\r\n").sent_at == RECEIVED


def test_mail_from_the_future_is_the_same_mail_in_every_inbox_and_when_its_time_has_come():
    block = PERSONAL + b"Date: Tue, 1 Dec 2026 09:00:00 +0000\r\nMessage-ID: <1@example.jp>\r\n\r\n"
    copies = read(block), read(block, received_at=NOW), read(block, now=datetime(2027, 1, 1, tzinfo=UTC))
    assert [copy.sent_at for copy in copies] == [RECEIVED, NOW, datetime(2026, 12, 1, 9, 0, tzinfo=UTC)]
    assert len({copy.fingerprint for copy in copies}) == 1


def test_the_folder_attests_sent_mail_and_drafts():
    sent, draft, other = read(PERSONAL, FolderRole.SENT), read(PERSONAL, FolderRole.DRAFTS), read(PERSONAL)
    assert (sent.sent_by_owner, sent.is_draft) == (True, False)
    assert (draft.sent_by_owner, draft.is_draft) == (False, True)
    assert (other.sent_by_owner, other.is_draft) == (False, False)
    assert read(PERSONAL, FolderRole.ALL, sent_by_owner=True, is_draft=True).sent_by_owner


@pytest.mark.parametrize(
    "field",
    [
        b"Auto-Submitted: auto-replied",
        b"Auto-Submitted: auto-generated; owner=x",
        b"List-Id: <news.example.jp>",
        b"List-Unsubscribe: <mailto:off@example.jp>",
        b"Precedence: bulk",
        b"Precedence: LIST",
        b"Precedence: junk",
        b"Return-Path: <>",
        b"X-Auto-Response-Suppress: All",
        b"X-Auto-Response-Suppress: OOF, AutoReply",
        b'Content-Type: multipart/report; report-type="delivery-status"',
        b"Content-Type: Multipart/Report",
    ],
)
def test_mail_of_machines_and_lists_is_automatic(field):
    assert read(PERSONAL + field + b"\r\n\r\n").is_automatic is True


def test_an_author_who_does_not_read_is_automatic():
    assert read(b"From: no-reply@example.jp\r\n\r\n").is_automatic is True


@pytest.mark.parametrize(
    "field",
    [
        b"X-Mailer: Outlook",
        b"Auto-Submitted: no",
        b"Auto-Submitted: No (by a person)",
        b"Precedence: normal",
        b"Return-Path: <taro@example.jp>",
        b"X-Auto-Response-Suppress: DR, RN, NRN",
        b"List-Id:",
        b"Content-Type: multipart/related",
        b"Reply-To: no-reply@example.jp",
    ],
)
def test_mail_of_people_is_not_automatic(field):
    assert read(PERSONAL + field + b"\r\n\r\n").is_automatic is False


@pytest.mark.parametrize(
    ("value", "private"),
    [
        (b"Private", True),
        (b"private", True),
        (b"Confidential", True),
        (b"Company-Confidential", True),
        (b"Personal", True),
        (b"Normal", False),
    ],
)
def test_sensitivity_marks_private_mail(value, private):
    assert read(PERSONAL + b"Sensitivity: " + value + b"\r\n\r\n").is_private is private


def test_undeclared_header_bytes_are_read_by_the_character_set_of_the_body():
    block = b"Subject: " + "漢字".encode("big5") + b"\r\nContent-Type: text/plain; charset=big5\r\n\r\n"
    assert read(block).subject == "漢字"


@pytest.mark.parametrize("sample", LABELLED, ids=lambda sample: sample.name)
def test_japanese_subjects_are_read_exactly(sample):
    assert read(sample.raw).subject == sample.subject


@pytest.mark.parametrize("name", SAMPLES)
def test_no_header_block_raises_and_all_of_it_can_be_stored(name):
    envelope = read(SAMPLES[name])
    texts = [envelope.subject, envelope.message_id, *envelope.references, *envelope.in_reply_to]
    texts += [text for address in envelope.participants for text in (address.email, address.name)]
    for text in texts:
        assert "\0" not in text
        text.encode()
    assert len(envelope.fingerprint) == 32
    assert datetime(1980, 1, 1, tzinfo=UTC) <= envelope.sent_at


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(HEADER_FIELDS), st.binary(max_size=60) | st.text(max_size=30).map(str.encode)),
        max_size=12,
    )
)
def test_no_field_values_break_the_reader(fields):
    envelope = read(b"".join(name.encode() + b": " + value + b"\r\n" for name, value in fields) + b"\r\n")
    for text in (
        envelope.subject,
        envelope.message_id,
        *(address.email + address.name for address in envelope.participants),
    ):
        assert "\0" not in text
        text.encode()
