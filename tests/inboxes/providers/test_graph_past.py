"""The past of a folder at Graph: listed by time, sifted, counted; and what is found in it by marks and by searching."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.wrappers import Response

from crm_project.demo.microsoft import faults
from inboxes.envelope import FolderRole
from inboxes.marks import DEFAULT_NAMES, NO_NAMES, Mark, MarkNames, MarkSource
from inboxes.providers.base import (
    FolderGone,
    MarkedMessage,
    Page,
    RateLimited,
    RemoteFolder,
    SearchQuery,
    TemporarilyUnavailable,
    Unreadable,
)
from inboxes.providers.graph.provider import GraphProvider
from tests.factories.inboxes import interest
from tests.fakes.graph_mailbox import GraphMailbox, mail

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.fixture
def mailbox(microsoft) -> GraphMailbox:
    return GraphMailbox(microsoft, now=NOW)


@pytest.fixture
def provider(mailbox) -> Iterator[GraphProvider]:
    with mailbox.open() as provider:
        yield provider


def folder_named(provider: GraphProvider, name: str) -> RemoteFolder:
    return next(folder for folder in provider.folders() if folder.name == name)


@pytest.fixture
def inbox(mailbox, provider) -> RemoteFolder:
    folder = folder_named(provider, "INBOX")
    mailbox.requests()
    return folder


def pages(provider: GraphProvider, folder: RemoteFolder, **more) -> Iterator[Page]:
    anchor, cursor = more.pop("anchor", "") or provider.anchor(folder), more.pop("cursor", "")
    while True:
        page = provider.backfill_page(folder, cursor, anchor=anchor, **{"since": None, **more})
        yield page
        if page.done:
            return
        assert page.cursor != cursor
        cursor = page.cursor


def subjects(*found: Page) -> list[str]:
    return [envelope.subject for page in found for envelope in page.envelopes]


def quotes(*numbers: int) -> list[str]:
    return [f"Quote {number}" for number in numbers]


def test_the_past_comes_newest_first_and_says_how_much_is_left(mailbox, provider, inbox):
    for number in range(450):
        mailbox.deliver(mail(number))
    found = list(pages(provider, inbox))
    assert subjects(*found) == quotes(*range(449, -1, -1))
    assert [page.remaining for page in found] == [251, 52, 0]


def test_a_page_never_ends_within_a_second(mailbox, provider, inbox):
    import_ = NOW - timedelta(days=9)
    for number in range(50):
        mailbox.deliver(mail(number), received_at=NOW - timedelta(days=10, seconds=number))
    for number in range(50, 400):
        mailbox.deliver(mail(number), received_at=import_)
    for number in range(400, 420):
        mailbox.deliver(mail(number))
    found = list(pages(provider, inbox))
    assert sorted(subjects(*found)) == sorted(quotes(*range(420)))
    seconds = [{envelope.received_at for envelope in page.envelopes} for page in found]
    assert (len(found), seconds[0] & seconds[1]) == (2, set())


def test_mail_that_arrived_within_a_second_is_not_missed_at_its_edge(mailbox, provider, inbox):
    """Exchange keeps fractions of a second that Graph does not show, and compares with them."""
    for number in range(450):
        mailbox.deliver(mail(number), received_at=NOW - timedelta(days=9) + timedelta(milliseconds=700 * number))
    found = list(pages(provider, inbox))
    assert sorted(subjects(*found)) == sorted(quotes(*range(450)))
    assert len(provider.remote_ids(inbox, since=None)) == 450


def test_what_is_deleted_meanwhile_makes_nothing_else_be_missed(mailbox, provider, inbox):
    keys = [mailbox.deliver(mail(number)) for number in range(300)]
    listing = pages(provider, inbox)
    first = next(listing)
    for key in keys[150:]:
        mailbox.box.purge(key)
    rest = list(listing)
    assert set(subjects(first, *rest)) >= set(quotes(*range(150)))


def test_what_is_moved_here_meanwhile_is_found_in_another_lap(mailbox, provider, inbox):
    for number in range(210):
        mailbox.deliver(mail(number))
    old = mailbox.deliver(mail(900), "Archive", received_at=NOW + timedelta(seconds=205))
    listing = pages(provider, inbox)
    next(listing)
    mailbox.box.move(old, "inbox")
    rest = list(listing)
    assert [len(page.envelopes) for page in rest] == [11, 0]
    assert old in {remote_id for page in rest for remote_id in page.touched}
    assert len({remote_id for page in rest for remote_id in page.touched}) == 211
    assert rest[-1].done


def test_the_window_bounds_listing_and_count_alike(mailbox, provider, inbox):
    for number in range(10):
        mailbox.deliver(mail(number), received_at=NOW - timedelta(days=number))
    found = list(pages(provider, inbox, since=NOW - timedelta(days=4)))
    assert subjects(*found) == quotes(0, 1, 2, 3, 4)
    assert provider.remote_ids(inbox, since=NOW - timedelta(days=4)) == {
        envelope.remote_id for page in found for envelope in page.envelopes
    }


def listing_answers(*rows: dict[str, object]):
    body = json.dumps({"value": list(rows)})
    return lambda request: Response(body, content_type="application/json") if "$orderby" in request.args else None


def test_a_listing_that_comes_up_short_is_not_taken_for_complete(microsoft, mailbox, provider, inbox):
    keys = {mailbox.deliver(mail(number)) for number in range(3)}
    anchor = provider.anchor(inbox)
    microsoft.faults.add(listing_answers(), path="/messages$")
    first, second = pages(provider, inbox, anchor=anchor)
    assert (first.envelopes, first.done) == ([], False)
    assert (set(second.touched), second.envelopes, second.done) == (keys, [], True)


def test_a_listing_that_never_adds_up_is_left_to_the_daily_comparison(microsoft, mailbox, provider, inbox):
    mailbox.deliver(mail(1))
    anchor = provider.anchor(inbox)
    microsoft.faults.always(listing_answers(), path="/messages$")
    assert [page.done for page in pages(provider, inbox, anchor=anchor)] == [False, False, True]


def test_no_count_is_not_a_count_of_none(microsoft, mailbox, provider, inbox):
    mailbox.deliver(mail(1))
    anchor = provider.anchor(inbox)
    microsoft.faults.counts_missing = True
    page = provider.backfill_page(inbox, "", anchor=anchor, since=None)
    assert (subjects(page), page.done) == (quotes(1), False)
    mailbox.requests()
    with pytest.raises(TemporarilyUnavailable) as caught:
        provider.backfill_page(inbox, page.cursor, anchor=anchor, since=None)
    assert (caught.value.cause, len(mailbox.requests())) == ("answer_not_understood", 1)
    microsoft.faults.counts_missing = False
    (last,) = pages(provider, inbox, anchor=anchor, cursor=page.cursor)
    assert (last.envelopes, last.touched, last.done) == ([], [], True)


def test_the_past_of_an_empty_folder_costs_nothing(mailbox, provider, inbox):
    anchor = provider.anchor(inbox)
    mailbox.requests()
    (page,) = pages(provider, inbox, anchor=anchor)
    again = provider.backfill_page(inbox, page.cursor, anchor=anchor, since=None)
    assert (page.envelopes, page.done, again.done, mailbox.requests()) == ([], True, True, [])


def test_only_mail_that_names_somebody_of_interest_has_its_headers_read(mailbox, provider, inbox):
    wanted = mailbox.deliver(mail(1, sender="Ken@Client.example"))
    others = [mailbox.deliver(mail(number, sender=f"p{number}@other.example")) for number in range(2, 30)]
    copied = mailbox.deliver(mail(40, sender="x@other.example", more="Cc: ken@client.example\r\n"))
    marked = mailbox.deliver(mail(41, sender="y@other.example"), categories=["CRM/Log"])
    anchor = provider.anchor(inbox)
    mailbox.requests()
    (page,) = pages(provider, inbox, anchor=anchor, interest=interest("ken@client.example"))
    assert [envelope.remote_id for envelope in page.envelopes] == [marked, copied, wanted]
    assert page.sifted == others[::-1]
    read = {request.rpartition("/")[2] for request in mailbox.requests() if "/messages/" in request}
    assert read == {marked, copied, wanted}


def test_nothing_is_sifted_in_a_folder_that_is_a_mark(mailbox, provider):
    marked = mailbox.deliver(mail(1, sender="x@other.example"), "顧客")
    folder = folder_named(provider, "顧客")
    wanted = interest("ken@client.example", mark_names=MarkNames(log="顧客"))
    (page,) = pages(provider, folder, interest=wanted)
    assert [envelope.remote_id for envelope in page.envelopes] == [marked]


def test_sent_mail_is_never_sifted_and_its_headers_are_not_asked_for(mailbox, provider):
    sent = folder_named(provider, "Sent Items")
    extra = "Sensitivity: Private\r\nReferences: <r@x>\r\n"
    mailbox.deliver(mail(1, to="somebody@new.example", more=extra), "Sent")
    anchor = provider.anchor(sent)
    mailbox.requests()
    (page,) = pages(provider, sent, anchor=anchor, interest=interest("ken@client.example"))
    (envelope,) = page.envelopes
    assert (envelope.sent_by_owner, envelope.is_private, envelope.references) == (True, True, ("<r@x>",))
    assert [request.rpartition("/")[2] for request in mailbox.requests()] == ["messages", "messages"]


def test_private_mail_is_told_among_what_names_somebody_of_interest(mailbox, provider, inbox):
    mailbox.deliver(mail(1, more="Sensitivity: Private\r\n"))
    (page,) = pages(provider, inbox, interest=interest("ken@client.example"))
    assert [envelope.is_private for envelope in page.envelopes] == [True]


def test_a_pause_in_mid_page_keeps_what_was_read(microsoft, mailbox, provider, inbox):
    keys = [mailbox.deliver(mail(number)) for number in range(60)]
    anchor = provider.anchor(inbox)
    microsoft.faults.add(faults.throttled(20), path=f"/messages/{keys[30]}$")
    first = provider.backfill_page(inbox, "", anchor=anchor, since=None)
    assert (subjects(first), first.done, first.remaining) == (quotes(*range(59, 30, -1)), False, 31)
    mailbox.requests()
    with pytest.raises(RateLimited):
        provider.backfill_page(inbox, first.cursor, anchor=anchor, since=None)
    assert mailbox.requests() == []
    mailbox.now += timedelta(seconds=20)
    rest = list(pages(provider, inbox, anchor=anchor, cursor=first.cursor))
    assert subjects(*rest) == quotes(*range(30, -1, -1))
    assert rest[-1].touched == []  # all were counted


def test_a_pause_within_one_second_is_an_error_and_nothing_is_skipped(microsoft, mailbox, provider, inbox):
    keys = [mailbox.deliver(mail(number), received_at=NOW) for number in range(3)]
    anchor = provider.anchor(inbox)
    microsoft.faults.add(faults.throttled(), path=f"/messages/{keys[0]}$")
    with pytest.raises(RateLimited):
        provider.backfill_page(inbox, "", anchor=anchor, since=None)
    mailbox.now += timedelta(seconds=20)
    assert sorted(subjects(*pages(provider, inbox, anchor=anchor))) == quotes(0, 1, 2)


def test_a_message_that_graph_stumbles_over_is_told(microsoft, mailbox, provider, inbox):
    keys = [mailbox.deliver(mail(number)) for number in range(3)]
    microsoft.faults.always(faults.unavailable(500), path=f"/messages/{keys[1]}$")
    (page,) = pages(provider, inbox)
    assert (subjects(page), page.unreadable) == (quotes(2, 0), [Unreadable(keys[1], "refused_by_server")])


def test_named_envelopes_are_read_or_not_at_all(microsoft, mailbox, provider, inbox):
    keys = [mailbox.deliver(mail(number)) for number in range(30)]
    microsoft.faults.add(faults.throttled(), path=f"/messages/{keys[3]}$")
    with pytest.raises(RateLimited):
        provider.envelopes(inbox, keys)
    mailbox.now += timedelta(seconds=60)
    assert len(provider.envelopes(inbox, [*keys, *keys, "nothing"])[0]) == 30


def test_a_folder_that_is_gone_says_so(provider):
    gone = RemoteFolder("Nowhere", "Nowhere", FolderRole.OTHER)
    anchor = provider.anchor(folder_named(provider, "INBOX"))
    for call in (
        lambda: provider.remote_ids(gone, since=None),
        lambda: provider.marks(gone, "", DEFAULT_NAMES),
        lambda: provider.search(gone, SearchQuery()),
        lambda: provider.search(gone, SearchQuery(text="x")),
    ):
        with pytest.raises(FolderGone):
            call()
    assert anchor


# Marks


def marks_of(provider: GraphProvider, folder: RemoteFolder, names: MarkNames = DEFAULT_NAMES) -> set[MarkedMessage]:
    found = provider.marks(folder, "", names)
    return set(found.messages)


def test_categories_are_marks_in_any_case(mailbox, provider, inbox):
    log = mailbox.deliver(mail(1), categories=["Red", "crm/LOG"])
    both = mailbox.deliver(mail(2), categories=["CRM/Private", "CRM/Log"])
    mailbox.deliver(mail(3), categories=["Red"])
    assert marks_of(provider, inbox) == {
        MarkedMessage(log, Mark.LOG, MarkSource.LABEL),
        MarkedMessage(both, Mark.LOG, MarkSource.LABEL),
        MarkedMessage(both, Mark.PRIVATE, MarkSource.LABEL),
    }


def test_names_may_hold_anything_and_no_names_are_no_marks(mailbox, provider, inbox):
    key = mailbox.deliver(mail(1), categories=["It's & mine/営業"])
    names = MarkNames(log="It's & mine/営業", private="")
    assert marks_of(provider, inbox, names) == {MarkedMessage(key, Mark.LOG, MarkSource.LABEL)}
    mailbox.requests()
    assert (marks_of(provider, inbox, NO_NAMES), mailbox.requests()) == (set(), [])


def test_a_folder_of_that_name_marks_all_that_lies_in_it(mailbox, provider):
    keys = [mailbox.deliver(mail(number), "CRM/Private/2026") for number in range(3)]
    folder = folder_named(provider, "CRM/Private/2026")
    assert marks_of(provider, folder) == {MarkedMessage(key, Mark.PRIVATE, MarkSource.FOLDER) for key in keys}


def test_marks_are_read_again_when_something_has_happened_and_else_not(mailbox, provider, inbox):
    key = mailbox.deliver(mail(1))

    def poll(cursor: str, marks: str):
        provider.unchanged({inbox.remote_id: cursor})
        found = provider.marks(inbox, marks, DEFAULT_NAMES)
        return provider.live_page(inbox, cursor).cursor, found

    cursor = provider.live_page(inbox, provider.anchor(inbox)).cursor
    cursor, found = poll(cursor, "")
    assert (found.messages, poll(cursor, found.cursor)[1]) == (frozenset(), None)
    mailbox.box.categorise(key, add=["CRM/Log"])
    cursor, found = poll(cursor, found.cursor)
    assert found.messages == {MarkedMessage(key, Mark.LOG, MarkSource.LABEL)}
    assert poll(cursor, found.cursor)[1] is None
    mailbox.box.categorise(key, remove=["CRM/Log"])
    cursor, found = poll(cursor, found.cursor)
    assert found.messages == frozenset()
    assert provider.unchanged({inbox.remote_id: cursor}) == {inbox.remote_id}
    assert provider.marks(inbox, found.cursor, MarkNames(log="Other")) is not None


# Searching


def test_words_are_searched_for_by_exchange_and_cannot_break_out_of_their_phrase(mailbox, provider, inbox):
    mailbox.deliver(mail(1))
    mailbox.deliver(mail(2, sender="mari@other.example"))

    def search(**query):
        return [envelope.subject for envelope in provider.search(inbox, SearchQuery(**query))]

    assert search(address="mari@other.example", text="Hello") == ["Quote 2"]
    assert search(text='Hello" OR subject:"Quote') == []
    assert search(text="Hello\\") == ["Quote 2", "Quote 1"]
    assert search(message_id="<m'1@x>") == []
    assert search(text="Hello", since=NOW - timedelta(days=1), until=NOW + timedelta(days=1)) == ["Quote 2", "Quote 1"]
    assert search(text="Hello", since=NOW + timedelta(days=3)) == []


def test_a_search_with_words_goes_on_below_too(mailbox, provider, inbox):
    for number in range(6):
        mailbox.deliver(mail(number), received_at=NOW)
    seen, below = [], ""
    while found := provider.search(inbox, SearchQuery(text="Hello", below=below, limit=4)):
        seen += [envelope.subject for envelope in found]
        below = found[-1].remote_id
    assert (len(seen), set(seen)) == (6, set(quotes(*range(6))))


def test_a_search_looks_as_far_as_it_must_and_no_further(mailbox, provider, inbox):
    for number in range(350):
        mailbox.deliver(mail(number), received_at=NOW)
    old = mailbox.deliver(mail(900), received_at=NOW - timedelta(days=1))
    mailbox.requests()
    first = provider.search(inbox, SearchQuery(limit=20))
    assert (len(first), len(mailbox.requests())) == (20, 1)
    everything = provider.search(inbox, SearchQuery(limit=400))
    assert (len(everything), everything[-1].remote_id) == (351, old)
