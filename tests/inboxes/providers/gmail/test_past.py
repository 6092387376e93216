"""The past: windows, what is sifted out of them, what they cost, and how they go wrong."""

from datetime import timedelta

import pytest

from inboxes.marks import MarkNames
from inboxes.providers.base import CursorExpired, PaceReached
from inboxes.providers.gmail import listing, provider, queries
from inboxes.providers.gmail.labels import MAILBOX
from tests.factories.inboxes import interest
from tests.fakes.google import answers
from tests.inboxes.providers.gmail.world import NOW, envelopes, follow_past, mail, subjects


def deliver(world, number, *, days=0.0, labels=("INBOX",), **more):
    return world.mailbox.deliver(mail(number, **more), labels=labels, received_at=NOW - timedelta(days=days))


def sifted(pages):
    return [remote_id for page in pages for remote_id in page.sifted]


def test_the_past_is_read_window_by_window_newest_first(world, gmail):
    for number in range(12):
        deliver(world, number, days=number * 25)
    pages, _ = follow_past(gmail, gmail.anchor(MAILBOX))
    assert subjects(pages) == [f"Quote {number}" for number in range(12)]
    assert len([page for page in pages if page.envelopes]) > 5


def test_years_without_mail_are_passed_quickly(world, gmail):
    deliver(world, 1)
    deliver(world, 2, days=56 * 365)  # what an import without a date is given
    deliver(world, 3, days=20 * 365)
    anchor = gmail.anchor(MAILBOX)
    world.operations()
    pages, _ = follow_past(gmail, anchor)
    assert subjects(pages) == ["Quote 1", "Quote 3", "Quote 2"]
    assert len(pages) < 30


def test_a_window_that_begins_later_ends_there_without_another_question(world, gmail):
    deliver(world, 1)
    deliver(world, 2, days=400)
    anchor = gmail.anchor(MAILBOX)
    world.operations()
    pages, _ = follow_past(gmail, anchor, since=NOW - timedelta(days=10))
    assert (subjects(pages), len(pages)) == (["Quote 1"], 1)
    assert world.operations() == ["messages.list", "history.list", "labels.list", "messages.get"]


def test_a_mail_on_the_edge_of_two_windows_is_read_once(world, gmail):
    for seconds in range(-2, 3):
        deliver(world, seconds, days=30 + seconds / 86400)
    pages, _ = follow_past(gmail, gmail.anchor(MAILBOX))
    assert sorted(subjects(pages)) == sorted(f"Quote {number}" for number in range(-2, 3))


def test_what_remains_is_told_and_becomes_less(world, gmail, monkeypatch):
    monkeypatch.setattr(provider, "PAGE_MESSAGES", 10)
    for number in range(50):
        deliver(world, number, days=number)
    pages, _ = follow_past(gmail, gmail.anchor(MAILBOX))
    remaining = [page.remaining for page in pages]
    assert 30 <= remaining[0] <= 50
    assert remaining[-1] == 0
    assert remaining == sorted(remaining, reverse=True)


def test_mail_that_arrives_while_the_past_is_read_is_left_to_the_live_track(world, gmail, monkeypatch):
    monkeypatch.setattr(listing, "PAGE", 3)
    for number in range(5):
        deliver(world, number, days=5 - number)
    anchor = gmail.anchor(MAILBOX)
    deliver(world, 5)
    first = gmail.backfill_page(MAILBOX, "", anchor=anchor, since=None)
    deliver(world, 6)
    pages, _ = follow_past(gmail, anchor)
    assert subjects([first]) == ["Quote 4", "Quote 3"]
    assert subjects(pages) == [f"Quote {number}" for number in (4, 3, 2, 1, 0)]


def test_the_past_is_read_even_when_its_anchor_is_forgotten(world, gmail):
    deliver(world, 1, days=1)
    anchor = gmail.anchor(MAILBOX)
    deliver(world, 2)
    world.mailbox.expire_history()
    pages, _ = follow_past(gmail, anchor, interest=interest("nobody@client.example"))
    assert (subjects(pages), sifted(pages)) == (["Quote 2", "Quote 1"], [])


@pytest.mark.parametrize("after_pages", [1, 2, 3])
def test_page_tokens_that_die_restart_their_window_only(world, gmail, monkeypatch, after_pages):
    monkeypatch.setattr(listing, "PAGE", 4)
    for number in range(30):
        deliver(world, number, days=number * 4)
    anchor, cursor, pages = gmail.anchor(MAILBOX), "", []
    for _ in range(after_pages):
        pages.append(gmail.backfill_page(MAILBOX, cursor, anchor=anchor, since=None))
        cursor = pages[-1].cursor
    world.google.page_tokens.forget()
    while not pages[-1].done:
        pages.append(gmail.backfill_page(MAILBOX, cursor, anchor=anchor, since=None))
        cursor = pages[-1].cursor
    found = [one.remote_id for one in envelopes(pages)]
    assert set(found) == world.mailbox.messages.keys()
    assert len(found) - len(set(found)) <= 8


def test_page_tokens_that_live_for_no_time_at_all_still_lead_to_the_end(world, gmail, monkeypatch):
    monkeypatch.setattr(listing, "PAGE", 4)
    world.google.page_tokens.lifetime = timedelta(seconds=-1)
    for number in range(30):
        deliver(world, number, days=number)
    pages, _ = follow_past(gmail, gmail.anchor(MAILBOX))
    assert {one.remote_id for one in envelopes(pages)} == world.mailbox.messages.keys()


def test_what_was_read_before_the_units_ran_out_counts(world, gmail):
    for number in range(60):
        deliver(world, number, days=number / 10)
    anchor = gmail.anchor(MAILBOX)
    world.purse.budget = 5 + 5 + 2 + 1 + 25 * 20 + 100
    page = gmail.backfill_page(MAILBOX, "", anchor=anchor, since=None)
    assert (len(page.envelopes), page.done) == (25, False)
    with pytest.raises(PaceReached):
        gmail.backfill_page(MAILBOX, page.cursor, anchor=anchor, since=None)
    world.purse.budget, cursor, pages = 10_000, page.cursor, [page]
    with world.open() as reopened:
        while not pages[-1].done:
            pages.append(reopened.backfill_page(MAILBOX, cursor, anchor=anchor, since=None))
            cursor = pages[-1].cursor
    assert subjects(pages) == [f"Quote {number}" for number in range(60)]


# The sieve


def test_with_an_interest_only_what_may_matter_is_read(world, gmail):
    wanted = {
        deliver(world, 1, days=1),
        deliver(world, 2, days=2, sender="x@y.example", to="ken@client.example"),
        deliver(world, 3, days=3, sender="x@y.example", more="Cc: Ken <KEN@client.example>\r\n"),
        deliver(world, 4, days=4, labels=["SENT"], sender="haruka@crm.example", to="new@somebody.example"),
        deliver(world, 5, days=5, labels=["INBOX", "CRM/Log"], sender="x@y.example"),
        deliver(world, 6, days=6, labels=["CRM/Private"], sender="x@y.example"),
    }
    others = {deliver(world, 10 + number, days=number / 3, sender="x@y.example") for number in range(80)}
    world.operations()
    pages, _ = follow_past(gmail, gmail.anchor(MAILBOX), interest=interest("ken@client.example", "mari@client.example"))
    assert {one.remote_id for one in envelopes(pages)} == wanted
    assert (set(sifted(pages)), len(sifted(pages))) == (others, 80)
    assert world.operations().count("messages.get") == len(wanted)


def test_marks_of_other_names_pass_the_sieve_too(world, gmail):
    marked = deliver(world, 1, days=1, labels=["顧客/記録"], sender="x@y.example")
    for number in range(20):
        deliver(world, 10 + number, days=number, sender="x@y.example")
    wanted = interest("ken@client.example", mark_names=MarkNames(log="顧客/記録"))
    pages, _ = follow_past(gmail, gmail.anchor(MAILBOX), interest=wanted)
    assert [one.remote_id for one in envelopes(pages)] == [marked]


def test_nothing_is_sifted_where_finding_out_costs_more_than_reading(world, gmail):
    deliver(world, 1, sender="x@y.example", days=1)
    addresses = [f"person{number}@client.example" for number in range(200)]
    pages, _ = follow_past(gmail, gmail.anchor(MAILBOX), interest=interest(*addresses))
    assert (subjects(pages), sifted(pages)) == (["Quote 1"], [])


def test_a_search_that_fails_sifts_nothing_out(world, gmail):
    for number in range(30):
        deliver(world, number, days=1, sender="x@y.example")
    world.google.faults.next("messages.list", answers.backend_error(), skip=2, times=2)
    anchor = gmail.anchor(MAILBOX)
    with pytest.raises(Exception, match="provider_trouble"):
        gmail.backfill_page(MAILBOX, "", anchor=anchor, since=None, interest=interest("ken@client.example"))
    pages, _ = follow_past(gmail, anchor, interest=interest("ken@client.example"))
    assert len(sifted(pages)) == 30


def test_ten_thousand_mails_are_listed_again_within_the_units_of_a_minute(world, gmail):
    """After a lost cursor: everything is accounted for, and only what may matter is read."""
    for number in range(10_000):
        world.mailbox.deliver(
            mail(number, sender="ken@client.example" if number % 100 == 0 else "x@y.example"),
            received_at=NOW - timedelta(minutes=4 * number),
        )
    anchor = gmail.anchor(MAILBOX)
    world.purse.paid = 0
    pages, _ = follow_past(gmail, anchor, interest=interest("ken@client.example"))
    assert (len(envelopes(pages)), len(sifted(pages))) == (100, 9_900)
    assert {one.remote_id for one in envelopes(pages)}.union(sifted(pages)) == world.mailbox.messages.keys()
    assert world.purse.paid <= 100 * 20 + 500
    assert gmail.remote_ids(MAILBOX, since=None) == world.mailbox.messages.keys()


# Queries


@pytest.mark.parametrize("count", [0, 1, 19, 20, 21, 100])
def test_each_address_is_asked_for_once_in_queries_of_bounded_length(count):
    addresses = [f"person{number}@some-long-company-name.example" for number in range(count)]
    found = list(queries.naming(addresses))
    assert all(len(query) < 2 * queries.LENGTH for query in found)
    assert sorted(word for query in found for word in query.split() if "from:" in word) == sorted(
        ("{" if any(query.startswith("{from:" + address) for query in found) else "") + f"from:{address}"
        for address in addresses
    )


@pytest.mark.parametrize("hostile", ["a@b.example} in:anywhere {", 'a"@b.example', "a@b.example OR x", "(a@b.example)"])
def test_an_address_cannot_end_the_query_it_stands_in(hostile):
    [query] = queries.naming([hostile])
    assert (query.count("{"), query.count("}"), query.count('"'), query.count(" ")) == (1, 1, 0, 3)


def test_the_past_needs_an_anchor_of_ours(gmail):
    with pytest.raises(CursorExpired):
        gmail.backfill_page(MAILBOX, "", anchor="v1:7:7", since=None)
