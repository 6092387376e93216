"""Connecting a team inbox step by step; who may not is stopped at each of them."""

import pytest
from django.urls import reverse

from inboxes.models import Inbox, InboxMember, SignIn
from logging_rules.models import InboxPolicy
from tests.factories.conversations import team_inbox
from tests.factories.inboxes import connected_inbox
from tests.factories.users import UserFactory
from tests.people import signed_in
from users.models import User

pytestmark = pytest.mark.django_db

CONNECT = reverse("inboxes:connect")
TEAM = {"query_params": {"kind": "team"}}


@pytest.fixture
def holder() -> User:
    return UserFactory(name="Hana Holder", account_access=True)


@pytest.fixture
def client(holder):
    return signed_in(holder)


def said(answer) -> str:
    return answer.content.decode()


class TestChoosing:
    def test_with_account_access_one_chooses_what_the_inbox_becomes(self, client):
        page = said(client.get(CONNECT))

        assert "Whose inbox is it?" in page
        assert ('href="?kind=personal"' in page, 'href="?kind=team"' in page) == (True, True)

    def test_others_are_never_asked(self, alice_client):
        page = said(alice_client.get(CONNECT))

        assert ("Which mailbox do you work with?" in page, "kind=team" in page) == (True, False)

    def test_who_follows_a_link_without_account_access_learns_who_has_it(self, alice_client, holder, admin):
        answer = alice_client.get(CONNECT, **TEAM)

        assert answer.status_code == 403
        assert all(text in said(answer) for text in ("Team inboxes take account access", holder.name, admin.name))


class TestForgedRequests:
    def test_an_address_sent_for_a_team_is_refused(self, alice_client):
        answer = alice_client.post(CONNECT, {"address": "support@ours.example"}, **TEAM)

        assert (answer.status_code, "inbox_to_connect" in alice_client.session) == (403, False)

    def test_the_kind_in_the_body_makes_no_difference(self, alice_client):
        alice_client.post(CONNECT, {"address": "support@ours.example", "kind": "team", "inbox_kind": "team"})

        assert alice_client.session["inbox_to_connect"]["inbox_kind"] == "personal"

    def test_a_session_from_before_account_access_was_lost_connects_nothing(self, client, holder):
        client.post(CONNECT, {"address": "support@ours.example"}, **TEAM)
        assert client.session["inbox_to_connect"]["inbox_kind"] == "team"
        User.objects.filter(pk=holder.pk).update(account_access=False)

        for method in (client.get, client.post):
            assert method(reverse("inboxes:connect-server")).status_code == 403
        assert not Inbox.objects.exists()

    @pytest.mark.parametrize("provider", ["google", "microsoft"])
    def test_no_sign_in_is_begun_for_a_team(self, alice_client, google, microsoft, provider):
        page = reverse("inboxes:oauth", args=[provider])
        for method in (alice_client.get, alice_client.post):
            assert method(page, **TEAM).status_code == 403
        assert not SignIn.objects.exists()

    def test_a_members_inbox_stays_personal_whatever_they_post(self, alice, alice_client):
        inbox = connected_inbox(alice, "new@ours.example", status="connecting")
        values = {"name": "Ours", "from_name": "", "members": [], "logging": "usual", "history": "all"}
        alice_client.post(reverse("inboxes:logging", args=[inbox.code]), {"preset": "known", **values})
        answer = alice_client.get(reverse("inboxes:confirm-team", args=[inbox.code]))

        inbox.refresh_from_db()
        assert (inbox.kind, inbox.name, answer.status_code) == ("personal", "", 404)


class TestSigningIn:
    def test_what_the_inbox_becomes_is_kept_with_the_sign_in(self, client, microsoft):
        page = reverse("inboxes:oauth", args=["microsoft"])
        client.post(page, {"address": ""}, **TEAM)
        client.post(page, {"address": ""})

        assert list(SignIn.objects.order_by("pk").values_list("inbox_kind", flat=True)) == ["team", "personal"]

    def test_a_shared_mailbox_is_offered_for_a_team(self, client, microsoft):
        page = said(client.get(reverse("inboxes:oauth", args=["microsoft"]), **TEAM))

        assert 'href="?kind=team&amp;way=shared"' in page
        client.post(
            reverse("inboxes:oauth", args=["microsoft"]),
            {"address": "info@ours.example"},
            query_params={"kind": "team", "way": "shared"},
        )
        sign_in = SignIn.objects.get()
        assert (sign_in.inbox_kind, sign_in.shared, sign_in.address) == ("team", True, "info@ours.example")

    def test_nothing_comes_back_for_who_has_lost_account_access_meanwhile(self, client, holder, microsoft):
        answer = client.post(reverse("inboxes:oauth", args=["microsoft"]), {"address": ""}, **TEAM)
        state = answer.headers["Location"].partition("state=")[2].partition("&")[0]
        User.objects.filter(pk=holder.pk).update(account_access=False)

        back = reverse("inboxes:oauth-callback", args=["microsoft"])
        page = client.get(back, {"state": state, "code": "any", "kind": "team"}, follow=True)

        assert "Connecting a team inbox takes account access" in said(page)
        assert not Inbox.objects.exists()


class TestTheTeam:
    @pytest.fixture
    def new(self, holder):
        return team_inbox(holder, owner=holder, address="info@ours.example", status="connecting")

    def values(self, **values):
        usual = {"name": "Info desk", "from_name": "Minato Info", "logging": "usual", "history": "30"}
        return usual | values

    def test_it_is_named_given_members_and_then_shown_before_it_starts(self, new, client, holder, alice):
        page = reverse("inboxes:logging", args=[new.code])
        assert client.get(page).context["form"].initial["members"] == [holder.code]

        answer = client.post(page, self.values(members=[alice.code, holder.code]), follow=True)

        new.refresh_from_db()
        assert (new.name, new.from_name, new.status) == ("Info desk", "Minato Info", "connecting")
        assert set(InboxMember.objects.filter(inbox=new).values_list("person", flat=True)) == {alice.pk, holder.pk}
        assert InboxPolicy.objects.get(inbox=new).preset == ""
        for text in ("2 members see all of it", "Everybody sees mail with known contacts", "Nobody else sees anything"):
            assert text in said(answer)
        client.post(reverse("inboxes:start", args=[new.code]))
        new.refresh_from_db()
        assert new.status == "active"

    def test_logging_can_be_switched_off_and_who_connects_it_need_not_read_it(self, new, client, holder):
        answer = client.post(reverse("inboxes:logging", args=[new.code]), self.values(logging="nothing"), follow=True)

        assert InboxPolicy.objects.get(inbox=new).preset == "manual"
        assert not InboxMember.objects.filter(inbox=new).exists()
        for text in ("Everybody sees what members log", "It has no members"):
            assert text in said(answer)

    def test_a_mistake_keeps_what_was_typed(self, new, client, alice):
        answer = client.post(reverse("inboxes:logging", args=[new.code]), self.values(name="", members=[alice.code]))

        assert answer.status_code == 422
        assert "Minato Info" in said(answer)
        assert InboxMember.objects.get(inbox=new).person != alice
