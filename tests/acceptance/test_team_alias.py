"""A team reads the mail of an alias through somebody's own mailbox. Of the 150 private mails in it nothing is kept, and no body of
theirs was ever asked for: at first, day by day, and after our place in it was lost."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from itertools import count
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.urls import reverse

from inboxes.models import Inbox, LedgerEntry, Message, TeamMail
from inboxes.queries import completeness
from tests.acceptance.api_mailboxes import Days, sync_until_quiet
from tests.acceptance.kept import everything_kept
from tests.acceptance.test_api_providers import forget_paces
from tests.factories.contacts import make_contact
from tests.factories.users import UserFactory
from tests.fakes.google import consent
from tests.people import signed_in

pytestmark = pytest.mark.django_db(transaction=True)
YUKI, SUPPORT, SARAH = "yuki@minato.example", "support@minato.example", "sarah@meridian.example"
TOKEN = "quetzal"

OTHERS = [
    {},
    {},
    {"To": "nosupport@minato.example"},
    {"To": "it-support@minato.example"},
    {"To": f"{SUPPORT}.elsewhere.example"},
    {"To": f'"{SUPPORT}" <{YUKI}>'},
    {"From": SUPPORT},
    {"Reply-To": SUPPORT},
    {"List-Id": "<eu.support.minato.example>"},
    {"Subject": f"What {SUPPORT} costs us, {TOKEN}"},
]
OURS = [
    {"To": SUPPORT},
    {"To": f"Support Desk <{SUPPORT.upper()}>"},
    {"Cc": f"ken@client.example, {SUPPORT}"},
    {"Delivered-To": SUPPORT},
    {"List-Id": "Support <support.minato.example>", "List-Post": f"<mailto:{SUPPORT}>"},
    {"From": SUPPORT, "To": SARAH},
]


class Mailbox:
    """Yuki's, with what lies in it told apart: private mail by its keys, the team's by Message-ID."""

    def __init__(self, google) -> None:
        self.google = google
        self.box = google.mailbox(YUKI)
        self.private: list[str] = []
        self.teams: set[str] = set()
        self._numbers = count()

    def deliver(self, kinds, mails: int, *, days: int = 0) -> None:
        for _ in range(mails):
            number = next(self._numbers)
            headers = kinds[number % len(kinds)]
            received_at = datetime.now(UTC) - timedelta(days=days * (number % 60) / 60, minutes=5)
            is_sent = headers.get("From") == SUPPORT and "To" in headers
            message_id = f"<ours{number}@m.example>" if kinds is OURS else f"<{TOKEN}{number}@m.example>"
            raw = self._mail(number, headers, message_id, received_at, is_private=kinds is OTHERS)
            key = self.box.deliver(raw, labels=["SENT" if is_sent else "INBOX"], received_at=received_at)
            if kinds is OURS:
                self.teams.add(message_id)
            else:
                self.private.append(key)

    def _mail(self, number, headers, message_id, sent_at, *, is_private) -> bytes:
        word = f"{TOKEN}{number}" if is_private else f"order{number}"
        mail = EmailMessage()
        fields = {
            "From": f"Dr {word} <{word}@clinic.example>" if is_private else SARAH,
            "To": YUKI,
            "Subject": f"About {word}",
            "Message-ID": message_id,
            "Date": sent_at,
        }
        for name, value in (fields | headers).items():
            mail[name] = value
        if is_private:
            mail["Cc"] = f"{word} <cc-{word}@clinic.example>"
            mail["In-Reply-To"] = f"<{word}.before@m.example>"
        mail.set_content(f"Said in confidence: {word}")
        mail.add_alternative(f"<p>Said in confidence: {word}</p>", subtype="html")
        mail.add_attachment(f"file of {word}".encode(), maintype="text", subtype="plain", filename=f"{word}.txt")
        return mail.as_bytes()

    def bodies_asked_for(self) -> set[str]:
        asked = self.google.requests.of("messages.get", "messages.attachments.get")
        return {one.path.split("/messages/")[1].split("/")[0] for one in asked if one.query["format"] != ["metadata"]}

    def assert_only_the_teams_is_kept(self) -> None:
        assert set(Message.objects.values_list("message_id", flat=True)) == self.teams
        assert TeamMail.objects.count() == len(self.teams)
        assert self.bodies_asked_for().isdisjoint(self.private)
        assert not LedgerEntry.objects.filter(remote_id__in=self.private).exists()
        traces = {place for place, kept in everything_kept().items() if TOKEN.encode() in kept.lower()}
        assert traces == set()


@pytest.fixture
def mailbox(google, settings):
    settings.GMAIL_UNITS_PER_MINUTE = settings.GMAIL_PROJECT_UNITS_PER_MINUTE = 10_000_000
    forget_paces()
    google.client.redirect_uris.append("http://testserver/inboxes/oauth/google/callback")
    return Mailbox(google)


def connect(client) -> Inbox:
    """The whole way through the wizard."""
    cache.clear()
    page = reverse("inboxes:oauth", args=["google"])
    query = {"kind": "team", "way": "shared"}
    url = client.post(page, {"address": SUPPORT}, query_params=query)["Location"]
    answer = dict(parse_qs(urlsplit(consent(url, YUKI)).query))
    place = client.get(reverse("inboxes:oauth-callback", args=["google"]), answer)["Location"]
    inbox = Inbox.objects.get()
    assert place == reverse("inboxes:logging", args=[inbox.code])
    values = {"name": "Support", "from_name": "", "members": [], "logging": "usual", "history": "all"}
    client.post(place, values)
    client.post(reverse("inboxes:start", args=[inbox.code]))
    return Inbox.objects.get(status="active")


def test_exactly_the_mail_of_the_alias_is_kept(mailbox):
    make_contact("Sarah Okafor", SARAH)
    holder = UserFactory(account_access=True)
    mailbox.deliver(OTHERS, 150, days=80)
    mailbox.deliver(OURS, 30, days=80)
    clock = Days()

    inbox = connect(signed_in(holder))
    assert (inbox.address, inbox.credential.signed_in_as) == (SUPPORT, YUKI)
    sync_until_quiet(inbox, clock)
    mailbox.assert_only_the_teams_is_kept()

    mailbox.deliver(OTHERS, 20)
    mailbox.deliver(OURS, 12)
    for key in mailbox.private[:10]:
        mailbox.box.label(key, add=["STARRED", "CRM/Log"], remove=["INBOX"])
        mailbox.box.label(key, add=["INBOX"])
    clock.pass_by(minutes=5)
    sync_until_quiet(inbox, clock)
    mailbox.assert_only_the_teams_is_kept()

    mailbox.box.expire_history()
    mailbox.deliver(OTHERS, 20)
    mailbox.deliver(OURS, 12)
    clock.pass_by(minutes=5)
    sync_until_quiet(inbox, clock)
    mailbox.assert_only_the_teams_is_kept()

    clock.pass_by(days=2)
    sync_until_quiet(inbox, clock)
    mailbox.assert_only_the_teams_is_kept()
    numbers = completeness(Inbox.objects.get())
    assert (numbers.missed, numbers.retrying, numbers.quarantined, sum(numbers.counts.values())) == (0, 0, 0, 54)
