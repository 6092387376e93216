"""Every URL there is, as its owner, a colleague, a super admin, a person who was deactivated, and somebody not signed in."""

import re
import uuid

import pytest
from django.conf import settings
from django.contrib.messages import get_messages
from django.db import transaction
from django.test import Client

from tests.acceptance.world import HIDDEN, SECRETS, make_world
from tests.people import signed_in
from tests.test_repository import every_url

pytestmark = pytest.mark.django_db

# What a colleague, a super admin and the owner get: an answer to GET and one to POST (without any values).
NO = "405 405 405"
SHOWN = ("200 200 200", NO)
FORM = ("200 200 200", "200 200 200")
OWNERS_PAGE = ("404 404 200", NO)
OWNERS_FORM = ("404 404 200", "404 404 200")
OWNERS_BUTTON = (NO, "404 404 302")
OWNERS_QUESTION = ("404 404 200", "404 404 302")
SUPER_ADMINS_PAGE = ("403 200 403", NO)
SUPER_ADMINS_FORM = ("403 200 403", "403 200 403")
SUPER_ADMINS_QUESTION = ("403 200 403", "403 302 403")
SUPER_ADMINS_BUTTON = (NO, "403 302 403")
SUPER_ADMINS_JOINING = (NO, "404 302 404")
SIGNED_IN_ALREADY = ("302 302 302", "302 302 302")
ASKED_TO_CONFIRM = ("302 302 302", "302 302 302")
NOT_THERE = ("404 404 404", "404 404 404")

EXPECTED = {
    "": ("200 200 302", NO),
    "profile/": FORM,
    "people/": SHOWN,
    "people/invite/": SUPER_ADMINS_FORM,
    "people/invitations/<uuid:code>/resend/": SUPER_ADMINS_BUTTON,
    "people/invitations/<uuid:code>/withdraw/": SUPER_ADMINS_BUTTON,
    "people/<uuid:code>/": SUPER_ADMINS_QUESTION,
    "people/<uuid:code>/deactivate/": ("403 302 403", NO),
    "people/<uuid:code>/reactivate/": SUPER_ADMINS_BUTTON,
    "workspace/": SUPER_ADMINS_FORM,
    "workspace/domains/": (NO, "403 422 403"),
    "workspace/domains/<int:key>/remove/": SUPER_ADMINS_BUTTON,
    "notifications/": SHOWN,
    "notifications/bell/": SHOWN,
    "notifications/read/": (NO, "302 302 302"),
    "notifications/settings/": ("200 200 200", "302 302 302"),
    "notifications/<uuid:code>/": ("404 404 302", NO),
    "inboxes/": SHOWN,
    "inboxes/channels/": ("403 200 403", NO),
    "inboxes/default/": (NO, "302 302 302"),
    "inboxes/suggestions/": ("302 302 302", NO),
    "inboxes/connect/": FORM,
    "inboxes/connect/server/": ("302 302 302", "302 302 302"),
    "inboxes/oauth/<slug:provider>/": FORM,
    "inboxes/oauth/<slug:provider>/stopped/": ("302 302 302", NO),
    "inboxes/oauth/<slug:provider>/set-up/": SHOWN,
    "inboxes/<uuid:code>/": OWNERS_PAGE,
    "inboxes/<uuid:code>/next-step/": ("404 404 302", NO),
    "inboxes/<uuid:code>/team/": ("404 200 200", "404 200 404"),
    "inboxes/<uuid:code>/team/add/": ("404 200 404", "404 422 404"),
    "inboxes/<uuid:code>/team/remove/<uuid:person>/": ("404 200 404", "404 302 404"),
    "inboxes/<uuid:code>/team/leave/": OWNERS_QUESTION,
    "inboxes/<uuid:code>/confirm/": ("404 302 404", NO),
    "inboxes/<uuid:code>/aliases/": OWNERS_FORM,
    "inboxes/<uuid:code>/item/": OWNERS_PAGE,
    "inboxes/<uuid:code>/progress/": OWNERS_PAGE,
    "inboxes/<uuid:code>/suggestions/": OWNERS_FORM,
    "inboxes/<uuid:code>/funnel/": OWNERS_PAGE,
    "inboxes/<uuid:code>/marks/": OWNERS_FORM,
    "inboxes/<uuid:code>/marks/folders/": OWNERS_BUTTON,
    "inboxes/<uuid:code>/logging/": OWNERS_FORM,
    "inboxes/<uuid:code>/preview/": OWNERS_FORM,
    "inboxes/<uuid:code>/waiting/": ("404 404 200", "404 404 302"),
    "inboxes/<uuid:code>/why-not/": OWNERS_FORM,
    "inboxes/<uuid:code>/why-not/log/": OWNERS_BUTTON,
    "inboxes/<uuid:code>/unlog/": ("404 404 200", "404 404 422"),
    "inboxes/<uuid:code>/unlogged/": OWNERS_PAGE,
    "inboxes/<uuid:code>/visibility/": OWNERS_PAGE,
    "inboxes/<uuid:code>/visibility/apply/": OWNERS_BUTTON,
    "inboxes/<uuid:code>/view-as/": OWNERS_PAGE,
    "inboxes/<uuid:code>/start/": OWNERS_BUTTON,
    "inboxes/<uuid:code>/sync/": OWNERS_BUTTON,
    "inboxes/<uuid:code>/pause/": OWNERS_BUTTON,
    "inboxes/<uuid:code>/resume/": OWNERS_BUTTON,
    "inboxes/<uuid:code>/health/": OWNERS_PAGE,
    "inboxes/<uuid:code>/health/completeness/": OWNERS_PAGE,
    "inboxes/<uuid:code>/health/check/": OWNERS_BUTTON,
    "inboxes/<uuid:code>/replay/": OWNERS_BUTTON,
    "inboxes/<uuid:code>/reconnect/": OWNERS_FORM,
    "inboxes/<uuid:code>/switch/": ("404 404 200", "404 404 404"),
    "inboxes/<uuid:code>/switch/server/": ("404 404 302", "404 404 302"),
    "inboxes/<uuid:code>/convert/": ("404 404 403", "404 404 403"),
    "inboxes/<uuid:code>/sending/": OWNERS_QUESTION,
    "inboxes/<uuid:code>/disable/": OWNERS_QUESTION,
    "inboxes/<uuid:code>/enable/": OWNERS_BUTTON,
    "inboxes/<uuid:code>/remove/": ("404 404 200", "404 404 422"),
    "inboxes/<uuid:code>/delete/": ("404 404 302", "404 404 302"),
    "inboxes/<uuid:code>/discard/": OWNERS_QUESTION,
    "inboxes/removed/": SHOWN,
    "inboxes/removed/<uuid:code>/": OWNERS_PAGE,
    "inboxes/removed/<uuid:code>/erase/": OWNERS_QUESTION,
    "admin/inboxes/": SUPER_ADMINS_PAGE,
    "admin/inboxes/export.csv": SUPER_ADMINS_PAGE,
    "admin/inboxes/disable/": ("403 302 403", "403 302 403"),
    "admin/inboxes/<uuid:code>/": SUPER_ADMINS_PAGE,
    "admin/inboxes/<uuid:code>/pause/": SUPER_ADMINS_BUTTON,
    "admin/inboxes/<uuid:code>/resume/": SUPER_ADMINS_BUTTON,
    "admin/inboxes/<uuid:code>/force-disconnect/": SUPER_ADMINS_QUESTION,
    "admin/policy/": SUPER_ADMINS_FORM,
    "admin/people/<uuid:code>/": SUPER_ADMINS_PAGE,
    "admin/people/<uuid:code>/leaving/": SUPER_ADMINS_PAGE,
    "admin/people/<uuid:code>/leaving/handover/": SUPER_ADMINS_PAGE,
    "admin/people/<uuid:code>/leaving/confirm/": SUPER_ADMINS_QUESTION,
    "admin/departures/<uuid:code>/": SUPER_ADMINS_PAGE,
    "admin/people/<uuid:code>/connecting/": SUPER_ADMINS_BUTTON,
    "admin/audit/": SUPER_ADMINS_PAGE,
    "admin/audit/export.csv": SUPER_ADMINS_PAGE,
    "admin/audit/export.jsonl": SUPER_ADMINS_PAGE,
    "logging/settings/": FORM,
    "logging/policy/": SUPER_ADMINS_FORM,
    "logging/what-if/": ("200 200 200", "422 422 422"),
    "logging/dry-run/": ("302 302 302", "302 302 302"),
    "logging/dry-run/apply/": (NO, "302 302 302"),
    "logging/never-log/": SHOWN,
    "logging/never-log/add/": FORM,
    "logging/never-log/import/": FORM,
    "logging/never-log/export/": SHOWN,
    "logging/never-log/workspace/": SHOWN,
    "logging/never-log/workspace/add/": SUPER_ADMINS_FORM,
    "logging/never-log/workspace/import/": SUPER_ADMINS_FORM,
    "logging/never-log/workspace/export/": SHOWN,
    "logging/never-log/quick/": (NO, "302 302 302"),
    "logging/never-log/<uuid:code>/": OWNERS_FORM,
    "logging/never-log/<uuid:code>/remove/": OWNERS_QUESTION,
    "logging/look-back/": (NO, "404 404 404"),
    "logging/unlog/<uuid:code>/": ("404 404 200", "404 404 422"),
    "logging/unlogged/<uuid:code>/undo/": OWNERS_QUESTION,
    "logging/unlogged/<uuid:code>/erase/": OWNERS_QUESTION,
    "logging/waiting/": SHOWN,
    "logging/held-words/": SUPER_ADMINS_QUESTION,
    "logging/why/<uuid:code>/": SHOWN,
    "logging/who/<uuid:code>/": SHOWN,
    "logging/who/<uuid:code>/set/": OWNERS_BUTTON,
    "logging/who/<uuid:code>/ask/": (NO, "302 302 302"),
    "logging/access/<uuid:code>/grant/": (NO, "404 404 422"),
    "logging/access/<uuid:code>/decline/": OWNERS_BUTTON,
    "logging/access/<uuid:code>/end/": OWNERS_BUTTON,
    "team/": ("200 200 302", NO),
    "team/<uuid:code>/": OWNERS_PAGE,
    "team/<uuid:code>/join/": SUPER_ADMINS_JOINING,
    "team/<uuid:code>/read/": OWNERS_BUTTON,
    "team/<uuid:code>/restore/": OWNERS_BUTTON,
    "team/<uuid:code>/restored/<uuid:restoral>/undo/": OWNERS_BUTTON,
    "team/<uuid:code>/<uuid:thread>/": OWNERS_PAGE,
    "team/<uuid:code>/<uuid:thread>/read/": OWNERS_BUTTON,
    "team/<uuid:code>/<uuid:thread>/unread/": OWNERS_BUTTON,
    "contacts/": SHOWN,
    "contacts/new/": FORM,
    "contacts/<uuid:code>/": SHOWN,
    "contacts/<uuid:code>/fold/": SHOWN,
    "contacts/<uuid:code>/edit/": FORM,
    "contacts/<uuid:code>/merge/": FORM,
    "contacts/<uuid:code>/delete/": ("200 200 200", "302 302 302"),
    "contacts/<uuid:code>/notes/": (NO, "422 422 422"),
    "notes/<uuid:code>/edit/": OWNERS_FORM,
    "notes/<uuid:code>/delete/": OWNERS_QUESTION,
    "companies/": SHOWN,
    "companies/new/": FORM,
    "companies/names/": SHOWN,
    "companies/<uuid:code>/": SHOWN,
    "companies/<uuid:code>/edit/": FORM,
    "companies/<uuid:code>/delete/": ("200 200 200", "302 302 302"),
    "mail/<uuid:code>/": SHOWN,
    "mail/<uuid:code>/body/": SHOWN,
    "mail/<uuid:code>/original/": SHOWN,
    "mail/files/<uuid:code>/": SHOWN,
    "search/": SHOWN,
    "accounts/email/": NOT_THERE,
    "accounts/logout/": ("200 200 200", "302 302 302"),
    "accounts/reauthenticate/": FORM,
    "accounts/password/change/": FORM,
    "accounts/password/set/": ("302 302 302", "302 302 302"),
}

_ALWAYS_NEW = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=\")\w{64}(?=\")"
)  # request ids, forms' tokens

# For everybody: an answer to GET, one to POST.
PUBLIC = {
    "join/<str:token>/": "404 404",
    "accounts/login/": "200 200",
    "accounts/inactive/": "200 405",
    "accounts/signup/": "200 200",
    "accounts/confirm-email/": "200 405",
    r"accounts/^confirm-email/(?P<key>[-:\w]+)/$": "200 404",
    "accounts/password/reset/": "200 200",
    "accounts/password/reset/done/": "200 405",
    "accounts/password/reset/key/done/": "200 405",
    r"accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "200 200",
    "accounts/login/code/confirm/": "302 302",
    "inboxes/oauth/<slug:provider>/callback": "302 405",
    "inboxes/oauth/<slug:provider>/approved/": "200 405",
    "inboxes/oauth/<slug:provider>/declined/": "200 405",
    "language/": "302 302",
    "inboxes/hooks/google/": "405 404",
    "inboxes/hooks/microsoft/": "405 400",
    "healthz": "200 405",
    "readyz": "200 405",
}


@pytest.fixture
def world(alice, bob):
    return make_world(alice, bob)


@pytest.fixture
def ask(world):
    """An answer, and everything as it was before."""

    sessions = {}

    def client_of(person):
        """New each time, in a session that is begun once."""
        client = Client()
        if person and person not in sessions:
            sessions[person] = signed_in(person).cookies[settings.SESSION_COOKIE_NAME].value
        if person:
            client.cookies[settings.SESSION_COOKIE_NAME] = sessions[person]
        return client

    def ask(person, method, route):
        client = client_of(person)
        before = transaction.savepoint()
        response = getattr(client, method)(world.address(route))
        content = b"".join(response.streaming_content) if response.streaming else response.content
        transaction.savepoint_rollback(before)
        return response, content.decode("utf-8", "replace")

    return ask


def test_the_tables_hold_every_url_and_no_other():
    routes = {route for route, _ in every_url()}
    assert routes == EXPECTED.keys() | PUBLIC.keys()


@pytest.mark.parametrize("method", ["get", "post"])
def test_everybody_gets_what_the_table_says_and_the_owner_alone_what_is_secret(ask, alice, bob, admin, method):
    statuses, told, hidden = {}, set(), set()
    for route in EXPECTED:
        answers = [ask(person, method, route) for person in (bob, admin, alice)]
        statuses[route] = " ".join(str(response.status_code) for response, _ in answers)
        told |= {
            (secret, number) for number, (_, content) in enumerate(answers) for secret in SECRETS if secret in content
        }
        hidden |= {route for _, content in answers if HIDDEN in content}
    expected = {route: outcomes[method == "post"] for route, outcomes in EXPECTED.items()}
    assert {route: got for route, got in statuses.items() if got != expected[route]} == {}
    assert {number for _, number in told} <= {2}
    assert hidden == set()
    if method == "get":
        assert {secret for secret, _ in told} == set(SECRETS)  # the owner is told: it could have leaked


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_is_not_signed_in_or_was_deactivated_gets_to_the_sign_in_page_only(ask, charlie, method):
    for person in (None, charlie):
        public = {route: ask(person, method, route)[0].status_code for route in PUBLIC}
        assert public == {route: int(outcomes.split()[method == "post"]) for route, outcomes in PUBLIC.items()}
        for route in EXPECTED:
            response, _ = ask(person, method, route)
            assert (response.status_code, response.headers["Location"].partition("?")[0]) == (
                302,
                "/accounts/login/",
            ), route


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_inbox_of_somebody_else_cannot_be_told_from_one_that_is_not_there(ask, bob, admin, world, method):
    for route in (route for route in EXPECTED if route.startswith(("inboxes/<", "notifications/<", "team/<"))):
        nowhere = re.sub("<uuid:[a-z]+>", str(uuid.uuid4()), route)
        colleague, manager, *_ = EXPECTED[route][0].split()
        # Who manages a team inbox knows that it exists.
        for person in (bob,) if "/join/" in route or colleague != manager else (bob, admin):
            there, missing = (ask(person, method, each) for each in (route, nowhere))
            assert told_apart(there, world.address(route)) == told_apart(missing, f"/{nowhere}"), route


def told_apart(answer, address):
    """All that a person could compare: but for the address, which they typed themselves, and what is new in each answer."""
    response, content = answer
    content = _ALWAYS_NEW.sub("", content.replace(address, ""))
    messages = [str(message) for message in get_messages(response.wsgi_request)]
    return response.status_code, dict(response.headers), content, messages
