"""The intake against a real database: what it finds out about a page, and in how many queries."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact, TimelineEntry
from inboxes.envelope import Envelope
from inboxes.models import Inbox, InboxKind, InboxStatus, ThreadReference
from inboxes.sync.intake import StoredMail
from logging_rules.engine import Code, Decision
from logging_rules.facts import Level, NeverLogKind, NeverLogScope, Preset
from logging_rules.intake import InboxIntake
from logging_rules.models import InboxPolicy, NeverLogEntry, PersonPolicy, WorkspacePolicy
from tests.factories.contacts import log_mail, make_contact, make_inbox, make_message
from tests.factories.logging_rules import NOW, SARAH, STRANGER, TANAKA, bury, mail, sent
from users.models import User, WorkspaceDomain

pytestmark = pytest.mark.django_db

ALICE = "alice@genkan.example"


@pytest.fixture
def inbox(alice: User) -> Inbox:
    inbox = make_inbox(alice, "alice.mori@mail.example")
    InboxPolicy.objects.create(inbox=inbox, preset=Preset.KNOWN)
    return inbox


@pytest.fixture
def sarah() -> Contact:
    return make_contact("Sarah Okafor", SARAH)


def decide(inbox: Inbox, *envelopes: Envelope) -> list[Decision]:
    return InboxIntake(inbox).decide(envelopes)


def code(inbox: Inbox, envelope: Envelope) -> str:
    return decide(inbox, envelope)[0].code


def never(owner: User | None, by: User, value: str, **fields: Any) -> None:
    kind = NeverLogKind.ADDRESS if "@" in value else NeverLogKind.DOMAIN
    NeverLogEntry.objects.create(owner=owner, created_by=by, kind=fields.pop("kind", kind), value=value, **fields)


def test_mail_with_a_contact_is_logged_with_its_contact_and_level(inbox, sarah):
    known, unknown = decide(inbox, sent(SARAH), mail(STRANGER))

    assert known == Decision(True, Code.KNOWN_CONTACT_OUTGOING, "preset_known", Level.INBOX, SARAH, (sarah.pk,))
    assert unknown == Decision(log=False, code=Code.NO_KNOWN_CONTACT)


def test_people_of_the_workspace_are_colleagues_wherever_their_address_is(inbox, alice, bob):
    WorkspaceDomain.objects.create(domain="firm.example")
    team = make_inbox(bob, "sales@shared.example")
    team.aliases = ["hello@shared.example"]
    team.save()
    make_contact("Not a contact", bob.email)

    page = [
        mail(bob.email, ALICE),
        mail("anyone@firm.example", ALICE),
        mail("sales@shared.example", ALICE),
        mail("hello@shared.example", ALICE),
        mail(inbox.address, ALICE),
    ]

    assert {decision.code for decision in decide(inbox, *page)} == {Code.INTERNAL_ONLY}
    assert code(inbox, mail(bob.email, [ALICE, STRANGER])) == Code.NO_KNOWN_CONTACT


def test_a_colleague_who_signs_in_with_an_address_in_other_letters_is_known_by_it(inbox, alice, bob):
    bob.email = "bob@日本語.example"
    bob.save()
    make_contact("Not a contact", "bob@xn--wgv71a119e.example")
    assert code(inbox, mail("bob@xn--wgv71a119e.example", ALICE)) == Code.INTERNAL_ONLY


def test_names_and_other_scripts_are_only_compared_by_address(inbox):
    make_contact("田中 一郎", "tanaka@xn--wgv71a119e.example")

    assert code(inbox, mail("tanaka@xn--wgv71a119e.example", ALICE)) == Code.KNOWN_CONTACT_INCOMING


def test_a_hostile_address_neither_matches_nor_stops_the_page(inbox, sarah):
    page = [mail("nul\0@evil.example", ALICE, references=("<\0@x>",)), mail("half\ud800@evil.example"), mail(SARAH)]

    assert [decision.code for decision in decide(inbox, *page)] == [
        Code.NO_KNOWN_CONTACT,
        Code.NO_KNOWN_CONTACT,
        Code.KNOWN_CONTACT_INCOMING,
    ]


def test_never_log_entries_of_the_owner_and_the_workspace_hold_and_a_colleagues_do_not(inbox, sarah, alice, bob):
    never(bob, bob, SARAH)
    assert code(inbox, mail()) == Code.KNOWN_CONTACT_INCOMING

    never(alice, alice, "example", kind=NeverLogKind.SUBDOMAINS)
    assert code(inbox, mail()) == Code.NEVER_LOG_PERSONAL

    never(None, bob, "meridian.example")
    assert code(inbox, mail()) == Code.NEVER_LOG_WORKSPACE


def test_an_entry_for_the_address_only_keeps_the_mail_on_other_timelines(inbox, sarah, alice):
    tanaka = make_contact("田中 一郎", TANAKA)
    never(alice, alice, SARAH, scope=NeverLogScope.ADDRESS_ONLY)

    assert decide(inbox, mail(SARAH, [ALICE, TANAKA]))[0].contact_ids == (tanaka.pk,)


def test_a_team_inbox_takes_no_settings_from_the_person_who_connected_it(inbox, sarah, alice):
    inbox.kind = InboxKind.TEAM
    inbox.save()
    InboxPolicy.objects.all().delete()
    PersonPolicy.objects.create(person=alice, preset=Preset.MANUAL)
    never(alice, alice, SARAH)

    assert code(inbox, mail()) == Code.KNOWN_CONTACT_INCOMING


def test_a_team_inbox_obeys_the_entries_of_the_workspace_that_cover_it_and_no_others(inbox, sarah, alice):
    never(alice, alice, SARAH)
    never(None, alice, "meridian.example")
    assert code(inbox, mail()) == Code.NEVER_LOG_WORKSPACE

    inbox.kind = InboxKind.TEAM
    inbox.save()
    assert code(inbox, mail()) == Code.KNOWN_CONTACT_INCOMING

    NeverLogEntry.objects.filter(owner=None).update(covers_team=True)
    assert code(inbox, mail()) == Code.NEVER_LOG_WORKSPACE


def test_an_entry_of_a_person_can_never_cover_a_team_inbox(alice):
    with pytest.raises(IntegrityError, match="own_never_log_spares_team_inboxes"):
        never(alice, alice, SARAH, covers_team=True)


def test_a_tightened_setting_holds_from_the_next_page_on(inbox, sarah, alice):
    intake = InboxIntake(inbox)
    assert intake.decide([mail()])[0].log is True

    never(alice, alice, SARAH)

    assert intake.decide([mail()])[0].log is False


@pytest.mark.parametrize("status", [InboxStatus.PAUSED, InboxStatus.DISABLED])
def test_a_stopped_inbox_logs_nothing(inbox, sarah, status):
    inbox.status = status

    assert code(inbox, mail()) == Code.OUTSIDE_WINDOW


def test_mail_from_before_the_window_is_skipped(inbox, sarah):
    inbox.history_since = NOW

    assert [code(inbox, mail(received_at=NOW - timedelta(seconds=1))), code(inbox, mail(received_at=NOW))] == [
        Code.OUTSIDE_WINDOW,
        Code.KNOWN_CONTACT_INCOMING,
    ]


def test_an_unlogged_mail_stays_away_from_this_owner_only(inbox, sarah, alice, bob):
    envelope = mail()
    bury(envelope.fingerprint, owner=alice)

    assert code(inbox, envelope) == Code.UNLOGGED_BY_OWNER
    assert code(inbox, mail()) == Code.KNOWN_CONTACT_INCOMING
    bobs = make_inbox(bob)
    InboxPolicy.objects.create(inbox=bobs, preset=Preset.KNOWN)
    assert code(bobs, envelope) == Code.KNOWN_CONTACT_INCOMING


def test_a_tombstone_tells_nothing_and_survives_a_new_secret_key(inbox, alice, settings):
    envelope = mail()
    bury(envelope.fingerprint, owner=alice)
    settings.SECRET_KEY = "another key"

    assert bytes(alice.tombstones.get().digest) != envelope.fingerprint
    assert code(inbox, envelope) == Code.UNLOGGED_BY_OWNER


# Conversations


@pytest.fixture
def logged(inbox, sarah, alice):
    """Sarah's mail to Alice and a stranger, logged."""
    message = log_mail(
        sarah,
        owner=alice,
        message_id="<first@meridian.example>",
        from_email=SARAH,
        recipients=[["to", ALICE, "Alice"], ["cc", STRANGER, ""]],
        sent_at=NOW - timedelta(hours=1),
    )
    for message_id in ("<first@meridian.example>", "<root@meridian.example>"):
        ThreadReference.objects.create(thread=message.thread, message_id=message_id)
    InboxPolicy.objects.update(preset=Preset.REPLIES)
    return message


def test_a_reply_to_a_logged_mail_is_logged(inbox, logged, sarah):
    assert decide(inbox, mail(SARAH, in_reply_to=("<first@meridian.example>",))) == [
        Decision(True, Code.REPLY_TO_LOGGED, "preset_replies", Level.INBOX, SARAH, (sarah.pk,))
    ]


def test_a_reply_of_somebody_unknown_reaches_the_contact_of_the_conversation(inbox, logged, sarah):
    decision = decide(inbox, mail(STRANGER, references=("<root@meridian.example>",)))[0]

    assert (decision.code, decision.matched_address, decision.contact_ids) == (
        Code.REPLY_TO_LOGGED,
        STRANGER,
        (sarah.pk,),
    )


def test_forged_references_join_no_conversation(inbox, logged):
    assert code(inbox, mail("mallory@evil.example", ALICE, references=("<first@meridian.example>",))) == (
        Code.NO_KNOWN_CONTACT
    )


def test_what_a_conversation_answered_before_it_was_logged_stays_private(inbox, logged):
    earlier = mail(STRANGER, message_id="<root@meridian.example>", sent_at=NOW - timedelta(days=1))

    assert code(inbox, earlier) == Code.NO_KNOWN_CONTACT


def test_a_stored_mail_that_no_inbox_holds_any_more_makes_no_conversation(inbox, logged, sarah):
    logged.sightings.all().delete()

    assert code(inbox, mail(SARAH, in_reply_to=("<first@meridian.example>",))) == Code.PRESET_TOO_NARROW


def test_mails_without_a_message_id_are_no_conversation(inbox, sarah, alice):
    message = log_mail(sarah, owner=alice, message_id="", from_email=STRANGER)
    ThreadReference.objects.create(thread=message.thread, message_id="<root@x>")

    earlier = mail(STRANGER, message_id="", references=("<root@x>",), sent_at=message.sent_at - timedelta(days=1))

    assert code(inbox, earlier) == Code.NO_KNOWN_CONTACT


# Recording


def stored(envelope: Envelope, verdict: Decision) -> StoredMail[Decision]:
    message = make_message(sent_at=envelope.sent_at)
    return StoredMail(envelope, verdict, message.pk, message.thread_id, is_new=True)


def test_recording_puts_each_mail_on_the_timelines_of_its_contacts_once(inbox, sarah):
    tanaka = make_contact("田中 一郎", TANAKA)
    intake = InboxIntake(inbox)
    page = [mail(SARAH, [ALICE, TANAKA]), mail(TANAKA, sent_at=NOW + timedelta(hours=1))]
    mails = [stored(envelope, verdict) for envelope, verdict in zip(page, intake.decide(page), strict=True)]

    intake.record(mails)
    intake.record(mails)

    entries = TimelineEntry.objects.order_by("occurred_at", "contact_id").values_list("contact_id", "message_id")
    assert list(entries) == [
        (sarah.pk, mails[0].message_pk),
        (tanaka.pk, mails[0].message_pk),
        (tanaka.pk, mails[1].message_pk),
    ]
    tanaka.refresh_from_db()
    assert tanaka.last_activity_at == NOW + timedelta(hours=1)


# Cost


@pytest.mark.parametrize("preset", list(Preset))
def test_a_page_costs_the_same_queries_for_1_and_1000_envelopes(inbox, logged, alice, preset):
    InboxPolicy.objects.update(preset=preset)
    WorkspacePolicy.objects.current()
    bury(b"x" * 32, owner=alice)
    never(alice, alice, "clinic.example")
    ids = ("<first@meridian.example>",)
    page = [
        mail(f"person{number}@domain{number % 300}.example", [ALICE, SARAH], references=(*ids, f"<{number}@y>"))
        for number in range(1000)
    ]
    counts = []
    for size in (1, 1000):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(InboxIntake(inbox).decide(page[:size])) == size
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 18


def test_an_empty_page_costs_nothing(inbox, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert decide(inbox) == []
