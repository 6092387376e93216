"""One page of a timeline: order, paging, folding, days, and what each entry shows."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from contacts import actions
from contacts.models import EntryKind, TimelineEntry
from contacts.timeline import ITEMS_PER_PAGE, LONGEST_FOLD, folded_entries, timeline_page
from inboxes.models import Attachment, Thread
from tests.contacts.queries import queries_of
from tests.factories.contacts import NOON, log_mail, make_contact

pytestmark = pytest.mark.django_db


def subjects(page):
    return [item.entry.message.subject for day in page.days for item in day.items]


def subjects_of(entries):
    return [entry.message.subject for entry in entries]


def all_pages(contact, user, between_pages=lambda: None, **options):
    """Every entry met while paging to the end, folded ones included, as the reader meets them."""
    met, before = [], None
    while True:
        page = timeline_page(contact, user, before=before, **options)
        for day in page.days:
            for item in day.items:
                met.append(item.entry.pk)
                if item.folded:
                    folded = folded_entries(contact, user, head=item.place, last=item.last)
                    assert len(folded) == item.folded
                    met += [entry.pk for entry in folded]
        before = page.older
        if before is None:
            return met
        between_pages()


def newest_first(contact):
    return list(contact.timeline.order_by("-occurred_at", "-pk").values_list("pk", flat=True))


class TestPaging:
    def test_newest_come_first_and_every_entry_once(self, alice):
        contact = make_contact()
        for number in range(47):
            log_mail(contact, str(number), owner=alice, sent_at=NOON + timedelta(minutes=number % 5))
        actions.add_note(by=alice, contact=contact, body="between", now=NOON + timedelta(minutes=2))

        assert all_pages(contact, alice) == newest_first(contact)

    def test_entries_that_arrive_while_paging_neither_repeat_nor_hide_others(self, alice):
        contact = make_contact()
        for number in range(45):
            log_mail(contact, str(number), owner=alice, sent_at=NOON)
        before = newest_first(contact)

        met = all_pages(
            contact, alice, lambda: log_mail(contact, "new", owner=alice, sent_at=NOON + timedelta(hours=1))
        )

        assert met == before

    def test_only_this_contacts_entries_are_shown(self, alice):
        contact, other = make_contact("Sarah"), make_contact("James")
        log_mail(other, "not hers", owner=alice)
        log_mail(contact, "hers", owner=alice)

        assert subjects(timeline_page(contact, alice)) == ["hers"]

    def test_a_tab_shows_its_kind_only(self, alice):
        contact = make_contact()
        log_mail(contact, "mail", owner=alice)
        note = actions.add_note(by=alice, contact=contact, body="note", now=NOON)

        (day,) = timeline_page(contact, alice, kind=EntryKind.NOTE).days
        assert [item.entry.note for item in day.items] == [note]
        assert subjects(timeline_page(contact, alice, kind=EntryKind.MAIL)) == ["mail"]

    def test_an_empty_timeline_has_no_days(self, alice):
        page = timeline_page(make_contact(), alice)

        assert (page.days, page.older) == ([], None)

    def test_a_full_last_page_offers_nothing_older(self, alice):
        contact = make_contact()
        for number in range(ITEMS_PER_PAGE):
            log_mail(contact, str(number), owner=alice)

        assert timeline_page(contact, alice).older is None


class TestFolding:
    def test_consecutive_mails_of_a_thread_fold_under_the_newest(self, alice):
        contact, thread = make_contact(), Thread.objects.create()
        for number in range(3):
            log_mail(contact, f"Re: {number}", owner=alice, thread=thread, sent_at=NOON + timedelta(hours=number))

        (day,) = timeline_page(contact, alice).days
        (item,) = day.items

        assert (subjects_of([item.entry]), item.folded) == (["Re: 2"], 2)
        folded = folded_entries(contact, alice, head=item.place, last=item.last)
        assert subjects_of(folded) == ["Re: 1", "Re: 0"]

    def test_a_note_between_two_mails_keeps_them_apart(self, alice):
        contact, thread = make_contact(), Thread.objects.create()
        log_mail(contact, "before", owner=alice, thread=thread, sent_at=NOON)
        actions.add_note(by=alice, contact=contact, body="note", now=NOON + timedelta(hours=1))
        log_mail(contact, "after", owner=alice, thread=thread, sent_at=NOON + timedelta(hours=2))

        (day,) = timeline_page(contact, alice).days

        assert [item.folded for item in day.items] == [0, 0, 0]

    def test_notes_never_fold(self, alice):
        contact = make_contact()
        for number in range(3):
            actions.add_note(by=alice, contact=contact, body=str(number), now=NOON)

        (day,) = timeline_page(contact, alice).days

        assert len(day.items) == 3

    @pytest.mark.parametrize("before_thread", [0, 5, ITEMS_PER_PAGE, 60])
    def test_threads_across_page_borders_lose_and_repeat_nothing(self, alice, before_thread):
        contact, thread = make_contact(), Thread.objects.create()
        for number in range(70):
            log_mail(contact, "thread", owner=alice, thread=thread, sent_at=NOON + timedelta(minutes=number))
        for number in range(before_thread):
            log_mail(contact, "alone", owner=alice, sent_at=NOON + timedelta(days=1, minutes=number))
        for number in range(30):
            log_mail(contact, "older", owner=alice, sent_at=NOON - timedelta(minutes=number))

        assert all_pages(contact, alice) == newest_first(contact)

    def test_a_thread_longer_than_a_fold_goes_on_in_the_next(self, alice):
        contact, thread = make_contact(), Thread.objects.create()
        for number in range(LONGEST_FOLD + 20):
            log_mail(contact, "thread", owner=alice, thread=thread, sent_at=NOON + timedelta(minutes=number))

        first = timeline_page(contact, alice)

        assert first.days[0].items[0].folded == LONGEST_FOLD
        assert all_pages(contact, alice) == newest_first(contact)

    def test_a_thread_that_the_page_cannot_read_whole_is_left_to_the_next(self, alice):
        contact, older, newer = make_contact(), Thread.objects.create(), Thread.objects.create()
        for number in range(40):
            log_mail(contact, "older", owner=alice, thread=older, sent_at=NOON + timedelta(minutes=number))
        for number in range(LONGEST_FOLD - 10):
            log_mail(contact, "newer", owner=alice, thread=newer, sent_at=NOON + timedelta(hours=1, minutes=number))

        first = timeline_page(contact, alice)
        second = timeline_page(contact, alice, before=first.older)

        assert [item.folded for day in first.days for item in day.items] == [LONGEST_FOLD - 11]
        assert [item.folded for day in second.days for item in day.items] == [39]

    def test_another_contacts_mail_of_the_thread_is_not_folded_in(self, alice):
        contact, other, thread = make_contact("Sarah"), make_contact("James"), Thread.objects.create()
        log_mail(other, "James only", owner=alice, thread=thread, sent_at=NOON)
        log_mail(contact, "first", owner=alice, thread=thread, sent_at=NOON)
        log_mail([contact, other], "second", owner=alice, thread=thread, sent_at=NOON + timedelta(hours=1))

        (day,) = timeline_page(contact, alice).days
        (item,) = day.items

        folded = folded_entries(contact, alice, head=item.place, last=item.last)
        assert subjects_of(folded) == ["first"]


class TestDays:
    def test_days_are_those_of_the_viewer(self, alice):
        contact = make_contact()
        log_mail(contact, "late", owner=alice, sent_at=datetime(2026, 3, 2, 16, 0, tzinfo=UTC))
        log_mail(contact, "early", owner=alice, sent_at=datetime(2026, 3, 2, 14, 0, tzinfo=UTC))

        with timezone.override("Asia/Tokyo"):
            tokyo = timeline_page(contact, alice)
        with timezone.override("UTC"):
            london = timeline_page(contact, alice)

        assert [(str(day.date), len(day.items)) for day in tokyo.days] == [("2026-03-03", 1), ("2026-03-02", 1)]
        assert [(str(day.date), len(day.items)) for day in london.days] == [("2026-03-02", 2)]

    def test_a_day_that_goes_on_is_not_headed_twice(self, alice):
        contact = make_contact()
        for number in range(ITEMS_PER_PAGE + 5):
            log_mail(contact, str(number), owner=alice, sent_at=NOON)
        log_mail(contact, "the day before", owner=alice, sent_at=NOON - timedelta(days=1))

        first = timeline_page(contact, alice)
        second = timeline_page(contact, alice, before=first.older)

        assert [day.heading for day in first.days] == [True]
        assert [day.heading for day in second.days] == [False, True]


class TestPage:
    def test_an_entry_shows_what_it_is(self, alice, alice_client):
        contact = make_contact()
        message = log_mail(
            contact,
            "Quote <b>1</b>",
            owner=alice,
            outgoing=True,
            from_name="Alice <i>",
            recipients=[["to", "s@m.example", "Sarah"], ["to", "j@m.example", ""], ["cc", "f@m.example", "Finance"]],
            body_text="Hello <script>alert(1)</script>\nSecond line",
            quoted_text="On Monday <u>you</u> wrote",
        )
        Attachment.objects.create(
            message=message,
            position=0,
            filename='"><img src=x>.pdf',
            content_type="application/pdf",
            size=2048,
        )

        html = alice_client.get(contact.get_absolute_url()).content.decode()

        for piece in (
            "Quote &lt;b&gt;1&lt;/b&gt;",
            "Alice &lt;i&gt;",
            "to Sarah, j@m.example, cc Finance",
            "Hello &lt;script&gt;alert(1)&lt;/script&gt;<br>Second line",
            "On Monday &lt;u&gt;you&lt;/u&gt; wrote",
            "&quot;&gt;&lt;img src=x&gt;.pdf",
            "Sent e-mail",
            reverse("contacts:message", args=[message.code]),
        ):
            assert piece in html
        for piece in ("<script>alert(1)", "<img src=x>", "<u>you</u>", "<b>1</b>"):
            assert piece not in html

    def test_files_of_the_body_are_not_listed(self, alice, alice_client):
        contact = make_contact()
        message = log_mail(contact, owner=alice)
        Attachment.objects.create(
            message=message,
            position=0,
            filename="logo.png",
            content_type="image/png",
            size=1,
            inline=True,
        )

        assert "logo.png" not in alice_client.get(contact.get_absolute_url()).content.decode()

    def test_long_text_is_shown_in_part(self, alice, alice_client):
        contact = make_contact()
        log_mail(contact, owner=alice, body_text="a" * 100_000)

        html = alice_client.get(contact.get_absolute_url()).content.decode()

        assert f"{'a' * 1500}…" in html
        assert "a" * 1501 not in html

    def test_older_entries_come_as_a_fragment(self, alice, alice_client):
        contact = make_contact()
        for number in range(ITEMS_PER_PAGE + 1):
            log_mail(contact, f"Mail {number:02}", owner=alice, sent_at=NOON + timedelta(minutes=number))
        older = alice_client.get(contact.get_absolute_url()).context["page"].older

        path = f"{contact.get_absolute_url()}?before={older}"
        fragment = alice_client.get(path, headers={"HX-Request": "true", "HX-Target": "older"}).content.decode()
        page = alice_client.get(path).content.decode()

        assert ("Mail 00" in fragment, "Mail 01" in fragment, "<html" in fragment) == (True, False, False)
        assert ("Mail 00" in page, "<html" in page, "Back to the newest" in page) == (True, True, True)

    def test_the_fold_opens_with_and_without_scripts(self, alice, alice_client):
        contact, thread = make_contact(), Thread.objects.create()
        for number in range(3):
            log_mail(contact, f"Mail {number}", owner=alice, thread=thread, sent_at=NOON + timedelta(hours=number))
        item = alice_client.get(contact.get_absolute_url()).context["page"].days[0].items[0]

        path = f"{reverse('contacts:timeline-fold', args=[contact.code])}?head={item.place}&last={item.last}"
        fragment = alice_client.get(path, headers={"HX-Request": "true"}).content.decode()
        page = alice_client.get(path).content.decode()

        for html in (fragment, page):
            assert ("Mail 2" in html, "Mail 1" in html, "Mail 0" in html) == (False, True, True)
        assert ("<html" in fragment, "<html" in page) == (False, True)

    @pytest.mark.parametrize("query", ["?before=nonsense", "fold/", "fold/?head=x&last=y"])
    def test_nonsense_in_the_address_is_not_found(self, alice_client, query):
        assert alice_client.get(f"{make_contact().get_absolute_url()}{query}").status_code == 404

    def test_queries_do_not_grow_with_the_timeline(self, alice, alice_client):
        small, large = make_contact("Small"), make_contact("Large")
        everything(small, alice, 1)
        everything(large, alice, 50)

        assert queries_of(alice_client, large.get_absolute_url()) == queries_of(alice_client, small.get_absolute_url())

    def test_who_talks_to_them_counts_each_owner(self, alice, bob, alice_client):
        contact = make_contact()
        log_mail(contact, "1", owner=bob)
        log_mail(contact, "2", owner=alice)
        log_mail(contact, "3", owner=alice)

        talkers = alice_client.get(contact.get_absolute_url()).context["talkers"]

        assert [(talker.name, talker.mails) for talker in talkers] == [("Alice Mori", 2), ("Bob Tanaka", 1)]


def everything(contact, user, count):
    """Entries of both kinds, with a thread and files."""
    for number in range(count):
        at = NOON + timedelta(hours=number)
        thread = Thread.objects.create()
        message = log_mail(contact, "first", owner=user, thread=thread, sent_at=at)
        log_mail(contact, "second", owner=user, thread=thread, sent_at=at)
        Attachment.objects.create(message=message, position=0, filename="a.pdf", content_type="application/pdf", size=1)
        actions.add_note(by=user, contact=contact, body="note", now=at)
    assert TimelineEntry.objects.filter(contact=contact).count() == count * 3
