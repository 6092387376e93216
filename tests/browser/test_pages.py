"""Every page of the product, as a person reads it: accessible in both schemes and languages, and no wider than a phone."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from contacts.actions import record_opening
from contacts.models import Contact
from inboxes import actions as inbox_actions
from inboxes.models import (
    AccessPlace,
    DailyCount,
    Folder,
    Inbox,
    LedgerEntry,
    LedgerState,
    Revocation,
    RevocationState,
    Visibility,
)
from logging_rules.actions import add_never_log_entry, ask_access, grant_access, unlog
from logging_rules.changes import Change, Entry
from logging_rules.facts import NeverLogKind
from logging_rules.unlogging import Selection
from notifications import actions
from tests.factories.contacts import log_mail, make_contact, make_inbox
from tests.factories.conversations import arrive, team_inbox
from tests.factories.episodes import with_history
from tests.factories.inboxes import NOW, connected_inbox
from tests.factories.users import UserFactory
from users.models import User

PARTS = 4

SIDEBAR = """() => {
  const sidebar = document.querySelector("#sidebar")?.cloneNode(true);
  sidebar?.querySelectorAll("input[type=hidden]").forEach((token) => token.remove());
  return sidebar?.outerHTML;
}"""
"""Its markup, without what is new in each answer and nobody sees."""

INBOX_PAGES = ["logging", "preview", "reconnect", "sending", "disable", "discard"]
"""Those that differ little with the status of the inbox: shown for one that works, one that is new and one that is broken."""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pages(admin: User, google, microsoft) -> list[str]:
    contact = make_contact("高橋 美咲", "misaki.takahashi@meridian.example", owner=admin)
    log_mail(contact, "240台導入のお見積り（改訂版）について", owner=admin)
    log_mail(contact, "Revised quote for the 240-vehicle rollout", owner=admin, outgoing=True)
    actions.notify(
        recipients=[admin], kind="invitation_accepted", context={"person": "Bob"}, url="/people/", episode="a test"
    )
    inboxes = inboxes_of(admin)
    return [
        *pages_about_limited_mail(contact, admin),
        *pages_about_signing_in(),
        *pages_of_teams(admin),
        *pages_about_unlogging(contact, admin),
        *pages_about_contacts(contact),
        *pages_about_removed_inboxes(admin),
        *pages_about_managing_teams(admin),
        *pages_about_inboxes(inboxes),
        *pages_about_rules(admin),
        *pages_for_administrators(admin, inboxes),
        reverse("notifications:notification-list"),
        reverse("notifications:preferences"),
        reverse("users:profile"),
    ]


def inboxes_of(admin: User) -> list[Inbox]:
    """One of each status; the first has history, figures and mail in trouble."""
    inboxes = [
        connected_inbox(admin, "a-rather-long-address-of-a-mailbox@minato.example", backfill_done_at=NOW),
        connected_inbox(admin, "importing@minato.example"),
        connected_inbox(admin, "new@minato.example", status="connecting"),
        connected_inbox(admin, "broken@minato.example", status="needs_reconnect", cause="sign_in_refused"),
        connected_inbox(admin, "slow@minato.example", status="degraded", cause="timed_out", retry_at=NOW),
        connected_inbox(admin, "paused@minato.example", status="paused"),
        connected_inbox(admin, "off@minato.example", status="disabled"),
    ]
    folder = Folder.objects.create(
        inbox=inboxes[0], remote_id="INBOX", name="受信トレイ", role="inbox", counts={"no_known_contact": 1204}
    )
    for code, messages in (("no_known_contact", 1204), ("automatic_mail", 333), ("known_contact_incoming", 97)):
        DailyCount.objects.create(folder=folder, day=timezone.now().date(), code=code, messages=messages)
    with_history(inboxes[0], now=timezone.now())
    for number, cause in enumerate(["could_not_store", "headers_unreadable"]):
        LedgerEntry.objects.create(
            inbox=inboxes[0], folder=folder, remote_id=f"1:{number}", state=LedgerState.QUARANTINED, cause=cause
        )
    return inboxes


def pages_about_inboxes(inboxes: list[Inbox]) -> list[str]:
    first = inboxes[0].code
    of_all = ((name, inbox) for name in ("inbox", "health") for inbox in inboxes)
    of_some = ((name, inbox) for name in INBOX_PAGES for inbox in (inboxes[0], *inboxes[2:4]))
    of_two = ((name, inbox) for name in ("funnel", "marks") for inbox in inboxes[:2])
    of_one = ("switch", "convert", "why-not", "waiting", "suggestions")
    return [
        reverse("inboxes:inbox-list"),
        reverse("inboxes:connect"),
        reverse("inboxes:remove", args=[inboxes[-1].code]),
        *(reverse(f"inboxes:{name}", args=[inbox.code]) for name, inbox in (*of_all, *of_some, *of_two)),
        *(reverse(f"inboxes:{name}", args=[first]) for name in of_one),
    ]


def pages_about_contacts(contact: Contact) -> list[str]:
    return [
        reverse("contacts:contact-list"),
        reverse("contacts:contact-create"),
        contact.get_absolute_url(),
        reverse("contacts:contact-edit", args=[contact.code]),
        reverse("contacts:company-list"),
        reverse("contacts:company-create"),
        reverse("search") + "?q=高橋",
    ]


def pages_about_unlogging(contact: Contact, admin: User) -> list[str]:
    """Of a mail that is logged, and of one that was."""
    mine = make_inbox(admin)
    private = log_mail(contact, "人間ドックの結果", owner=admin)
    unlogging = unlog(selection=Selection(inbox=mine, message_ids=[private.pk]), by=admin, now=timezone.now())
    kept = log_mail(contact, "次回のお打ち合わせ", owner=admin)
    return [
        reverse("logging_rules:unlog-mail", args=[kept.code]),
        reverse("inboxes:unlog", args=[mine.code]) + "?domain=meridian.example",
        reverse("inboxes:unlogged", args=[mine.code]),
        reverse("logging_rules:undo-unlogging", args=[unlogging.code]),
        reverse("logging_rules:erase-unlogged", args=[unlogging.code]),
    ]


def pages_about_rules(admin: User) -> list[str]:
    entry = add_never_log_entry(
        text="a-rather-long-address-of-somebody@a-long-domain-of-a-clinic.example", by=admin, owner=None, note="主治医"
    )
    names = ("waiting", "held-words", "settings", "workspace-policy", "what-if")
    lists = ("never-log", "never-log-add", "never-log-import", "workspace-never-log")
    return [
        *(reverse(f"logging_rules:{name}") for name in (*names, *lists)),
        Change.of_workspace(listed=[Entry(NeverLogKind.DOMAIN, "meridian.example")]).url,
        reverse("logging_rules:workspace-never-log") + f"?saved={entry.code}",
        reverse("logging_rules:never-log-edit", args=[entry.code]),
        reverse("logging_rules:never-log-remove", args=[entry.code]),
    ]


def pages_for_administrators(admin: User, inboxes: list[Inbox]) -> list[str]:
    return [
        reverse("users:people"),
        reverse("users:invite"),
        reverse("users:workspace"),
        reverse("audit:log"),
        reverse("connections:console"),
        reverse("connections:console") + "?q=nobody",
        reverse("connections:take-off") + f"?inbox={inboxes[0].code}&inbox={inboxes[3].code}",
        *(reverse("connections:connection", args=[inbox.code]) for inbox in inboxes[2:5]),
        reverse("connections:force-disconnect", args=[inboxes[0].code]),
        reverse("connections:policy"),
        reverse("connections:person", args=[admin.code]),
        reverse("connections:leaving", args=[admin.code]),
        reverse("connections:leaving-handover", args=[admin.code]),
        reverse("connections:leaving-confirm", args=[UserFactory(name="退職 太郎").code]),
    ]


def pages_about_managing_teams(admin: User) -> list[str]:
    """Of a team inbox with members, of one without, of one that is being connected."""
    colleague = UserFactory(name="渡辺 彩")
    team = team_inbox(admin, colleague, owner=admin, address="a-rather-long-address-that-is-managed@minato.example")
    alone = team_inbox(owner=admin, address="nobody@minato.example", name="Nobody’s", status="paused")
    new = team_inbox(admin, owner=admin, address="info@minato.example", name="Info", status="connecting")
    kind = {"kind": "team"}
    return [
        reverse("inboxes:channels"),
        reverse("inboxes:connect", query=kind),
        reverse("inboxes:oauth", args=["microsoft"], query=kind),
        *(
            reverse(f"inboxes:{name}", args=[team.code])
            for name in ("inbox", "team", "add-members", "leave", "aliases")
        ),
        *(reverse(f"inboxes:{name}", args=[team.code]) for name in ("logging", "visibility")),
        reverse("inboxes:remove-member", args=[team.code, colleague.code]),
        reverse("inboxes:team", args=[alone.code]),
        *(reverse(f"inboxes:{name}", args=[new.code]) for name in ("logging", "confirm-team")),
    ]


def pages_about_signing_in() -> list[str]:
    """Of both providers, as far as they can be opened without having been there."""
    both = (("oauth", kind) for kind in ("google", "microsoft"))
    set_up = (("oauth-set-up", kind) for kind in ("google", "microsoft"))
    administrators = (("oauth-approved", "microsoft"), ("oauth-declined", "microsoft"))
    return [reverse(f"inboxes:{name}", args=[kind]) for name, kind in (*both, *set_up, *administrators)]


def pages_about_removed_inboxes(admin: User) -> list[str]:
    """One whose access is given back, one that is left to its owner at each place, one of a team."""
    removed = []
    for place in AccessPlace:
        inbox = connected_inbox(admin, f"{place}@minato.example", status="disabled")
        inbox_actions.remove(inbox=inbox, erase=False, by=admin)
        state = RevocationState.TRYING if place == AccessPlace.GOOGLE else RevocationState.NOT_OFFERED
        Revocation.objects.create(inbox=inbox, place=place, account=inbox.address, state=state, tries=1)
        removed.append(inbox)
    team = connected_inbox(admin, "team@minato.example", kind="team", name="営業チーム")
    return [
        reverse("inboxes:delete", args=[team.code]),
        reverse("inboxes:removed-list"),
        *(reverse("inboxes:removed", args=[inbox.code]) for inbox in removed),
        reverse("inboxes:removed-erase", args=[removed[0].code]),
    ]


def pages_of_teams(admin: User) -> list[str]:
    """One that works, with mail of every kind, one that is broken, one that is empty, and one that the admin only manages."""
    full = team_inbox(admin, owner=admin, address="a-rather-long-address-of-a-team@minato.example")
    broken, empty = (
        team_inbox(admin, owner=admin, address=address, **fields)
        for address, fields in (
            ("sales@minato.example", {"status": "needs_reconnect", "cause": "sign_in_refused"}),
            ("new@team.minato.example", {"backfill_done_at": None}),
        )
    )
    team_inbox(UserFactory(), owner=admin, address="board@minato.example")
    thread = arrive(
        full, "240台導入のお見積り（改訂版）について、納期のご相談とあわせてお願いしたい件", body_text="本文です。"
    ).team_thread
    arrive(full, into=thread, outgoing=True, logged_for=make_contact("高橋 美咲", "m@team.example", owner=admin))
    spam = arrive(full, "You have won", filtered="spam", code="not_mail").team_thread
    lists = (reverse("conversations:thread-list", args=[inbox.code]) for inbox in (full, broken, empty))
    return [
        reverse("conversations:inbox-list"),
        *lists,
        reverse("conversations:thread-list", args=[full.code]) + "?view=filtered",
        reverse("conversations:thread-list", args=[full.code]) + "?q=nothing",
        *(reverse("conversations:thread", args=[full.code, one.code]) for one in (thread, spam)),
    ]


def pages_about_limited_mail(contact: Contact, admin: User) -> list[str]:
    """Of the admin's own, asked for, opened and open to a colleague; and of the colleague's, which the admin cannot open."""
    bob = UserFactory(name="田中 太郎")
    own = log_mail(contact, "条件のご相談（社外秘）", owner=admin, visibility=Visibility.SUBJECT)
    [granted] = ask_access(message=own, note="同じお客様の見積もりを準備しています。", by=bob, now=timezone.now())
    grant_access(request=granted, until=timezone.now() + timedelta(days=7), by=admin, now=timezone.now())
    ask_access(message=own, by=UserFactory(name="Waiting Person"), now=timezone.now())
    record_opening(message=own, part="text", by=bob, now=timezone.now())
    closed = log_mail(contact, "Terms of the framework agreement", owner=bob, visibility=Visibility.SUBJECT)
    inbox = make_inbox(admin)
    return [
        reverse("logging_rules:who", args=[own.code]),
        reverse("contacts:message", args=[closed.code]),
        reverse("inboxes:visibility", args=[inbox.code]),
        reverse("inboxes:view-as", args=[inbox.code]),
        reverse("inboxes:view-as", args=[inbox.code]) + f"?person={bob.code}",
    ]


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize(("theme", "language"), [("light", "en"), ("dark", "ja")])
def test_every_page_is_accessible_and_fits_a_phone(open_page, accessible, pages, admin: User, theme, language, part):
    """In parts, which run beside each other: pages that lie together share their sidebar, which is looked at once in each state."""
    admin.theme, admin.language = theme, language
    admin.save(update_fields=["theme", "language"])
    page = open_page("/profile/", user=admin)
    wide = page.viewport_size
    size = -(-len(pages) // PARTS)
    mine = pages[part * size : (part + 1) * size]

    sidebars, widths = set(), {}
    for path in mine:
        assert page.goto(path).ok, path
        sidebar = page.evaluate(SIDEBAR)
        accessible(page, apart_from="#sidebar" if sidebar in sidebars else "")
        sidebars.add(sidebar)
        page.set_viewport_size({"width": 390, "height": 844})
        widths[path] = page.evaluate("document.documentElement.scrollWidth")
        page.set_viewport_size(wide)

    assert widths == dict.fromkeys(mine, 390)
