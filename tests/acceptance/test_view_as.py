"""View-as equals what a person really gets: in generated workspaces, for every person and e-mail, by every way to an e-mail there is.

What is right is worked out here once more, in plain Python, from what the workspace was made of.
"""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.actions import settle_privacy
from inboxes import files
from inboxes.access import readers_of
from inboxes.models import AccessRequest, Attachment, Message, Sighting, Visibility
from logging_rules.view_as import Because, view_as
from tests.factories.contacts import NOON, log_mail, make_contact, make_inbox
from tests.factories.users import UserFactory
from tests.people import signed_in
from users.models import User

pytestmark = pytest.mark.django_db
NOTHING, SUBJECT, ALL = range(3)
PEOPLE = ("alice", "bob", "carol", "super admin", "gone")
OWNERS = PEOPLE[:2]
TOMORROW, YESTERDAY = timedelta(days=1), timedelta(days=-1)


@dataclass(frozen=True)
class Plan:
    """One e-mail: what each inbox that logged it wants, who takes part by which address, who was let in by whom and when it ends."""

    wishes: dict[str, Visibility]
    recipients: tuple[str, ...]
    grants: dict[tuple[str, str], timedelta] = field(default_factory=dict)

    def seen_by(self, person: str) -> int:
        if person == "gone":
            return NOTHING
        closed = [
            wish
            for owner, wish in self.wishes.items()
            if wish is not Visibility.EVERYONE and self.grants.get((owner, person)) != TOMORROW
        ]
        takes_part = {f"{person}@sign-in.example", f"{person}@connected.example", f"{person}@alias.example"}
        if not closed or person in self.wishes or takes_part & set(self.recipients):
            return ALL
        return NOTHING if Visibility.PRIVATE in closed else SUBJECT


def address(person: str, kind: str) -> str:
    return f"{person}@{kind}.example"


plans = st.builds(
    Plan,
    wishes=st.dictionaries(st.sampled_from(OWNERS), st.sampled_from(Visibility), min_size=1),
    recipients=st.lists(
        st.builds(address, st.sampled_from(PEOPLE), st.sampled_from(["sign-in", "connected", "alias", "elsewhere"])),
        max_size=2,
    ).map(tuple),
    grants=st.dictionaries(
        st.tuples(st.sampled_from(OWNERS), st.sampled_from(PEOPLE)), st.sampled_from([TOMORROW, YESTERDAY]), max_size=3
    ),
)


class Workspace:
    """`people` and `mails` as the plans say; what stands in the e-mails says which one it is."""

    def __init__(self, mails: list[Plan]) -> None:
        self.plans = mails
        self.contact = make_contact("Sarah Okafor", "sarah@meridian.example")
        self.people = {name: self._person(name) for name in PEOPLE}
        self.inboxes = {name: make_inbox(self.people[name]) for name in OWNERS}
        self.mails = [self._mail(number, plan) for number, plan in enumerate(mails)]

    def _person(self, name: str) -> User:
        person = UserFactory(
            email=address(name, "sign-in"), super_admin=name == "super admin", is_active=name != "gone"
        )
        inbox = make_inbox(person, address(name, "connected"))
        inbox.aliases = [address(name, "alias")]
        inbox.provider = "gmail"  # which says what the aliases are
        inbox.save(update_fields=["aliases", "provider"])
        return person

    def _mail(self, number: int, plan: Plan) -> Message:
        first, *others = plan.wishes
        message = log_mail(
            self.contact,
            f"Subject{number:03}",
            owner=self.people[first],
            visibility=plan.wishes[first],
            recipients=[["to", each, ""] for each in plan.recipients],
            body_text=f"Body{number:03}",
            raw_key=files.store(b"an original"),
            sent_at=NOON + timedelta(hours=number),
        )
        Attachment.objects.create(
            message=message, position=0, filename=f"File{number:03}.txt", content_type="text/plain", size=4
        )
        for owner in others:
            Sighting.objects.create(
                message=message,
                inbox=self.inboxes[owner],
                reason="known_contact_incoming",
                decided_at=NOON,
                visibility=plan.wishes[owner],
            )
        settle_privacy(message_ids=[message.pk])
        for (owner, person), end in plan.grants.items():
            if owner in plan.wishes:
                AccessRequest.objects.create(
                    sighting=message.sightings.get(inbox=self.inboxes[owner]),
                    person=self.people[person],
                    asked_at=NOON,
                    answered_at=NOON,
                    granted_until=timezone.now() + end,
                )
        return message

    def wanted(self, person: str) -> list[int]:
        return [plan.seen_by(person) for plan in self.plans]


def by_querysets(workspace: Workspace, person: User) -> list[int]:
    visible, readable = (
        set(mails.values_list("pk", flat=True))
        for mails in (Message.objects.visible_to(person), Message.objects.readable_by(person))
    )
    return [(mail.pk in visible) + (mail.pk in readable) for mail in workspace.mails]


def openable_as_told_to(mail: Message, person: User) -> set[User]:
    told = readers_of(mail, viewer=person)
    if told.visibility is Visibility.EVERYONE:
        return set(User.objects.active())
    return {reader.person for reader in told.people}


def by_view_as(workspace: Workspace, name: str, person: User) -> list[int | None]:
    """None for an e-mail that this inbox has not logged: of each e-mail, what the views of all inboxes that did agree on."""
    seen: list[int | None] = [None] * len(workspace.mails)
    numbers = {mail.pk: number for number, mail in enumerate(workspace.mails)}
    for owner, inbox in workspace.inboxes.items():
        view = view_as(inbox, person)
        rows = {numbers[each.message.pk]: each.because for each in view.mails}
        for number, plan in enumerate(workspace.plans):
            if owner in plan.wishes:
                because = rows.get(number)
                told = NOTHING if because is None else SUBJECT if because is Because.SUBJECT else ALL
                assert seen[number] in (None, told)
                seen[number] = told
        counted = [told for number, told in enumerate(seen) if owner in workspace.plans[number].wishes]
        assert (view.totals.logged, view.totals.readable, view.totals.subject_only) == (
            len(counted),
            counted.count(ALL),
            counted.count(SUBJECT),
        )
    return seen


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mails=st.lists(plans, min_size=3, max_size=5))
def test_view_as_is_what_the_querysets_give_and_what_is_right(mails):
    with transaction.atomic():
        workspace = Workspace(mails)
        wanted_by = {name: workspace.wanted(name) for name in workspace.people}
        readers = [
            {workspace.people[name] for name, wanted in wanted_by.items() if wanted[number] == ALL}
            for number in range(len(mails))
        ]
        for name, person in workspace.people.items():
            wanted = wanted_by[name]
            assert by_querysets(workspace, person) == wanted, name
            assert by_view_as(workspace, name, person) == wanted, name
            for mail, right in zip(workspace.mails, readers, strict=True):
                assert person not in right or {person} <= openable_as_told_to(mail, person) <= right, name
        transaction.set_rollback(True)


def by_pages(workspace: Workspace, person: User) -> list[set[int]]:
    """For each e-mail the answers of all pages that could show it: they must be of one mind."""
    client = signed_in(person)
    timeline = client.get(workspace.contact.get_absolute_url()).content.decode()
    search = client.get("/search/?q=subject").content.decode()
    seen = []
    for number, mail in enumerate(workspace.mails):
        page = client.get(f"/mail/{mail.code}/")
        shown = page.content.decode()
        told = (page.status_code == 200) + (f"Body{number:03}" in shown)
        doors = {status_of(client, f"/mail/{mail.code}/{door}/") for door in ("body", "original")}
        reasons = {client.get(f"/logging/{page}/{mail.code}/").status_code for page in ("why", "who")}
        assert (f"File{number:03}" in shown) == (told == ALL)
        assert (f"Subject{number:03}" in timeline, f"Subject{number:03}" in search) == (told > NOTHING,) * 2
        assert told == ALL or f"Body{number:03}" not in timeline + search
        assert told == ALL or f"File{number:03}" not in timeline
        assert reasons == {200 if told else 404}
        seen.append(told if doors == {200 if told == ALL else 404} else -1)
    return seen


def status_of(client: Client, address: str) -> int:
    response = client.get(address)
    if response.streaming:
        list(response.streaming_content)  # read to its end, a file is closed
    return response.status_code


FEW_PLANS = [
    Plan({"alice": Visibility.EVERYONE}, ()),
    Plan({"alice": Visibility.SUBJECT}, ("carol@alias.example",), {("alice", "super admin"): TOMORROW}),
    Plan({"alice": Visibility.PRIVATE}, ("super admin@connected.example",), {("alice", "carol"): TOMORROW}),
    Plan({"alice": Visibility.PRIVATE}, ("gone@sign-in.example",), {("alice", "bob"): YESTERDAY}),
    Plan({"alice": Visibility.SUBJECT, "bob": Visibility.PRIVATE}, (), {("alice", "carol"): TOMORROW}),
    Plan(
        {"alice": Visibility.SUBJECT, "bob": Visibility.SUBJECT},
        ("carol@elsewhere.example",),
        {("alice", "super admin"): TOMORROW, ("bob", "super admin"): TOMORROW, ("alice", "carol"): TOMORROW},
    ),
]


def test_view_as_is_what_every_page_gives():
    workspace = Workspace(FEW_PLANS)

    assert {plan.seen_by(name) for plan in FEW_PLANS for name in PEOPLE} == {NOTHING, SUBJECT, ALL}
    for name, person in workspace.people.items():
        if name != "gone":
            assert by_pages(workspace, person) == by_view_as(workspace, name, person) == workspace.wanted(name), name
