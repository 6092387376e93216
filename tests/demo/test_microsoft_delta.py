"""Delta rounds of the stand-in for Graph: what they tell, what they repeat, when they die."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.demo.microsoft_clients import IMMUTABLE, Graph, code, mail
from tests.fakes.microsoft import FakeMicrosoft

YUKI = "yuki@minato.example"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
INBOX = "me/mailFolders/inbox/messages/delta"


@pytest.fixture
def mailbox(microsoft: FakeMicrosoft):
    return microsoft.mailbox(YUKI)


@pytest.fixture
def graph(microsoft: FakeMicrosoft, mailbox):
    client = Graph(microsoft, YUKI)
    yield client
    client.close()


def fill(mailbox, number: int) -> list[str]:
    return [mailbox.deliver(mail(f"Mail {n}"), received_at=NOON + timedelta(minutes=n)) for n in range(number)]


def paged(rows: int) -> dict[str, str]:
    return {"Prefer": f'IdType="ImmutableId", odata.maxpagesize={rows}'}


def ids(pages: list[list[dict]]) -> list[str]:
    return [row["id"] for page in pages for row in page]


def test_a_round_lists_the_folder_and_the_next_one_what_changed(mailbox, graph):
    delivered = fill(mailbox, 7)
    pages, link = graph.round(INBOX, paged(3), **{"$select": "subject"})
    assert [len(page) for page in pages] == [3, 3, 1]
    assert sorted(ids(pages)) == sorted(delivered)
    assert set(pages[0][0]) == {"@odata.etag", "id", "subject"}
    assert graph.round(link) == ([[]], graph.round(link)[1])
    new = mailbox.deliver(mail("New"))
    mailbox.move(delivered[0], "archive")
    mailbox.purge(delivered[1])
    mailbox.categorise(delivered[2], add=["CRM/Log"])
    [rows], _ = graph.round(link, paged(10))
    assert {row["id"]: row.get("@removed") for row in rows} == {
        new: None,
        delivered[0]: {"reason": "deleted"},
        delivered[1]: {"reason": "deleted"},
        delivered[2]: None,
    }
    assert "subject" in next(row for row in rows if row["id"] == delivered[2])


def test_links_stay_on_the_host_that_was_asked(microsoft, mailbox, graph):
    fill(mailbox, 2)
    first = graph.get(INBOX, paged(1)).json()["@odata.nextLink"]
    assert first.startswith(f"{microsoft.url}/v1.0/me/mailFolders('")
    assert graph.round(first, paged(1))[1].startswith(microsoft.url)


def test_mail_that_comes_during_a_round_is_told_in_the_next(mailbox, graph):
    fill(mailbox, 4)
    first = graph.get(INBOX, paged(2)).json()
    meanwhile = mailbox.deliver(mail("Meanwhile"), received_at=NOON + timedelta(days=1))
    pages, link = graph.round(first["@odata.nextLink"], paged(2))
    assert meanwhile not in ids(pages)
    assert ids(graph.round(link)[0]) == [meanwhile]


def test_a_read_mark_is_told_with_the_id_and_no_more(mailbox, graph):
    [message] = fill(mailbox, 1)
    _, link = graph.round(INBOX, **{"$select": "subject,isRead"})
    mailbox.mark_read(message)
    [[row]], _ = graph.round(link)
    assert set(row) == {"@odata.type", "@odata.etag", "id", "isRead"}


def test_every_update_can_be_thin(microsoft, mailbox, graph):
    [message] = fill(mailbox, 1)
    _, link = graph.round(INBOX, **{"$select": "subject"})
    microsoft.faults.delta.thin_updates = True
    mailbox.categorise(message, add=["CRM/Log"])
    [[row]], _ = graph.round(link)
    assert set(row) == {"@odata.type", "@odata.etag", "id"}


def test_without_the_header_a_removal_names_the_old_id(mailbox, graph):
    [message] = fill(mailbox, 1)
    pages, link = graph.round(INBOX, {})
    mailbox.move(message, "archive")
    assert ids(graph.round(link, {})[0]) == ids(pages)
    assert ids(pages) != [message]


def test_rows_can_repeat_and_pages_be_empty(microsoft, mailbox, graph):
    fill(mailbox, 3)
    microsoft.faults.delta.repeats = True
    microsoft.faults.delta.empty_pages = 2
    pages, _ = graph.round(INBOX, paged(2))
    assert [len(page) for page in pages] == [0, 0, 3, 0, 0, 2]
    assert len(set(ids(pages))) == 3


def test_a_filtered_round_ends_early_and_looks_complete(microsoft, mailbox, graph):
    delivered = fill(mailbox, 6)
    microsoft.faults.delta.filtered_limit = 4
    since = {"$filter": "receivedDateTime ge 2026-03-01T12:01:00Z"}
    pages, link = graph.round(INBOX, paged(3), **since)
    assert ids(pages) == list(reversed(delivered))[:4]
    assert "$deltatoken" in link
    assert sorted(ids(graph.round(INBOX, paged(3))[0])) == sorted(delivered)


def test_a_filter_holds_for_later_rounds_as_well(mailbox, graph):
    _, link = graph.round(INBOX, **{"$filter": "receivedDateTime ge 2026-03-01T12:01:00Z"})
    delivered = fill(mailbox, 3)
    assert sorted(ids(graph.round(link)[0])) == sorted(delivered[1:])


@pytest.mark.parametrize("forgets", [False, True])
def test_mail_that_comes_back_is_told_unless_the_server_forgets_it(microsoft, mailbox, graph, forgets):
    microsoft.faults.delta.forgets_returns = forgets
    [message] = fill(mailbox, 1)
    _, link = graph.round(INBOX)
    mailbox.move(message, "archive")
    mailbox.move(message, "inbox")
    [rows], link = graph.round(link)
    assert [row.get("@removed") is not None for row in rows] == [forgets]
    mailbox.move(message, "archive")
    _, link = graph.round(link)
    mailbox.move(message, "inbox")
    assert len(ids(graph.round(link)[0])) == (0 if forgets else 1)


@pytest.mark.parametrize(
    ("kind", "next_dies", "delta_dies"), [("next", 410, 200), ("delta", 200, 410), ("all", 410, 410)]
)
def test_links_die_together_or_by_kind(mailbox, graph, kind, next_dies, delta_dies):
    fill(mailbox, 4)
    first = graph.get(INBOX, paged(2)).json()["@odata.nextLink"]
    _, link = graph.round(INBOX)
    mailbox.forget_sync_state(kind)
    assert (graph.get(first).status_code, graph.get(link).status_code) == (next_dies, delta_dies)
    assert graph.get(INBOX).status_code == 200


def test_a_dead_link_can_be_answered_in_other_words(microsoft, mailbox, graph):
    _, link = graph.round(INBOX)
    mailbox.forget_sync_state()
    assert code(graph.get(link)) == (410, "SyncStateNotFound")
    microsoft.faults.delta.lost_code, microsoft.faults.delta.lost_status = "resyncRequired", 400
    assert code(graph.get(link)) == (400, "resyncRequired")


def test_a_link_is_good_for_its_own_folder_and_takes_no_options(mailbox, graph):
    _, link = graph.round(INBOX)
    other = graph.round("me/mailFolders/archive/messages/delta")[1]
    mixed = other.partition("?")[0] + "?" + link.partition("?")[2]
    assert code(graph.get(mixed)) == (400, "ErrorInvalidUrlQuery")
    assert code(graph.get(link + "&$select=subject", IMMUTABLE)) == (400, "ErrorInvalidUrlQuery")


def test_one_kind_of_change_can_be_asked_for(mailbox, graph):
    [message] = fill(mailbox, 1)
    _, link = graph.round(INBOX, changeType="created")
    mailbox.move(message, "archive")
    new = mailbox.deliver(mail("New"))
    assert ids(graph.round(link)[0]) == [new]


def test_folders_are_told_of_as_well(mailbox, graph):
    pages, link = graph.round("me/mailFolders/delta", paged(3))
    assert {"Inbox", "Sent Items"} <= {row["displayName"] for page in pages for row in page}
    made = mailbox.folder("Projects/2026")
    mailbox.rename_folder("archive", "Old mail")
    pages, link = graph.round(link)
    assert {row["displayName"] for row in pages[0]} == {"Projects", "2026", "Old mail"}
    mailbox.remove_folder(made.id)
    assert graph.round(link)[0] == [[{"id": made.id, "@removed": {"reason": "deleted"}}]]
