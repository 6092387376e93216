"""Mail that a team inbox stores and does not log: its members find it everywhere, and nobody else anywhere."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from contacts.actions import settle_privacy
from contacts.models import Company, Contact
from contacts.queries import mail_found, talkers_with
from inboxes.access import Entitlement, readers_of
from inboxes.models import (
    AccessRequest,
    Attachment,
    Inbox,
    InboxMember,
    Message,
    Sighting,
    TeamMail,
    Viewer,
    Visibility,
)
from inboxes.models.conditions import in_team_of
from logging_rules import actions
from logging_rules.explain import why_logged
from logging_rules.view_as import Because, view_as
from tests.factories.contacts import make_contact
from tests.factories.inboxes import (
    ALICE,
    NOW,
    SARAH,
    STRANGER,
    TEAM,
    connected_inbox,
    mail_bytes,
    sync_until_quiet,
    team_inbox,
)
from tests.factories.users import UserFactory
from users.models import User

pytestmark = pytest.mark.django_db

CANARY = "kanariya"
MULTIPART = (
    f"--b\r\nContent-Type: text/html\r\n\r\n<p>The {CANARY} sings.</p>\r\n"
    f"--b\r\nContent-Type: text/plain; name={CANARY}.txt\r\n"
    f"Content-Disposition: attachment; filename={CANARY}.txt\r\n\r\n{CANARY} inside\r\n--b--"
)


@pytest.fixture
def people(alice, bob, admin, charlie):
    """Alice connected the inbox, Bob is a member; Mia manages team inboxes; Carol is a colleague, Charlie has left."""
    mia = UserFactory(email="mia@genkan.example", name="Mia Manager", account_access=True)
    carol = UserFactory(email="carol@genkan.example", name="Carol Colleague")
    return {"owner": alice, "member": bob, "manager": mia, "admin": admin, "colleague": carol, "outsider": charlie}


@pytest.fixture
def team(people):
    make_contact("Sarah Okafor", SARAH)
    team = team_inbox(people["owner"], people["member"])
    # Somebody who has left is in no way let in by a membership that was forgotten.
    InboxMember.objects.create(inbox=team, person=people["outsider"])
    return team


@pytest.fixture
def kept(team, people, server, clock):
    """Stored and not logged; it even names the owner and a colleague."""
    to = f"{TEAM}, {people['owner'].email}, {people['colleague'].email}"
    raw = mail_bytes(
        STRANGER,
        to,
        f"About the {CANARY}",
        message_id="<1@m>",
        body=MULTIPART,
        Content_Type="multipart/mixed; boundary=b",
    )
    server.deliver(raw)
    sync_until_quiet(team, server, clock)
    return Message.objects.get()


@pytest.fixture
def logged(team, server, clock):
    server.deliver(mail_bytes(SARAH, TEAM, "Revised quote", message_id="<2@m>"))
    sync_until_quiet(team, server, clock)
    return Message.objects.get(message_id="<2@m>")


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def addresses_of(mail):
    file = Attachment.objects.get(message=mail)
    return [
        f"/mail/{mail.code}/",
        f"/mail/{mail.code}/body/",
        f"/mail/{mail.code}/original/",
        f"/mail/files/{file.code}/",
        f"/logging/why/{mail.code}/",
        f"/logging/who/{mail.code}/",
    ]


def content_of(response):
    return b"".join(response.streaming_content if response.streaming else [response.content]).decode()


OTHERS = ("owner", "manager", "admin", "colleague", "outsider")


def test_a_member_opens_all_of_it(kept, people):
    client = signed_in(people["member"])
    answers = [client.get(address) for address in addresses_of(kept)]

    assert [answer.status_code for answer in answers] == [200] * 6
    assert all(CANARY in content_of(answer) for answer in answers)
    assert "Only the members of the team inbox" in content_of(client.get(f"/mail/{kept.code}/"))
    assert "Nobody in it is a contact" in content_of(client.get(f"/logging/why/{kept.code}/"))


@pytest.mark.parametrize("who", OTHERS)
def test_nobody_else_gets_at_it_by_its_address(kept, people, who):
    client = signed_in(people[who])

    answers = [client.get(address) for address in addresses_of(kept)]

    refused = 302 if who == "outsider" else 404
    assert [answer.status_code for answer in answers] == [refused] * 6
    assert not any(CANARY in content_of(answer) for answer in answers)
    posts = [client.post(f"/logging/who/{kept.code}/{act}/", {"visibility": "everyone"}) for act in ("set", "ask")]
    assert [answer.status_code for answer in posts] == [refused] * 2
    assert client.post(f"/logging/unlog/{kept.code}/").status_code == refused


@pytest.mark.parametrize("who", ["member", *OTHERS])
def test_only_members_find_it_by_its_words(kept, people, who):
    person = people[who]
    found = list(mail_found(person, CANARY)) + list(mail_found(person, STRANGER))

    assert found == ([kept, kept] if who == "member" else [])
    page = content_of(signed_in(person).get("/search/", {"q": CANARY}, follow=True))
    assert (f"/mail/{kept.code}/" in page) is (who == "member")


@pytest.mark.parametrize("who", OTHERS)
def test_it_stands_on_no_page_of_contacts_inboxes_or_settings(kept, logged, team, people, who):
    contact, company = Contact.objects.get(), Company.objects.first()
    pages = [
        "/",
        "/contacts/",
        contact.get_absolute_url(),
        *([company.get_absolute_url()] if company else []),
        f"/inboxes/{team.code}/",
        f"/inboxes/{team.code}/view-as/?person={people['member'].pk}",
        f"/inboxes/{team.code}/unlog/",
        f"/inboxes/{team.code}/visibility/",
    ]
    client = signed_in(people[who])

    shown = [content_of(client.get(page, follow=True)) for page in pages]

    assert not any(CANARY in page or STRANGER in page for page in shown)


def test_commands_do_not_tell_of_it(kept, logged, people):
    told = StringIO()
    for arguments in (["list"], ["timeline", SARAH], ["timeline", SARAH, "--person", people["member"].email]):
        call_command("contact", *arguments, "--json", stdout=told)
    call_command("inbox", "view-as", TEAM, "--person", people["member"].email, "--json", stdout=told)

    assert CANARY not in told.getvalue()
    assert STRANGER not in told.getvalue()


def test_the_sets_of_readers_agree_with_who_reads(kept, people):
    readers = readers_of(kept, viewer=people["member"])

    assert [(reader.person, reader.entitlement) for reader in readers.people] == [(people["member"], Entitlement.TEAM)]
    assert readers.visibility == Visibility.PRIVATE
    for person in people.values():
        may = person == people["member"]
        assert Message.objects.visible_to(person).exists() is may
        assert Message.objects.readable_by(person).exists() is may
        assert Message.objects.decided_by(person).exists() is False


def test_who_logs_another_copy_sees_that_and_no_more(kept, people, server, clock):
    """A colleague's own inbox logs the same mail: then it is logged mail as any other."""
    carol = people["colleague"]
    make_contact("Sam Stranger", STRANGER)
    own = connected_inbox(carol, "carol@ours.example")
    sync_until_quiet(own, server, clock)

    assert Sighting.objects.get().inbox == own
    assert set(Message.objects.visible_to(people["admin"])) == {kept}


class TestLoggedPrivatelyByAColleague:
    """A member of the team has the e-mail: that a colleague has logged it, too, for nobody to know, is not for the member either."""

    PAGES = ("/mail/{}/", "/logging/why/{}/", "/logging/who/{}/")

    @pytest.fixture(autouse=True)
    def private(self, kept, people, server, clock):
        person = people["private"] = UserFactory(email="paul@genkan.example", name="Paul Private")
        make_contact("Sam Stranger", STRANGER)
        sync_until_quiet(connected_inbox(person, "paul@ours.example"), server, clock)
        Sighting.objects.filter(inbox__owner=person).update(visibility=Visibility.PRIVATE)
        settle_privacy(message_ids=list(Message.objects.values_list("pk", flat=True)))

    def shown(self, mail, person):
        client = signed_in(person)
        pages = [content_of(client.get(page.format(mail.code))) for page in self.PAGES]
        contact = Contact.objects.get(addresses__email=STRANGER)
        pages.append(content_of(client.get(contact.get_absolute_url())))
        return ["Paul Private" in page for page in pages], [CANARY in page for page in pages]

    def test_a_member_is_told_of_the_team_and_of_nothing_else(self, kept, people):
        assert self.shown(kept, people["private"]) == ([True] * 4, [True] * 4)
        assert self.shown(kept, people["member"]) == ([False] * 4, [True, True, True, False])
        page = content_of(signed_in(people["member"]).get(f"/mail/{kept.code}/"))
        assert "Only the members of the team inbox" in page

    def test_who_takes_part_is_told(self, kept, people):
        """Carol is among the recipients."""
        names, canaries = self.shown(kept, people["colleague"])
        assert (all(names), all(canaries)) == (True, True)

    def test_where_the_team_logged_it_too_the_limit_is_told_and_not_by_whom(self, kept, team, people):
        Sighting.objects.create(message=kept, inbox=team, reason="known_contact_incoming", decided_at=NOW)
        told = readers_of(kept, viewer=people["member"])

        assert (told.visibility, {reader.person for reader in told.people}) == (
            Visibility.PRIVATE,
            {people["member"], people["owner"], people["colleague"]},
        )
        assert self.shown(kept, people["member"]) == ([False] * 4, [True] * 4)


class TestRestricted:
    """Logged by the team, and shown to its members alone."""

    @pytest.fixture(autouse=True)
    def private(self, logged):
        Sighting.objects.update(visibility=Visibility.PRIVATE)
        settle_privacy(message_ids=[logged.pk])

    def test_members_read_it_and_the_owner_of_the_connection_does_not(self, logged, people):
        readers = {who for who, person in people.items() if Message.objects.readable_by(person).exists()}
        knowing = {who for who, person in people.items() if Message.objects.visible_to(person).exists()}
        on_timeline = {who for who, person in people.items() if logged.timeline_entries.visible_to(person).exists()}

        assert readers == knowing == on_timeline == {"member"}
        assert [(one.person, one.entitlement) for one in readers_of(logged, viewer=people["member"]).people] == [
            (people["member"], Entitlement.TEAM)
        ]
        assert Message.objects.with_access(people["member"]).get(pk=logged.pk).is_shown is True

    def test_the_address_of_the_team_makes_its_owner_no_participant(self, logged, people):
        Sighting.objects.update(visibility=Visibility.SUBJECT)

        assert list(Message.objects.readable_by(people["owner"])) == []

    def test_managers_answer_requests_and_the_owner_does_not(self, logged, people):
        Sighting.objects.update(visibility=Visibility.SUBJECT)
        asked = actions.ask_access(message=logged, by=people["colleague"], now=NOW)[0]

        answering = {who for who, one in people.items() if AccessRequest.objects.answered_by(one).exists()}
        knowing = {who for who, one in people.items() if AccessRequest.objects.visible_to(one).exists()}
        assert answering == {"manager", "admin"}
        assert knowing == {"manager", "admin", "colleague"}
        assert asked.sighting.inbox.holder == "Support"

    def test_the_view_as_a_member_says_why(self, logged, team, people):
        seen = view_as(team, people["member"]).mails
        assert [(mail.message, mail.because) for mail in seen] == [(logged, Because.TEAM)]

        assert signed_in(people["manager"]).get(f"/inboxes/{team.code}/view-as/").status_code == 404


def test_timelines_name_the_team_and_no_person(logged, people):
    contact = Contact.objects.get()

    assert [talker.name for talker in talkers_with(contact, people["colleague"])] == ["Support"]
    (why,) = why_logged(logged, viewer=people["colleague"])
    assert (why.reason.owner, why.reason.inbox) == ("Support", "Support")
    page = content_of(signed_in(people["colleague"]).get(f"/mail/{logged.code}/"))
    assert "Logged from the inbox of Support." in page
    assert people["owner"].name not in page


def test_a_personal_inbox_lets_nobody_read_what_it_did_not_log(people, server, clock):
    make_contact("Sarah Okafor", SARAH)
    inbox = connected_inbox(people["owner"])
    InboxMember.objects.create(inbox=inbox, person=people["colleague"])
    server.deliver(mail_bytes(STRANGER, ALICE, message_id="<9@m>"))
    server.deliver(mail_bytes(SARAH, ALICE, message_id="<8@m>"))
    sync_until_quiet(inbox, server, clock)
    Sighting.objects.update(visibility=Visibility.PRIVATE)

    assert set(Message.objects.values_list("message_id", flat=True)) == {"<8@m>"}
    assert {who for who, one in people.items() if Message.objects.visible_to(one).exists()} == {"owner"}


def test_json_of_the_timeline_names_the_inbox(logged):
    told = StringIO()
    call_command("contact", "timeline", SARAH, "--json", stdout=told)

    (entry,) = json.loads(told.getvalue())["entries"]
    assert entry["logged"] == [{"inbox": TEAM, "direction": "incoming", "reason": "known_contact_incoming"}]


def test_the_short_way_to_ask_agrees_with_the_rule(kept, team, people):
    def agree():
        for person in (one for who, one in people.items() if who != "outsider"):
            by_rule = set(TeamMail.objects.visible_to(person).values_list("message", flat=True))
            assert set(Message.objects.filter(in_team_of(Viewer.of(person))).values_list("pk", flat=True)) == by_rule
        return {who for who, person in people.items() if Message.objects.visible_to(person).exists()}

    assert agree() == {"member"}
    InboxMember.objects.create(inbox=team, person=people["manager"])
    assert agree() == {"member", "manager"}
    Inbox.objects.filter(pk=team.pk).update(removed_at=NOW)
    assert agree() == set()
