"""What lay in a mailbox before it was a team's: nobody reads it live, and nobody logs it by hand."""

from datetime import timedelta

import pytest

from inboxes.envelope import FolderRole
from inboxes.models import Inbox, InboxKind, Message, Sighting, Visibility
from inboxes.providers.memory import MemoryMailbox
from inboxes.sync.redeciding import RemoteKey
from logging_rules.actions import convert_to_team, log_by_hand
from logging_rules.changes import Change
from logging_rules.dry_run import DryRunState, scan_step
from logging_rules.explain import explain_message
from logging_rules.facts import Preset
from logging_rules.models import HeldMail
from logging_rules.suggestions import Search, search_step
from logging_rules.waiting import look_at_held
from logging_rules.what_if import WhatIf, what_if_step
from logging_rules.why_not import Fate, Quest, pick, search
from tests.factories.contacts import make_contact
from tests.factories.inboxes import (
    ALICE,
    NOW,
    SARAH,
    STRANGER,
    Clock,
    connected_inbox,
    mail_bytes,
    sync_until_quiet,
    team_inbox,
)

pytestmark = pytest.mark.django_db

CANARIES = {"Test results", "Our divorce", "Applying elsewhere", "An hour before", "Unsent"}


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def mailbox():
    """Alice's private past, some of it of the day on which the inbox becomes the team's."""
    mailbox = MemoryMailbox(now=NOW)
    mailbox.create_folder("Trash", FolderRole.TRASH)
    mailbox.create_folder("Drafts", FolderRole.DRAFTS)
    for number, (subject, folder, hours) in enumerate((
        ("Test results", "INBOX", 24 * 400), ("Our divorce", "Sent", 24 * 3), ("Applying elsewhere", "Trash", 30),
        ("An hour before", "Sent", 1),
    )):  # fmt: skip
        deliver(mailbox, subject, folder, number=number, hours=hours)
    return mailbox


def deliver(mailbox, subject, folder="INBOX", *, number, hours=0, **headers):
    """From a stranger, or in the folder Sent to one."""
    at = NOW - timedelta(hours=hours)
    parties = (ALICE, f"{number}.{STRANGER}") if folder == "Sent" else (STRANGER, ALICE)
    raw = mail_bytes(*parties, subject=subject, message_id=f"<{number}@past>", date=at, **headers)
    return mailbox.deliver(raw, folder, received_at=at)


@pytest.fixture
def personal(alice):
    alice.account_access = True
    alice.save()
    return connected_inbox(alice, preset=Preset.REPLIES)


@pytest.fixture
def bob(bob):
    bob.account_access = True
    bob.save()
    return bob


@pytest.fixture
def team(personal, alice, bob, mailbox, clock):
    """With one mail since: that is all there is to find."""
    sync_until_quiet(personal, mailbox, clock)
    team = convert_to_team(inbox=personal, name="Support", members=[alice, bob], since=None, by=alice)
    Inbox.objects.filter(pk=team.pk).update(history_since=NOW)
    team.refresh_from_db()
    deliver(mailbox, "Since then", number=10)
    deliver(mailbox, "Unsent", "Drafts", number=11)
    deliver(mailbox, "To a customer", "Sent", number=12)
    sync_until_quiet(team, mailbox, clock)
    return team


def found(inbox, mailbox, reader, **question):
    with mailbox.open(with_junk=True) as provider:
        return {
            hit.envelope.subject for hit in search(provider, inbox, Quest(inbox.pk, **question), reader=reader).hits
        }


def forged_keys(mailbox):
    """As a page showed them of some other inbox with the same folders and numbers."""
    with mailbox.open() as provider:
        return [
            RemoteKey(folder.remote_id, envelope.remote_id, NOW.date(), "no_known_contact")
            for folder in provider.searchable_folders()
            for envelope in provider.search(folder, Quest(0).query("", Inbox()))
            if envelope.subject in CANARIES
        ]


def test_a_search_for_anything_finds_only_what_the_team_reads(team, personal, mailbox, alice, bob):
    assert found(personal, mailbox, alice) >= CANARIES
    for reader in (alice, bob):
        assert found(team, mailbox, reader) == {"Since then", "To a customer"}
        assert found(team, mailbox, reader, since=(NOW - timedelta(days=900)).isoformat()) == {
            "Since then",
            "To a customer",
        }


def test_forged_keys_open_nothing_of_before(team, personal, mailbox, alice, bob):
    keys = forged_keys(mailbox)
    assert len(keys) == len(CANARIES)
    with mailbox.open() as provider:
        assert len(pick(provider, personal, keys, reader=alice)) == len(CANARIES)
        assert pick(provider, team, keys, reader=bob) == []


def test_mail_that_waits_is_shown_from_then_on_only(team, mailbox, bob):
    folder = team.folders.get(remote_id="INBOX")
    [key] = [key for key in forged_keys(mailbox) if key.folder_id == "INBOX"]
    held = [HeldMail(inbox=team, folder=folder, remote_id=key.remote_id)]
    with mailbox.open() as provider:
        look = look_at_held(provider, team, held, reader=bob)
    assert (look.now, look.later, look.gone) == ([], [], [])


def test_nobody_is_suggested_to_whom_only_the_owner_wrote_before(team, personal, mailbox):
    assert suggested(personal, mailbox) == {f"{number}.{STRANGER}" for number in (1, 3, 12)}
    assert suggested(team, mailbox) == {f"12.{STRANGER}"}


def suggested(inbox, mailbox):
    state = Search.start(inbox)
    with mailbox.open() as provider:
        while not state.scan.done:
            state = search_step(provider, inbox, state)
    return set(state.people)


def test_dry_runs_show_and_count_nothing_of_before(team, mailbox, clock):
    make_contact("Somebody", STRANGER)
    state, subjects, counted = DryRunState.start(team, since=None), set(), 0
    with mailbox.open() as provider:
        while not state.scan.done:
            step = scan_step(provider, team, state)
            state, subjects = step.state, subjects | {sample.subject for sample in step.samples}
        counted = sum(state.counts[Preset.KNOWN].values())
        change = Change.of_inbox(team, preset=Preset.MANUAL)
        asked = WhatIf.start(team, change, since=None)
        while not asked.scan.done:
            step = what_if_step(provider, team, change, asked)
            asked, subjects = step.state, subjects | {sample.subject for sample in step.samples}
    assert (subjects, counted, asked.decided) == ({"Since then", "To a customer"}, 2, 2)


def test_the_command_explains_nothing_of_before(team, personal, mailbox):
    with mailbox.open() as provider:
        assert len(explain_message(personal, "<0@past>", provider)) == 1
        assert explain_message(team, "<0@past>", provider) == []
        assert len(explain_message(team, "<10@past>", provider)) == 1


def test_logging_by_hand_reaches_nothing_of_before(team, mailbox, clock, bob):
    bodies = dict(mailbox.body_bytes)
    log_by_hand(inbox=team, keys=forged_keys(mailbox), by=bob, now=clock.now)
    sync_until_quiet(team, mailbox, clock)
    assert not Message.objects.filter(subject__in=CANARIES).exists()
    assert mailbox.body_bytes == bodies


def test_what_came_since_is_logged_by_hand_as_ever(team, mailbox, clock, bob):
    with mailbox.open() as provider:
        hits = search(provider, team, Quest(team.pk, subject="Since"), reader=bob).hits
    assert [hit.can_be_chosen for hit in hits] == [True]
    log_by_hand(inbox=team, keys=[hit.key for hit in hits], by=bob, now=clock.now)
    sync_until_quiet(team, mailbox, clock)
    assert Sighting.objects.get(inbox=team).reason == "chosen_by_owner"


def test_the_owner_of_a_personal_inbox_still_finds_and_logs_all_of_it(personal, mailbox, clock, alice):
    Inbox.objects.filter(pk=personal.pk).update(history_since=NOW)
    personal.refresh_from_db()
    sync_until_quiet(personal, mailbox, clock)
    with mailbox.open() as provider:
        [hit] = search(provider, personal, Quest(personal.pk, subject="Test results"), reader=alice).hits
    log_by_hand(inbox=personal, keys=[hit.key], by=alice, now=clock.now)
    sync_until_quiet(personal, mailbox, clock)
    assert Message.objects.get().subject == "Test results"


def test_a_member_is_not_told_who_logged_the_same_mail_privately(alice, bob, mailbox, clock):
    """Not even where the connection of the team's inbox is hers."""
    own = connected_inbox(alice)
    team = team_inbox(alice, bob, preset=Preset.MANUAL)
    make_contact("Sarah Okafor", SARAH)
    shared = MemoryMailbox(now=NOW)
    shared.deliver(mail_bytes(SARAH, to=f"{ALICE}, {team.address}", message_id="<both@x>"), received_at=NOW)
    for inbox in (own, team):
        sync_until_quiet(inbox, shared, clock)
    with shared.open() as provider:
        [hit] = search(provider, team, Quest(team.pk), reader=bob).hits
        assert (hit.fate, hit.held_by) == (Fate.SKIPPED, (str(alice),))

        Sighting.objects.update(visibility=Visibility.PRIVATE)
        assert Message.objects.visible_to(bob).count() == 1
        for hits in (
            search(provider, team, Quest(team.pk), reader=bob).hits,
            pick(provider, team, [hit.key], reader=bob),
        ):
            assert [each.held_by for each in hits] == [()]
        [told] = search(provider, team, Quest(team.pk), reader=alice).hits
        assert told.held_by == (str(alice),)
    assert team.kind == InboxKind.TEAM
