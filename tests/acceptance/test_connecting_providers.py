"""From signing in at a provider to what was logged: the whole way through the wizard, with the real workers' code."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from inboxes.models import Inbox, Message
from inboxes.sync.engine import Outcome
from logging_rules.slices import sync_slice
from tests.factories.contacts import make_contact
from tests.factories.inboxes import SARAH, STRANGER, mail_bytes
from tests.fakes.google import consent

pytestmark = pytest.mark.django_db(transaction=True)
YUKI = "yuki@minato.example"


@pytest.fixture
def sign_in_at_google(google):
    google.client.redirect_uris.append("http://testserver/inboxes/oauth/google/callback")
    return google, lambda url: dict(parse_qs(urlsplit(consent(url, YUKI)).query))


@pytest.fixture
def sign_in_at_microsoft(microsoft, settings):
    for name, value in microsoft.environment().items():
        setattr(settings, name, value)
    return microsoft, lambda url: microsoft.consent(url, YUKI)


@pytest.mark.parametrize("kind", ["google", "microsoft"])
def test_the_whole_way_from_signing_in_to_the_timeline(request, alice_client, kind):
    provider, answer = request.getfixturevalue(f"sign_in_at_{kind}")
    mailbox, now = provider.mailbox(YUKI), timezone.now()
    make_contact("Sarah Okafor", SARAH)
    for days, sender in enumerate([SARAH, STRANGER, SARAH], start=1):
        sent = now - timedelta(days=days)
        raw = mail_bytes(sender, YUKI, f"From {sender}", message_id=f"<{days}@mail.example>", date=sent)
        mailbox.deliver(raw, received_at=sent)

    url = alice_client.post(reverse("inboxes:oauth", args=[kind]))["Location"]
    place = alice_client.get(reverse("inboxes:oauth-callback", args=[kind]), answer(url))["Location"]
    inbox = Inbox.objects.get()
    assert place == reverse("inboxes:logging", args=[inbox.code])
    place = alice_client.post(place, {"preset": "known", "history": "30"})["Location"]
    preview = alice_client.post(place, {"state": ""})
    assert (preview.status_code, preview.context["problem"]) == (200, None)
    assert preview.context["state"].scan.scanned == 3
    alice_client.post(reverse("inboxes:start", args=[inbox.code]))
    while sync_slice(inbox_id=inbox.pk, worker="test").outcome is Outcome.MORE:
        pass

    assert sorted(Message.objects.values_list("subject", flat=True)) == [f"From {SARAH}"] * 2
    page = alice_client.get(reverse("inboxes:inbox", args=[inbox.code])).content.decode()
    assert f"as {YUKI}" in page
    assert "Up to date" in page
