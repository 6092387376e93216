"""The page of one thread: its e-mails, what is folded, why they stand on a timeline or on none."""

from datetime import timedelta

import pytest
from django.urls import reverse

from contacts.actions import ContactDetails, create_contact
from conversations.actions import mark_read
from conversations.threads import MAILS_PER_PAGE, mails_of
from inboxes.models import Message, TeamThread
from tests.factories.conversations import NOON, arrive, team_inbox
from tests.factories.files import attach

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def inbox(alice, bob, admin):
    return team_inbox(alice, bob, owner=admin)


@pytest.fixture
def sarah(alice):
    return create_contact(by=alice, details=ContactDetails(name="Sarah Okafor", emails=["sarah@meridian.example"]))


def address(thread, query="", name="thread"):
    return reverse(f"conversations:{name}", args=[thread.inbox.code, thread.code]) + query


def page_of(client, thread, query=""):
    return client.get(address(thread, query)).content.decode()


def conversation(inbox, mails, **fields):
    first = arrive(inbox, "Order 0", body_text="Text 0", snippet="Begin 0", **fields).team_thread
    for number in range(1, mails):
        arrive(
            inbox,
            f"Order {number}",
            into=first,
            at=NOON + number * HOUR,
            body_text=f"Text {number}",
            snippet=f"Begin {number}",
        )
    return first


class TestMails:
    def test_the_last_one_is_open_and_those_read_before_are_folded(self, inbox, alice, alice_client):
        thread = conversation(inbox, 3)
        mark_read(thread=thread, until=NOON + 3 * HOUR, by=alice)

        page = page_of(alice_client, thread)

        assert page.index("Begin 0") < page.index("Begin 1") < page.index("Text 2")
        assert "Text 0" not in page
        assert "Text 1" not in page

    def test_all_that_are_unread_are_open(self, inbox, alice, alice_client):
        thread = conversation(inbox, 3)
        mark_read(thread=thread, until=NOON, by=alice)

        page = page_of(alice_client, thread)

        assert "Text 0" not in page
        assert "Text 1" in page

    def test_a_folded_one_opens_alone_or_on_a_page_without_scripts(self, inbox, alice, alice_client):
        thread = conversation(inbox, 2)
        mark_read(thread=thread, until=NOON + HOUR, by=alice)
        query = f"?open={Message.objects.get(subject='Order 0').code}"

        alone = alice_client.get(address(thread, query), headers={"HX-Request": "true"}).content.decode()

        assert "Text 0" in alone
        assert "Text 1" not in alone
        assert "Text 0" in page_of(alice_client, thread, query)

    def test_a_mail_of_another_thread_does_not_open_in_this_one(self, inbox, alice_client):
        thread = conversation(inbox, 1)
        other = arrive(inbox, "Elsewhere", body_text="Other text").message

        answer = alice_client.get(address(thread, f"?open={other.code}"), headers={"HX-Request": "true"})

        assert answer.status_code == 404

    def test_long_threads_come_in_pages(self, inbox, alice):
        thread = conversation(inbox, MAILS_PER_PAGE + 3)

        last = mails_of(thread, alice)
        first = mails_of(thread, alice, before=last.older)

        found = [mail.message.subject for mail in first.mails + last.mails]
        assert found == [f"Order {number}" for number in range(MAILS_PER_PAGE + 3)]
        assert first.older is None

    def test_mail_of_the_same_thread_in_another_inbox_is_not_shown(self, inbox, alice, admin, alice_client):
        thread = conversation(inbox, 1)
        elsewhere = team_inbox(admin, owner=admin, address="board@ours.example")
        other = TeamThread.objects.create(inbox=elsewhere, thread=thread.thread, newest_at=NOON)
        arrive(elsewhere, "Board only", into=other, body_text="Board text")

        assert "Board" not in page_of(alice_client, thread)

    def test_files_are_listed_and_images_of_the_body_are_not(self, inbox, alice_client):
        mail = arrive(inbox)
        attach(mail.message, filename="plan.pdf")
        attach(mail.message, filename="logo.png", inline=True)

        page = page_of(alice_client, mail.team_thread)

        assert "plan.pdf" in page
        assert "logo.png" not in page

    def test_remote_images_are_blocked_until_asked_for(self, inbox, alice_client):
        mail = arrive(inbox, body_html="<p>x</p>", has_remote_images=True)
        body = reverse("contacts:message-body", args=[mail.message.code])

        assert f'src="{body}"' in page_of(alice_client, mail.team_thread)
        assert f'src="{body}?images"' in page_of(alice_client, mail.team_thread, f"?images={mail.message.code}")

    def test_markup_in_headers_is_text(self, inbox, alice_client):
        mail = arrive(inbox, "<script>x</script>", from_name="<b>Eve</b>", snippet="<i>x</i>")

        for page in (page_of(alice_client, mail.team_thread), page_of(alice_client, mail.team_thread, "?view=all")):
            assert "<script>x" not in page
            assert "<b>Eve" not in page


class TestFate:
    def test_it_says_on_whose_timeline_it_stands_and_where_the_reason_is(self, inbox, alice_client, sarah):
        mail = arrive(inbox, logged_for=sarah)

        page = page_of(alice_client, mail.team_thread)

        assert "On the timeline of" in page
        assert reverse("logging_rules:why", args=[mail.message.code]) in page
        assert "everybody can read it there" in page

    @pytest.mark.parametrize(
        ("code", "words"),
        [
            ("no_known_contact", "Nobody in it is a contact."),
            ("never_log_workspace", "never-log list"),
            ("internal_only", "Everybody in it is a colleague."),
        ],
    )
    def test_it_says_why_it_stands_on_none(self, inbox, alice_client, code, words):
        mail = arrive(inbox, code=code, from_email="a+b@stranger.example", from_name="A & B")

        page = page_of(alice_client, mail.team_thread)

        assert "On no timeline." in page
        assert words in page
        offer = "/contacts/new/?email=a%2Bb%40stranger.example&amp;name=A%20%26%20B"
        assert (offer in page) == (code == "no_known_contact")

    def test_a_filtered_one_says_why_and_can_be_taken_back(self, inbox, alice_client):
        mail = arrive(inbox, filtered="spam", code="not_mail")

        page = page_of(alice_client, mail.team_thread, "?view=filtered")

        assert "Not spam" in page
        assert reverse("conversations:restore", args=[inbox.code]) in page

    def test_it_says_who_reads_the_inbox(self, inbox, alice_client):
        assert "The 2 members of Support" in page_of(alice_client, arrive(inbox).team_thread)


class TestReading:
    def unread(self, thread, person):
        return mails_of(thread, person).mails[-1].is_new

    def test_looking_alone_changes_nothing(self, inbox, alice, alice_client):
        thread = arrive(inbox).team_thread

        page_of(alice_client, thread)

        assert self.unread(thread, alice)

    def test_the_button_marks_it_as_read_and_unread_and_leads_to_the_list(self, inbox, alice, alice_client):
        thread = arrive(inbox).team_thread

        answer = alice_client.post(address(thread, "?view=unread", "mark-read"))
        assert not self.unread(thread, alice)
        assert answer["Location"] == reverse("conversations:thread-list", args=[inbox.code]) + "?view=unread"

        alice_client.post(address(thread, name="mark-unread"))
        assert self.unread(thread, alice)

    def test_the_page_marks_it_as_far_as_it_was_shown(self, inbox, alice, alice_client):
        thread = arrive(inbox).team_thread
        seen = alice_client.get(address(thread)).context["row"].seen
        arrive(inbox, into=thread, at=NOON + HOUR)

        answer = alice_client.post(
            address(thread, name="mark-read"), {"seen": seen}, headers={"HX-Request": "true", "HX-Target": "read-state"}
        )

        assert self.unread(thread, alice)
        assert 'id="team-unread" hx-swap-oob="true">1<' in answer.content.decode()

    def test_a_row_is_answered_with_itself(self, inbox, alice_client):
        thread = arrive(inbox).team_thread
        headers = {"HX-Request": "true", "HX-Target": f"thread-{thread.pk}"}

        read = alice_client.post(address(thread, name="mark-read"), headers=headers).content.decode()
        unread = alice_client.post(address(thread, name="mark-unread"), headers=headers).content.decode()

        assert '<li class="thread"' in read
        assert 'hx-swap-oob="true" hidden>' in read
        assert '<li class="thread unread"' in unread

    def test_what_was_seen_must_be_a_moment(self, inbox, alice_client):
        thread = arrive(inbox).team_thread

        assert alice_client.post(address(thread, name="mark-read"), {"seen": "x"}).status_code == 404
