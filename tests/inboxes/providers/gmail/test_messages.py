"""Headers as Gmail shows them say the same as headers on the wire."""

from datetime import UTC, datetime

import pytest

from inboxes.envelope import Envelope, FolderRole
from inboxes.mime import headers
from inboxes.mime.envelope_reader import HEADER_FIELDS, read_envelope
from inboxes.providers.base import SearchQuery, TemporarilyUnavailable
from inboxes.providers.gmail.labels import MAILBOX, PLACES
from inboxes.providers.gmail.messages import header_block, partial_message, raw_message
from tests.inboxes.providers.gmail.world import NOW, envelopes, follow_past, mail
from tests.samples.broken_mail import SAMPLES
from tests.samples.japanese_mail import LABELLED

RECEIVED = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def on_the_wire(raw: bytes, remote_id: str) -> Envelope:
    """As a provider reads them that gets the bytes: only the named fields."""
    named = {field.lower().encode() for field in HEADER_FIELDS}
    kept, keeps = [], False
    for line in headers.split(raw)[0].splitlines(keepends=True):
        if line[:1] not in b" \t":
            keeps = line.partition(b":")[0].strip().lower() in named
        if keeps:
            kept.append(line)
    return read_envelope(
        b"".join(kept),
        remote_id=remote_id,
        folder_id=MAILBOX.remote_id,
        folder_role=FolderRole.INBOX,
        received_at=RECEIVED,
        size=len(raw),
        now=NOW,
    )


def test_japanese_headers_say_the_same_as_on_the_wire(world, gmail):
    raws = {world.mailbox.deliver(raw, received_at=RECEIVED): raw for raw in [sample.raw for sample in LABELLED]}
    pages, _ = follow_past(gmail, gmail.anchor(MAILBOX))
    found = {one.remote_id: one for one in envelopes(pages)}
    assert found.keys() == raws.keys()
    for remote_id, raw in raws.items():
        expected = on_the_wire(raw, remote_id)
        assert (found[remote_id].subject, found[remote_id].from_) == (expected.subject, expected.from_)
        assert found[remote_id].fingerprint == expected.fingerprint


def test_no_mail_is_so_broken_that_it_is_lost_or_stops_another(world, gmail):
    # Over the other one the stand-in itself breaks down.
    raws = [raw for name, raw in SAMPLES.items() if name != "structure_nested_1000"]
    delivered = {world.mailbox.deliver(raw, received_at=RECEIVED) for raw in raws}
    pages, _ = follow_past(gmail, gmail.anchor(MAILBOX))
    assert {one.remote_id for one in envelopes(pages)} == delivered


@pytest.mark.parametrize("charset", ["iso-2022-jp", "shift_jis", "euc-jp", "utf-8", "x-unknown"])
def test_values_that_gmail_decoded_are_not_decoded_again(charset):
    block = header_block(
        [
            {"name": "Subject", "value": "お見積りの件"},
            {"name": "From", "value": '"佐藤, 健" <ken@client.example>'},
            {"name": "Content-Type", "value": f"multipart/report; charset={charset}"},
        ]
    )
    found = read_envelope(
        block, remote_id="1", folder_id="m", folder_role=FolderRole.INBOX, received_at=RECEIVED, size=1, now=NOW
    )
    assert (found.subject, found.from_[0].name, found.from_[0].email) == (
        "お見積りの件",
        "佐藤, 健",
        "ken@client.example",
    )
    assert found.is_automatic


@pytest.mark.parametrize(
    "value", ["a\r\nBcc: x@y.example", "a\nBcc: x@y.example", "a\rBcc: x@y.example", "a\0\r\n\r\nb"]
)
def test_a_value_cannot_begin_another_field(value):
    fields = headers.parse(header_block([{"name": "Subject", "value": value}, {"name": "To", "value": "t@x.example"}]))
    assert sorted(fields) == ["subject", "to"]


@pytest.mark.parametrize("answer", [{}, {"raw": 7}, {"raw": "A"}, {"raw": None}])
def test_a_body_that_is_none_is_trouble(answer):
    for read in (raw_message, partial_message):
        with pytest.raises(TemporarilyUnavailable):
            read(answer, "1")


def test_a_body_comes_back_whatever_its_padding(world, gmail):
    raws = {world.mailbox.deliver(mail(1) + b"x" * length): mail(1) + b"x" * length for length in range(4)}
    assert {one.remote_id: one.raw for one in gmail.bodies(MAILBOX, list(raws))} == raws


def test_the_owner_can_look_in_spam_trash_and_drafts(world, gmail):
    for label in ("SPAM", "TRASH", "DRAFT"):
        world.mailbox.deliver(mail(1), labels=[label])
    world.mailbox.deliver(mail(2))
    assert [one.subject for one in gmail.search(MAILBOX, SearchQuery())] == ["Quote 2"]
    for place in PLACES:
        [found] = gmail.search(place, SearchQuery(subject="quote"))
        assert (found.folder_id, found.folder_role) == (place.remote_id, place.role)
        again, _ = gmail.envelopes(place, [found.remote_id])
        assert again == [found]


@pytest.mark.parametrize("text", ['"', "in:trash", "invoice) OR (x", "{", "-quote", "a:b:c", "from:ken", "　", "\\"])
def test_what_is_looked_for_is_never_an_order(world, gmail, text):
    world.mailbox.deliver(mail(1), labels=["TRASH"])
    world.mailbox.deliver(mail(2, more="Subject-Not: x\r\n"))
    for query in (
        SearchQuery(text=text),
        SearchQuery(subject=text),
        SearchQuery(address=text),
        SearchQuery(message_id=text),
    ):
        assert "Quote 1" not in [one.subject for one in gmail.search(MAILBOX, query)]
    assert "-in:chats -in:drafts" in world.google.requests.of("messages.list")[-1].query["q"][0]
