"""The pages about who sees logged mail, as its owner and as colleagues."""

from datetime import timedelta

import pytest
from django.utils import timezone

from contacts.models import TimelineEntry
from inboxes.models import AccessRequest, Opening, Sighting, Visibility
from logging_rules import actions
from tests.factories.contacts import log_mail, make_contact, make_inbox

pytestmark = pytest.mark.django_db
BODY = "The price is ten."


@pytest.fixture
def sarah():
    return make_contact("Sarah Okafor", "sarah@meridian.example")


@pytest.fixture
def mail(sarah, alice):
    return log_mail(sarah, "Hidden offer", owner=alice, visibility=Visibility.SUBJECT, body_text=BODY)


def text_of(response):
    return " ".join(response.content.decode().split())


def asked(mail, by):
    return actions.ask_access(message=mail, by=by, now=timezone.now())[0]


class TestAsColleague:
    def test_the_timeline_shows_the_subject_and_a_way_to_ask(self, mail, sarah, bob_client):
        page = text_of(bob_client.get(sarah.get_absolute_url()))

        assert "Hidden offer" in page
        assert "You see its subject and who takes part, not what is in it." in page
        assert "Ask for access" in page
        assert BODY not in page

    def test_the_page_of_the_mail_asks_its_owner(self, mail, bob, bob_client):
        page = text_of(bob_client.get(f"/mail/{mail.code}/"))
        assert "Hidden offer" in page
        assert BODY not in page
        assert f"/logging/who/{mail.code}/ask/" in page

        response = bob_client.post(f"/logging/who/{mail.code}/ask/", {"note": "For the tender"}, follow=True)

        assert "Alice Mori was asked." in text_of(response)
        assert "You asked" in text_of(response)
        assert AccessRequest.objects.get().note == "For the tender"

    def test_what_no_text_can_hold_is_left_out_of_the_note(self, mail, bob_client):
        bob_client.post(f"/logging/who/{mail.code}/ask/", {"note": "For the\0 tender"})

        assert AccessRequest.objects.get().note == "For the tender"

    def test_once_let_in_the_mail_opens_and_that_is_on_record(self, mail, sarah, alice, bob, bob_client):
        now = timezone.now()
        actions.grant_access(request=asked(mail, bob), until=now + timedelta(days=1), by=alice, now=now)

        assert BODY not in text_of(bob_client.get(sarah.get_absolute_url()))  # nobody reads it in passing
        page = text_of(bob_client.get(f"/mail/{mail.code}/"))
        bob_client.get(f"/mail/{mail.code}/body/")

        assert BODY in page
        assert "You can open it until" in page
        assert "Its owner sees that you opened it, and when." in page
        assert list(Opening.objects.values_list("person", "part")) == [(bob.pk, "text")]

    def test_who_can_see_it_is_told_by_name(self, mail, bob_client):
        page = text_of(bob_client.get(f"/logging/who/{mail.code}/"))

        assert "These people can open it" in page
        assert "Alice Mori" in page
        assert "All 2 people of the workspace see the subject and who takes part." in page
        assert "Your choice" not in page

    def test_why_it_was_logged_says_who_can_see_it(self, mail, bob_client):
        page = text_of(bob_client.get(f"/logging/why/{mail.code}/"))

        assert "Everybody sees the subject and who takes part. These people can open it:" in page
        assert "Alice Mori" in page


class TestAsOwner:
    def test_a_request_is_answered_on_the_page_of_the_mail(self, mail, bob, alice_client):
        request = asked(mail, bob)
        page = text_of(alice_client.get(f"/logging/who/{mail.code}/"))
        assert "Bob Tanaka" in page
        assert "Waiting for you" in page

        answer = {f"request-{request.pk}-duration": "30"}
        response = alice_client.post(f"/logging/access/{request.code}/grant/", answer, follow=True)

        assert "Bob Tanaka can open the e-mail now." in text_of(response)
        request.refresh_from_db()
        assert request.granted_until - request.answered_at == timedelta(days=30)

    def test_a_day_in_the_past_is_refused_beside_the_field(self, mail, bob, alice_client):
        request = asked(mail, bob)
        answer = {f"request-{request.pk}-duration": "day", f"request-{request.pk}-last_day": "2020-01-01"}

        response = alice_client.post(f"/logging/access/{request.code}/grant/", answer)

        assert response.status_code == 422
        assert "Choose a day within the next year." in text_of(response)
        assert 'value="2020-01-01"' in text_of(response)

    def test_access_is_ended_and_a_request_declined(self, mail, alice, bob, admin, alice_client):
        now = timezone.now()
        granted, waiting = asked(mail, bob), asked(mail, admin)
        actions.grant_access(request=granted, until=now + timedelta(days=1), by=alice, now=now)

        ended = alice_client.post(f"/logging/access/{granted.code}/end/", follow=True)
        declined = alice_client.post(f"/logging/access/{waiting.code}/decline/", follow=True)

        assert "Bob Tanaka can no longer open the e-mail." in text_of(ended)
        assert "Declined. Ada Admin is told." in text_of(declined)

    def test_the_visibility_is_chosen_for_the_conversation(self, mail, alice_client):
        log_mail(make_contact("Omar"), "Answer", owner=mail.sightings.get().inbox.owner, thread=mail.thread)
        url = f"/logging/who/{mail.code}/set/"

        response = alice_client.post(url, {"visibility": "private", "whole_thread": "on"}, follow=True)

        assert "Saved for 2 e-mails." in text_of(response)
        assert set(Sighting.objects.values_list("visibility", flat=True)) == {"private"}
        assert set(TimelineEntry.objects.values_list("private", flat=True)) == {True}

    def test_the_inbox_page_tells_who_asked_who_is_in_and_who_opened_what(self, mail, alice, bob, admin, alice_client):
        now = timezone.now()
        actions.grant_access(request=asked(mail, bob), until=now + timedelta(days=1), by=alice, now=now)
        asked(mail, admin)
        Opening.objects.create(message=mail, person=bob, part="original", opened_at=now)

        page = text_of(alice_client.get(f"/inboxes/{make_inbox(alice).code}/visibility/"))

        for part in ("Waiting for your answer", "Ada Admin", "Let in at the moment", "Bob Tanaka", "The original"):
            assert part in page
        assert "Apply the setting to 1 e-mail" in page  # its own setting is: everyone

    def test_openings_are_paged(self, mail, alice, bob, alice_client):
        now = timezone.now()
        for number in range(60):
            Opening.objects.create(message=mail, person=bob, part="text", opened_at=now - timedelta(hours=number))
        url = f"/inboxes/{make_inbox(alice).code}/visibility/"

        first = alice_client.get(url).context["openings"]
        second = alice_client.get(url, {"before": str(first.older)}).context["openings"]

        assert (len(first.openings), len(second.openings), second.older) == (50, 10, None)
        assert len({opening.pk for opening in [*first.openings, *second.openings]}) == 60


class TestViewAs:
    def test_it_shows_what_the_person_sees_and_why(self, mail, sarah, alice, bob, alice_client):
        log_mail(sarah, "Known to all", owner=alice)
        log_mail(sarah, "Secret", owner=alice, visibility=Visibility.PRIVATE)
        page = alice_client.get(f"/inboxes/{make_inbox(alice).code}/view-as/", {"person": str(bob.code)})

        text = text_of(page)
        totals = page.context["view"].totals
        assert (totals.logged, totals.readable, totals.subject_only, totals.unknown) == (3, 1, 1, 1)
        assert "What Bob Tanaka sees" in text
        assert "open to everyone" in text
        assert "limited to subject and participants" in text
        assert "Secret" not in text
        assert "Of the e-mails in this mailbox that are not logged, Bob Tanaka sees nothing" in text

    def test_it_can_be_limited_to_a_contact(self, mail, alice, bob, alice_client):
        log_mail(make_contact("Omar", "omar@x.example"), "With Omar", owner=alice)
        url = f"/inboxes/{make_inbox(alice).code}/view-as/"

        page = alice_client.get(url, {"person": str(bob.code), "contact": "Omar@X.example"})
        wrong = alice_client.get(url, {"person": str(bob.code), "contact": "nobody@x.example"})

        assert [seen.message.subject for seen in page.context["view"].mails] == ["With Omar"]
        assert (wrong.status_code, "No contact has this address." in text_of(wrong)) == (422, True)

    def test_it_is_paged(self, sarah, alice, bob, alice_client):
        for number in range(55):
            log_mail(sarah, f"Mail {number}", owner=alice)
        url = f"/inboxes/{make_inbox(alice).code}/view-as/"

        first = alice_client.get(url, {"person": str(bob.code)}).context["view"]
        second = alice_client.get(url, {"person": str(bob.code), "before": str(first.older)}).context["view"]

        assert (len(first.mails), len(second.mails), second.older) == (50, 5, None)
        assert len({seen.message.pk for seen in [*first.mails, *second.mails]}) == 55
