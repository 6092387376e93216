"""The page of the audit log and what is taken along from it."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.utils import timezone, translation

from audit.actions import record
from audit.acts import words_of
from audit.models import AuditEvent
from contacts.models import Contact
from inboxes.models import Inbox
from logging_rules.actions import add_never_log_entry
from tests.factories.contacts import make_contact
from tests.factories.inboxes import connected_inbox
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def events(alice, bob, admin):
    inbox = connected_inbox(alice)
    return [
        record(by=alice, action="inbox.paused", target=inbox),
        record(by=admin, action="inbox.disabled", target=inbox, details={"cause": "owner_left"}),
        record(by=None, action="inbox.needs_reconnect", target=inbox),
        record(by=bob, action="contact.created", target=make_contact("=HYPERLINK(1)")),
    ]


def shown(client, query="", **headers):
    response = client.get(f"/admin/audit/{query}", **headers)
    assert response.status_code == 200
    actions = [line.event.action for line in response.context["page"].lines]
    return [action for action in actions if action != "person.signed_in"]  # the reader's own


def taken(client, query, kind):
    response = client.get(f"/admin/audit/export.{kind}{query}")
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode()


def test_the_newest_comes_first_with_words_and_a_link_to_what_is_still_there(admin_client, events):
    page = admin_client.get("/admin/audit/")
    assert [line.words for line in page.context["page"].lines][:2] == [
        "Contact added",
        "Inbox stopped until somebody reconnects it",
    ]
    contact = page.context["page"].lines[0].target
    assert (contact.name, contact.url) == ("=HYPERLINK(1)", Contact.objects.get().get_absolute_url())


def test_what_was_done_is_told_in_words(alice, bob, admin_client, admin):
    policy = {"preset": "known", "hold_ambiguous": True, "visibility": "", "of_an_older_version": "x"}
    roles = {"before": {"role": "member", "account_access": False}, "after": {"role": "super_admin"}}
    record(by=alice, action="logging.inbox_policy_set", target=connected_inbox(alice), details=policy)
    record(
        by=admin,
        action="inbox.became_team",
        target=connected_inbox(bob, "bob@ours.example"),
        details={"members": [bob.pk, alice.pk]},
    )
    record(by=admin, action="person.role_changed", target=bob, details=roles)

    lines = admin_client.get("/admin/audit/").context["page"].lines
    assert [line.details for line in lines[:3]] == [
        [("Before", "Role: Member, Account access: No"), ("After", "Role: Super admin")],
        [("Members", f"{bob.name}, {alice.name}")],
        [
            ("What is logged", "All mail with known contacts"),
            ("Ask you first when it is not clear", "Yes"),
            ("Who can see it", "–"),
            ("of_an_older_version", "x"),
        ],
    ]


def test_days_are_told_as_the_reader_has_them(admin, admin_client):
    admin.time_zone = "Asia/Tokyo"
    admin.save()
    inbox = connected_inbox(admin)
    record(by=admin, action="inbox.history_chosen", target=inbox, details={"since": "2026-08-25T20:08:16.661121+00:00"})
    record(by=admin, action="inbox.history_chosen", target=inbox, details={"since": ""})
    record(by=admin, action="audit.exported", target=admin, details={"filter": {"until": "2026-11-01"}})

    lines = admin_client.get("/admin/audit/").context["page"].lines
    assert [line.details for line in lines[:3]] == [
        [("Filter", "Until: Nov. 1, 2026")],
        [("Read from", "–")],
        [("Read from", "Aug. 26, 2026")],
    ]


def test_what_is_gone_is_said_to_be_gone(admin_client, events):
    Inbox.objects.all().delete()
    assert b"deleted, or private to somebody" in admin_client.get("/admin/audit/").content


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?person=alice", ["inbox.paused"]),
        ("?person=admin@", ["inbox.disabled"]),
        ("?person=nobody", []),
        ("?group=contact", ["contact.created"]),
        ("?group=inbox&person=alice", ["inbox.paused"]),
        ("?since=2001-01-01&until=2001-01-02", []),
    ],
)
def test_it_can_be_searched_by_person_group_and_days(admin_client, events, query, expected):
    assert shown(admin_client, query) == expected


def test_days_are_the_readers_and_both_are_included(admin_client, events, admin):
    User.objects.filter(pk=admin.pk).update(time_zone="Asia/Tokyo")
    with timezone.override("Asia/Tokyo"):
        today = timezone.localdate()
    assert len(shown(admin_client, f"?since={today}&until={today}")) == 4
    assert shown(admin_client, f"?until={today - timedelta(days=1)}") == []


def test_everything_about_one_thing_or_of_one_request_can_be_shown(admin_client, events, alice):
    inbox = Inbox.objects.get()
    assert shown(admin_client, f"?about=inboxes.inbox:{inbox.pk}") == [
        "inbox.needs_reconnect",
        "inbox.disabled",
        "inbox.paused",
    ]
    AuditEvent.objects.create(action="inbox.paused", target_type="x", target_id="1", request_id="abc")
    assert shown(admin_client, "?request=abc") == ["inbox.paused"]


def test_days_the_wrong_way_round_are_said_and_nothing_is_shown(admin_client, events):
    response = admin_client.get("/admin/audit/?since=2026-03-02&until=2026-03-01")
    assert (response.status_code, response.context["page"]) == (422, None)
    assert "This day is before the first one." in response.content.decode()


def test_pages_follow_one_another_without_a_gap_or_a_repetition(admin_client, events, admin, monkeypatch):
    monkeypatch.setattr("audit.queries.PAGE", 3)
    for number in range(5):
        record(by=admin, action="workspace.renamed", target=admin, details={"number": number})
    found, query = [], ""
    for _ in range(4):
        page = admin_client.get(f"/admin/audit/{query}").context["page"]
        found += [line.event.pk for line in page.lines]
        query = f"?before={page.older}"
    everything = AuditEvent.objects.order_by("-created_at", "-pk").values_list("pk", flat=True)
    assert (found, page.older) == (list(everything), None)


def test_a_day_that_nothing_comes_after_is_refused(admin_client, events):
    page = admin_client.get("/admin/audit/?until=9999-12-31&group=contact")
    assert (page.status_code, page.context["form"].errors.keys()) == (422, {"until"})


def test_the_export_holds_what_the_filter_shows_and_is_itself_on_record(admin_client, events, admin, alice):
    rows = list(csv.reader(io.StringIO(taken(admin_client, "?group=inbox", "csv").removeprefix("\ufeff"))))
    assert [row[3] for row in rows] == ["action", "inbox.needs_reconnect", "inbox.disabled", "inbox.paused"]
    exported = AuditEvent.objects.latest("pk")
    assert (exported.actor, exported.action) == (admin, "audit.exported")
    assert exported.details == {"format": "csv", "filter": {"group": "inbox"}}
    taken(admin_client, "?person=alice", "jsonl")
    assert AuditEvent.objects.latest("pk").details["filter"] == {"people": [alice.pk]}


def test_the_export_speaks_the_readers_language(admin_client, events, admin):
    User.objects.filter(pk=admin.pk).update(language="ja")
    [line] = taken(admin_client, "?person=alice", "jsonl").splitlines()
    with translation.override("ja"):
        words = words_of("inbox.paused")
    assert (json.loads(line)["words"], words == words_of("inbox.paused")) == (words, False)


def test_no_cell_of_the_export_is_a_formula(admin_client, admin):
    User.objects.filter(pk=admin.pk).update(name="=cmd|' /C calc'!A0")
    record(by=admin, action="workspace.renamed", target=admin)
    rows = list(csv.reader(io.StringIO(taken(admin_client, "", "csv").removeprefix("\ufeff"))))
    assert rows[1][1] == "'=cmd|' /C calc'!A0"


def test_json_lines_hold_one_event_each(admin_client, events):
    lines = [json.loads(line) for line in taken(admin_client, "?person=admin&group=inbox", "jsonl").splitlines()]
    assert [(line["action"], line["email"], line["details"]) for line in lines] == [
        ("inbox.disabled", "admin@genkan.example", {"cause": "owner_left"})
    ]


def test_nobody_but_super_admins_reads_or_takes_it(alice_client, events):
    for page in ("", "export.csv", "export.jsonl"):
        assert alice_client.get(f"/admin/audit/{page}").status_code == 403
    assert not AuditEvent.objects.filter(action="audit.exported").exists()


def test_the_log_names_no_entry_of_a_colleagues_own_never_log_list(admin_client, admin, alice):
    add_never_log_entry(text="hidden-clinic.example", by=alice, owner=alice)
    add_never_log_entry(text="shared.example", by=admin, owner=None)
    content = admin_client.get("/admin/audit/").content.decode()
    assert ("shared.example" in content, "hidden-clinic" in content) == (True, False)
    assert "hidden-clinic" not in taken(admin_client, "", "csv") + taken(admin_client, "", "jsonl")
