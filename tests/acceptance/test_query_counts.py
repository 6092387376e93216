"""What a page costs does not depend on how much there is: each page that lists something, with one of it and with fifty."""

from datetime import timedelta

import pytest
from django.utils import timezone

from contacts.actions import ContactDetails, add_note, create_contact
from inboxes.actions import remove
from inboxes.models import AccessRequest, DailyCount, Folder, LedgerEntry, Opening, Visibility
from logging_rules.actions import add_never_log_entry, unlog
from logging_rules.changes import Change, Entry
from logging_rules.facts import NeverLogKind
from logging_rules.unlogging import Selection
from notifications.actions import notify
from tests.contacts.queries import queries_of
from tests.factories.contacts import NOON, log_mail, make_inbox
from tests.factories.conversations import arrive, team_inbox
from tests.factories.episodes import with_history
from tests.factories.files import attach
from tests.factories.inboxes import connected_inbox
from tests.factories.users import InvitationFactory, UserFactory
from users.models import WorkspaceDomain

pytestmark = pytest.mark.django_db


@pytest.fixture
def contact(admin):
    details = ContactDetails(name="Sarah Meridian", emails=["sarah@meridian.example"], owner=admin)
    return create_contact(by=admin, details=details)


@pytest.fixture
def inbox(admin):
    return connected_inbox(admin)


@pytest.fixture
def limited(admin, contact):
    return log_mail(contact, "Limited", owner=admin, visibility=Visibility.SUBJECT).sightings.get()


@pytest.fixture
def team(admin):
    inbox = team_inbox(admin, owner=admin)
    return arrive(inbox).team_thread


@pytest.fixture
def add(admin, contact, inbox, limited, team):
    """One more of everything that pages list."""

    def add(number):
        details = ContactDetails(name=f"Meridian {number}", emails=[f"m{number}@meridian{number}.example"], owner=admin)
        create_contact(by=admin, details=details)
        log_mail(contact, f"Meridian quote {number}", owner=admin)
        add_note(by=admin, contact=contact, body=f"Meridian note {number}", now=NOON)
        connected_inbox(admin, f"inbox{number}@ours.example")
        ended = connected_inbox(admin, f"ended{number}@ours.example", status="disabled")
        remove(inbox=ended, erase=False, by=admin)
        folder = Folder.objects.create(inbox=inbox, remote_id=str(number), name=f"Folder {number}", role="other")
        with_history(inbox, now=timezone.now() - timedelta(days=number), episodes=2)
        DailyCount.objects.create(folder=folder, day=timezone.now().date(), code=f"reason {number}", messages=1)
        LedgerEntry.objects.create(inbox=inbox, folder=folder, remote_id="1", state="quarantined", cause="too_large")
        notify(recipients=[admin], kind="invitation_accepted", context={"person": "x"}, url="/", episode=str(number))
        add_never_log_entry(text=f"own{number}.example", by=admin, owner=admin)
        add_never_log_entry(text=f"shared{number}.example", by=admin, owner=None)
        WorkspaceDomain.objects.create(domain=f"domain{number}.example")
        private = log_mail(contact, f"Meridian party {number}", owner=admin)
        unlog(
            selection=Selection(inbox=make_inbox(admin), message_ids=[private.pk], contact_id=contact.pk),
            by=admin,
            now=timezone.now(),
        )
        arrive(team.inbox, f"Meridian order {number}", filtered="spam")
        mail = arrive(
            team.inbox, f"Meridian order {number}", logged_for=contact, from_email=f"m{number}@meridian{number}.example"
        )
        attach(mail.message)
        arrive(team.inbox, into=team, at=NOON + timedelta(minutes=number), body_html="<p>x</p>")
        team_inbox(admin, owner=admin, address=f"team{number}@ours.example")
        team_inbox(owner=admin, address=f"closed{number}@ours.example")
        person = UserFactory()
        InvitationFactory()
        log_mail(contact, f"Limited {number}", owner=admin, visibility=Visibility.SUBJECT)
        tomorrow = timezone.now() + timedelta(days=1)
        for answer in ({}, {"answered_at": NOON, "granted_until": tomorrow}):
            AccessRequest.objects.create(sighting=limited, person=person, asked_at=NOON, **answer)
        Opening.objects.create(message=limited.message, person=person, part="text", opened_at=NOON)

    return add


def test_every_list_costs_the_same_with_one_and_with_fifty(
    add, admin, admin_client, contact, inbox, limited, team, bob
):
    pages = [
        "/contacts/",
        "/contacts/?q=meridian",
        "/companies/",
        "/companies/names/?company=meridian",
        contact.get_absolute_url(),
        contact.company.get_absolute_url(),
        f"/contacts/{contact.code}/merge/?q=meridian",
        f"/contacts/{contact.code}/delete/",
        "/search/?q=meridian",
        "/inboxes/",
        "/inboxes/channels/",
        f"/inboxes/{team.inbox.code}/team/",
        "/inboxes/removed/",
        f"/inboxes/{inbox.code}/",
        f"/inboxes/{inbox.code}/health/",
        f"/inboxes/{inbox.code}/health/completeness/",
        f"/inboxes/{inbox.code}/funnel/",
        f"/inboxes/{inbox.code}/item/",
        f"/inboxes/{inbox.code}/progress/",
        f"/inboxes/{make_inbox(admin).code}/unlog/?domain=example",
        f"/inboxes/{make_inbox(admin).code}/unlogged/",
        f"/inboxes/{limited.inbox.code}/visibility/",
        f"/inboxes/{limited.inbox.code}/view-as/?person={bob.code}",
        f"/logging/who/{limited.message.code}/",
        "/notifications/",
        "/notifications/bell/",
        "/notifications/settings/",
        "/logging/what-if/",
        Change.of_person(preset="manual").url,
        Change.of_workspace(listed=[Entry(NeverLogKind.DOMAIN, "meridian.example")]).url,
        Change.of_workspace(most_open_preset="manual").url,
        "/logging/never-log/",
        "/logging/never-log/workspace/",
        "/admin/inboxes/",
        "/admin/inboxes/?q=ours&sort=owner",
        f"/admin/inboxes/{inbox.code}/",
        f"/admin/people/{admin.code}/",
        "/admin/policy/",
        f"/admin/people/{admin.code}/leaving/",
        f"/admin/people/{admin.code}/leaving/handover/",
        "/admin/audit/?group=contact",
        "/admin/audit/?group=logging",
        "/team/",
        f"/team/{team.inbox.code}/",
        f"/team/{team.inbox.code}/?view=unread&q=meridian",
        f"/team/{team.inbox.code}/?view=filtered",
        f"/team/{team.inbox.code}/{team.code}/",
        "/people/",
        "/workspace/",
    ]
    add(0)
    with_one = {page: queries_of(admin_client, page) for page in pages}
    for number in range(1, 50):
        add(number)
    assert {page: queries_of(admin_client, page) for page in pages} == with_one
