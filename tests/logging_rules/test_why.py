"""“Why was this logged?”: the sentences, the page, and who may read it."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from contacts.models import Contact
from inboxes.models import Message, Sighting
from logging_rules.engine import Code
from logging_rules.explain import why_logged
from logging_rules.reasons import Reason, label_of
from tests.factories.contacts import NOON, log_mail, make_contact, make_inbox
from tests.factories.logging_rules import SARAH
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def sarah() -> Contact:
    return make_contact("Sarah Okafor", SARAH)


def logged(contact: Contact, owner: User, **sighting: Any) -> Message:
    message = log_mail(contact, owner=owner)
    defaults = {"rule": "preset_known", "level": "inbox", "matched_address": SARAH}
    Sighting.objects.filter(message=message).update(**defaults | sighting)
    return message


def reason(message: Message, viewer: User) -> Reason:
    (answer,) = why_logged(message, viewer=viewer)
    return answer.reason


def url(message: Message) -> str:
    return reverse("logging_rules:why", args=[message.code])


def test_the_reason_names_the_contact_the_setting_and_the_level(sarah, alice):
    found = reason(logged(sarah, alice), alice)

    assert (found.because, found.setting, found.set_for) == (
        "This e-mail is with Sarah Okafor (sarah@meridian.example), a contact of your workspace.",
        f"The inbox inbox-of-{alice.pk}@workspace.example logs all mail with known contacts.",
        "This inbox",
    )


@pytest.mark.parametrize(
    ("level", "expected"),
    [("person", "All inboxes of Alice Mori"), ("workspace", "The whole workspace")],
)
def test_the_level_is_told(sarah, alice, level, expected):
    assert reason(logged(sarah, alice, level=level), alice).set_for == expected


@pytest.mark.parametrize(
    ("code", "rule", "expected"),
    [
        (
            Code.KNOWN_CONTACT_OUTGOING,
            "preset_known",
            "Alice Mori sent this e-mail to Sarah Okafor (sarah@meridian.example), a",
        ),
        (Code.REPLY_TO_LOGGED, "preset_replies", "It continues a conversation that was logged before, and Sarah"),
        (Code.CHOSEN_BY_OWNER, "label", "Alice Mori marked it to be logged, in the mail program."),
        (Code.CHOSEN_BY_OWNER, "by_hand", "Alice Mori logged it by hand."),
        (Code.SENT_FROM_CRM, "log_ticked", "Alice Mori wrote it in the CRM and left “Log” ticked."),
    ],
)
def test_every_reason_for_logging_has_a_sentence(sarah, alice, code, rule, expected):
    message = logged(sarah, alice, reason=code, rule=rule, decided_by=alice)

    assert reason(message, alice).because.startswith(expected)


def test_a_contact_who_is_gone_is_named_by_the_address(sarah, alice):
    message = logged(sarah, alice)
    sarah.addresses.all().delete()

    assert reason(message, alice).because.startswith("This e-mail is with sarah@meridian.example, a")


def test_an_e_mail_seen_in_two_inboxes_has_two_reasons(sarah, alice, bob):
    message = logged(sarah, alice)
    Sighting.objects.create(
        message=message,
        inbox=make_inbox(bob),
        reason=Code.CHOSEN_BY_OWNER,
        rule="label",
        decided_by=bob,
        decided_at=NOON,
    )

    assert [answer.reason.because for answer in why_logged(message, viewer=alice)] == [
        "This e-mail is with Sarah Okafor (sarah@meridian.example), a contact of your workspace.",
        "Bob Tanaka marked it to be logged, in the mail program.",
    ]


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("code", list(Code))
def test_every_code_has_a_label_and_a_sentence_in_each_language(language, code):
    with translation.override(language):
        found = Reason(code, "", "", inbox="x", owner="Alice", contact="Sarah")
        label, sentence = found.label, found.because

    assert (is_english(label), is_english(sentence)) == (language == "en", language == "en")
    assert sentence[-1] in ".。"


def is_english(text: str) -> bool:
    return text.translate(dict.fromkeys(map(ord, "“”’"))).isascii()


def test_a_code_that_is_no_decision_is_its_own_label():
    assert label_of("too_large") == "too_large"


# The page


def test_the_page_says_why_and_who_can_see_it(sarah, alice, bob, alice_client):
    page = alice_client.get(url(logged(sarah, alice))).content.decode()

    assert "This e-mail is with Sarah Okafor (sarah@meridian.example)" in page
    assert "Everybody in the workspace (2 people)" in page
    assert "What is not logged stays with Alice Mori alone" in page
    assert "<html" in page


def test_htmx_gets_the_explanation_alone(sarah, alice, alice_client):
    part = alice_client.get(url(logged(sarah, alice)), headers={"HX-Request": "true"}).content.decode()

    assert part.lstrip().startswith("<p>This e-mail is with Sarah Okafor (sarah@meridian.example)")
    assert "<html" not in part


def test_the_page_speaks_japanese(sarah, alice):
    alice.language = "ja"
    alice.save()
    client = Client()
    client.force_login(alice)

    page = client.get(url(logged(sarah, alice))).content.decode()

    assert "記録された理由" in page
    assert "コンタクト" in page


def test_everybody_in_the_workspace_may_read_why_and_nobody_else(
    sarah, alice, alice_client, bob_client, admin_client, charlie_client, client
):
    address = url(logged(sarah, alice))

    answers = [
        reader.get(address).status_code for reader in (alice_client, bob_client, admin_client, charlie_client, client)
    ]

    assert answers == [200, 200, 200, 302, 302]


def test_an_e_mail_that_no_inbox_holds_any_more_has_no_page(sarah, alice, alice_client):
    message = logged(sarah, alice)
    message.sightings.all().delete()

    assert alice_client.get(url(message)).status_code == 404


def test_the_page_only_reads(sarah, alice, alice_client):
    assert alice_client.post(url(logged(sarah, alice))).status_code == 405


def test_the_page_costs_the_same_for_one_inbox_and_for_many(sarah, alice, bob, alice_client):
    def queries(message: Message) -> int:
        with CaptureQueriesContext(connection) as captured:
            alice_client.get(url(message))
        return len(captured)

    message = logged(sarah, alice)
    queries(message)
    few = queries(message)
    for number in range(5):
        Sighting.objects.create(
            message=message,
            inbox=make_inbox(bob, f"{number}@genkan.example"),
            reason=Code.KNOWN_CONTACT_INCOMING,
            rule="preset_known",
            level="inbox",
            matched_address=SARAH,
            decided_at=NOON,
        )
    assert queries(message) == few


def test_what_would_change_it_is_offered_to_who_decides_and_to_nobody_else(
    sarah, alice, alice_client, bob_client, admin_client
):
    message = logged(sarah, alice)
    ways = [
        reverse("logging_rules:unlog-mail", args=[message.code]),
        f"{reverse('logging_rules:never-log-add')}?text={SARAH}",
        reverse("inboxes:logging", args=[make_inbox(alice).code]),
    ]

    pages = [client.get(url(message)).content.decode() for client in (alice_client, bob_client, admin_client)]

    assert [[f'href="{way}"' in page for way in ways] for page in pages] == [[True] * 3, [False] * 3, [False] * 3]


def test_others_are_told_who_could_change_it(sarah, alice, bob_client):
    message = logged(sarah, alice)

    page = bob_client.get(url(message)).content.decode()

    assert "Only Alice Mori can take it off the log or change what this inbox logs." in page
    assert reverse("logging_rules:who", args=[message.code]) in page
