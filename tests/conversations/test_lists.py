"""The shared list: what each view holds, in which order, and what a row says."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts.actions import ContactDetails, create_contact
from conversations import queries
from conversations.actions import mark_all_read, mark_read, restore
from conversations.models import Restoral
from conversations.queries import THREADS_PER_PAGE, Search, View, neighbours, team_inboxes, thread_page
from conversations.rows import rows_of
from inboxes.models import TeamMail, TeamThread
from tests.factories.conversations import NOON, arrive, team_inbox
from tests.factories.files import attach

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def inbox(alice, admin):
    return team_inbox(alice, owner=admin)


@pytest.fixture
def sarah(alice):
    details = ContactDetails(name="Sarah Okafor", emails=["sarah@meridian.example"], company="Meridian")
    return create_contact(by=alice, details=details)


def address(inbox, query=""):
    return reverse("conversations:thread-list", args=[inbox.code]) + query


def subjects(threads):
    return [thread.newest.subject for thread in threads]


def listed(inbox, person, view=View.ALL, text=""):
    return subjects(thread_page(Search(inbox, view, text), person).threads)


class TestViews:
    def test_all_holds_what_is_not_filtered_newest_first(self, inbox, alice):
        arrive(inbox, "First")
        arrive(inbox, "Second", at=NOON + HOUR)
        arrive(inbox, "Voucher", filtered="spam")

        assert listed(inbox, alice) == ["Second", "First"]

    def test_unread_holds_what_the_person_has_not_read(self, inbox, alice):
        arrive(inbox, "Unread")
        mark_read(thread=arrive(inbox, "Read").team_thread, until=NOON, by=alice)

        assert listed(inbox, alice, View.UNREAD) == ["Unread"]

    def test_filtered_holds_threads_whose_mails_are_all_filtered(self, inbox, alice):
        arrive(inbox, "Voucher", filtered="spam")
        mixed = arrive(inbox, "Order").team_thread
        arrive(inbox, "Your ticket", into=mixed, filtered="automatic")

        assert listed(inbox, alice, View.FILTERED) == ["Voucher"]
        assert listed(inbox, alice) == ["Your ticket"]

    @pytest.mark.parametrize("text", ["4711", "harbour", "PRIYA", "order harb"])
    def test_search_finds_by_words_and_senders(self, inbox, alice, text):
        arrive(inbox, "Order 4711", from_name="Priya Raman", from_email="priya@harbour.example")
        arrive(inbox, "Something else")

        assert listed(inbox, alice, text=text) == ["Order 4711"]

    @pytest.mark.parametrize("text", ["田中", "請求", "タナ"])
    def test_search_finds_two_japanese_characters(self, inbox, alice, text):
        arrive(inbox, "10月分の請求書", from_name="田中 たなか", from_email="yuki@northwind.example")
        arrive(inbox, "お見積り", from_name="佐藤")

        assert listed(inbox, alice, text=text) == ["10月分の請求書"]

    def test_search_finds_nothing_of_other_inboxes_nor_for_others(self, inbox, alice, bob, admin):
        sales = team_inbox(alice, owner=admin, address="sales@ours.example")
        arrive(sales, "Order 4711")

        assert (listed(inbox, alice, text="4711"), listed(sales, bob, text="4711")) == ([], [])
        assert listed(sales, alice, text="4711") == ["Order 4711"]

    def test_search_stays_within_the_view(self, inbox, alice):
        arrive(inbox, "Voucher 4711", filtered="spam")

        assert listed(inbox, alice, text="4711") == []
        assert listed(inbox, alice, View.FILTERED, text="4711") == ["Voucher 4711"]

    def test_a_view_that_does_not_exist_is_all(self, inbox, alice_client):
        arrive(inbox, "Order")

        assert alice_client.get(address(inbox, "?view=mine")).context["search"].view is View.ALL

    def test_another_inbox_is_not_in_it(self, inbox, alice, admin):
        arrive(team_inbox(alice, owner=admin, address="sales@ours.example"), "Elsewhere")

        assert listed(inbox, alice) == []


class TestHowFarUnreadIsSought:
    @pytest.fixture
    def threads(self, inbox, monkeypatch):
        monkeypatch.setattr(queries, "UNREAD_SOUGHT_AMONG", 2)
        return [arrive(inbox, f"Order {number}", at=NOON + number * HOUR).team_thread for number in range(3)]

    def test_the_view_holds_what_the_number_counts(self, inbox, alice, threads):
        assert listed(inbox, alice, View.UNREAD) == ["Order 2", "Order 1"]
        assert team_inboxes(alice)[0].unread == 2
        assert neighbours(threads[1], Search(inbox, View.UNREAD), alice) == (threads[2], None)

    def test_the_page_says_that_older_ones_are_left_out(self, inbox, alice_client, threads):
        said = "looked through for unread ones"

        assert said in alice_client.get(address(inbox, "?view=unread")).content.decode()
        assert said not in alice_client.get(address(inbox)).content.decode()

        threads[0].delete()
        assert said not in alice_client.get(address(inbox, "?view=unread")).content.decode()

    def test_all_of_them_are_marked_read_at_once(self, inbox, alice, threads):
        assert mark_all_read(inbox=inbox, until=NOON + 2 * HOUR, by=alice) == 3


@pytest.mark.parametrize("view", ["", "?view=unread"])
def test_unread_is_counted_once_for_a_page(inbox, alice, admin, alice_client, view):
    for place in (inbox, team_inbox(alice, owner=admin, address="sales@ours.example")):
        arrive(place)

    with CaptureQueriesContext(connection) as asked:
        alice_client.get(address(inbox, view))

    assert len([query for query in asked if 'AS "unread"' in query["sql"] or "SUM(" in query["sql"]]) == 1


class TestPaging:
    def test_pages_hold_each_thread_once_also_at_the_same_moment(self, inbox, alice):
        for number in range(THREADS_PER_PAGE + 3):
            arrive(inbox, f"{number}")

        first = thread_page(Search(inbox), alice)
        arrive(inbox, "New meanwhile", at=NOON + HOUR)
        second = thread_page(Search(inbox), alice, before=first.older)

        found = subjects(first.threads) + subjects(second.threads)
        assert found == [f"{number}" for number in reversed(range(THREADS_PER_PAGE + 3))]
        assert second.older is None

    def test_older_threads_are_fetched_into_the_list(self, inbox, alice, alice_client):
        for number in range(THREADS_PER_PAGE + 1):
            arrive(inbox, f"Order {number}")
        older = thread_page(Search(inbox), alice).older

        answer = alice_client.get(
            address(inbox, f"?before={older}"), headers={"HX-Request": "true", "HX-Target": "older"}
        )

        assert "Order 0" in answer.content.decode()
        assert "<html" not in answer.content.decode()

    def test_a_place_that_is_none_is_not_found(self, inbox, alice_client):
        assert alice_client.get(address(inbox, "?before=x")).status_code == 404

    def test_a_thread_knows_its_neighbours_in_the_view(self, inbox, alice):
        old, voucher, middle, new = (
            arrive(inbox, subject, at=NOON + hours * HOUR, filtered=filtered).team_thread
            for subject, hours, filtered in (("Old", 0, ""), ("Voucher", 1, "spam"), ("Middle", 2, ""), ("New", 3, ""))
        )

        assert neighbours(middle, Search(inbox), alice) == (new, old)
        assert neighbours(new, Search(inbox), alice) == (None, middle)
        assert neighbours(voucher, Search(inbox, View.FILTERED), alice) == (None, None)


class TestRows:
    def row(self, inbox, alice):
        return rows_of(thread_page(Search(inbox), alice).threads, alice)[0]

    def test_it_names_who_wrote_in_order(self, inbox, alice):
        thread = arrive(inbox, from_name="Sarah", from_email="sarah@meridian.example").team_thread
        arrive(inbox, into=thread, at=NOON + HOUR, outgoing=True, from_name="Emma")
        arrive(inbox, into=thread, at=NOON + 2 * HOUR, from_name="", from_email="james@meridian.example")
        arrive(inbox, into=thread, at=NOON + 3 * HOUR, from_name="Sarah", from_email="sarah@meridian.example")

        row = self.row(inbox, alice)

        assert [sender.name for sender in row.senders] == ["Sarah", "Emma", "james@meridian.example"]
        assert row.thread.mails == 4

    def test_it_names_to_whom_the_team_wrote(self, inbox, alice, alice_client):
        arrive(inbox, outgoing=True, recipients=[["to", "noor@customer.example", "Noor Haddad"]])

        assert "To Noor Haddad" in alice_client.get(address(inbox)).content.decode()

    def test_it_shows_files_but_not_those_of_the_body(self, inbox, alice):
        mail = arrive(inbox)
        attach(mail.message, filename="logo.png", inline=True)
        assert not self.row(inbox, alice).has_files

        attach(mail.message, filename="plan.pdf")
        assert self.row(inbox, alice).has_files

    def test_it_names_a_contact_who_takes_part_and_the_timeline_it_stands_on(self, inbox, alice, sarah):
        thread = arrive(inbox, from_email="sarah@meridian.example").team_thread
        assert (self.row(inbox, alice).contact, self.row(inbox, alice).logged_for) == (sarah, [])

        arrive(inbox, into=thread, logged_for=sarah)
        assert self.row(inbox, alice).logged_for == [sarah]


class TestFiltered:
    def test_one_is_put_into_the_list_and_that_can_be_undone(self, inbox, alice, alice_client):
        spam = arrive(inbox, "Voucher", filtered="spam")
        other = arrive(inbox, "Digest", filtered="automatic")

        answer = alice_client.post(
            reverse("conversations:restore", args=[inbox.code]),
            {"only": spam.team_thread.code, "thread": other.team_thread.code},
            follow=True,
        )
        assert listed(inbox, alice) == ["Voucher"]
        assert TeamMail.objects.get(pk=spam.pk).restored_by == alice
        restoral = Restoral.objects.get()
        undo = reverse("conversations:undo-restoral", args=[inbox.code, restoral.code])
        assert undo in answer.content.decode()

        alice_client.post(undo)
        assert listed(inbox, alice, View.FILTERED) == ["Digest", "Voucher"]
        assert TeamMail.objects.get(pk=spam.pk).restored_by is None

    def test_those_ticked_are_put_into_the_list_together(self, inbox, alice, alice_client):
        threads = [arrive(inbox, f"{number}", filtered="spam").team_thread for number in range(3)]

        alice_client.post(
            reverse("conversations:restore", args=[inbox.code]), {"thread": [thread.code for thread in threads[:2]]}
        )

        assert set(listed(inbox, alice)) == {"0", "1"}

    def test_a_thread_of_another_inbox_is_left_alone(self, inbox, alice, admin, alice_client):
        elsewhere = arrive(team_inbox(alice, owner=admin, address="sales@ours.example"), filtered="spam").team_thread

        alice_client.post(reverse("conversations:restore", args=[inbox.code]), {"thread": elsewhere.code})

        assert TeamThread.objects.get(pk=elsewhere.pk).filtered == "spam"

    def test_without_any_ticked_it_says_what_to_do(self, inbox, alice_client):
        answer = alice_client.post(reverse("conversations:restore", args=[inbox.code]), {"thread": "x"}, follow=True)

        assert "Tick the conversations" in answer.content.decode()

    def test_undoing_twice_is_said(self, inbox, alice, alice_client):
        spam = arrive(inbox, filtered="spam").team_thread
        restoral = restore(inbox=inbox, threads=[spam], by=alice, now=NOON)
        undo = reverse("conversations:undo-restoral", args=[inbox.code, restoral.code])

        alice_client.post(undo)
        answer = alice_client.post(undo, follow=True)

        assert "undone already" in answer.content.decode()


class TestInboxes:
    def test_the_only_one_opens_at_once(self, inbox, alice_client):
        assert alice_client.get("/team/")["Location"] == address(inbox)

    def test_who_manages_sees_that_it_exists_and_may_become_a_member(self, inbox, admin_client, admin):
        arrive(inbox, "Secret order")

        page = admin_client.get("/team/").content.decode()
        assert "support@ours.example" in page
        assert "1 member reads it" in page
        assert "Secret order" not in page

        admin_client.post(reverse("conversations:join", args=[inbox.code]))
        assert "Secret order" in admin_client.get(address(inbox)).content.decode()

    def test_who_is_in_none_is_told_what_one_is(self, inbox, bob_client):
        assert "You are in no team inbox" in bob_client.get("/team/").content.decode()

    @pytest.mark.parametrize("status", ["connecting", "degraded", "needs_reconnect", "paused", "disabled"])
    def test_the_list_says_when_new_mail_does_not_arrive(self, inbox, alice_client, status):
        type(inbox).objects.update(status=status, cause="sign_in_refused")

        assert "callout" in alice_client.get(address(inbox)).content.decode()

    def test_the_navigation_counts_what_is_unread_for_members_only(self, inbox, alice_client, bob_client):
        arrive(inbox)

        assert 'id="team-unread">1<' in alice_client.get("/contacts/").content.decode()
        assert "/team/" not in bob_client.get("/contacts/").content.decode()
