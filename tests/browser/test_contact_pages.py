"""Contacts in a real browser: what scripts add, and what a hostile mail cannot do."""

from contextlib import closing
from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from contacts import actions
from contacts.actions import ContactDetails
from contacts.timeline import ITEMS_PER_PAGE
from inboxes.models import Message, Thread
from tests.browser.conftest import sign_in
from tests.factories.contacts import NOON, log_mail
from tests.factories.files import attach

pytestmark = pytest.mark.django_db(transaction=True)
DOT = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
HOSTILE = f"""
    <p id="text">Hello</p><img src="{DOT}" id="own" width="1" height="1">
    <img src="https://tracker.example/pixel.gif"><link rel="stylesheet" href="https://tracker.example/style.css">
    <script>document.getElementById("text").textContent = "changed"</script>
    <a href="/contacts/" target="_top" id="leave">leave</a>
    <form action="/contacts/new/" method="post"><button id="send">send</button></form>
"""


@pytest.fixture
def sarah(alice):
    return actions.create_contact(by=alice, details=ContactDetails(name="Sarah", emails=["sarah@meridian.example"]))


def test_the_list_is_searched_while_typing(open_page, alice, sarah):
    actions.create_contact(by=alice, details=ContactDetails(name="高橋 美咲"))
    page = open_page("/contacts/", user=alice)

    page.get_by_label("Search contacts by name").fill("美咲")

    expect(page.get_by_role("rowheader")).to_have_text(["高高橋 美咲"])
    expect(page).to_have_url("/contacts/?q=%E7%BE%8E%E5%92%B2&owner=&sort=-activity")


def test_a_header_sorts_the_list_in_place(open_page, alice, sarah):
    actions.create_contact(by=alice, details=ContactDetails(name="Aaron"))
    page = open_page("/contacts/", user=alice)

    header = page.get_by_role("columnheader", name="Name").get_by_role("link")
    header.click()

    expect(page.locator("th[aria-sort=ascending]")).to_be_visible()
    expect(header).to_be_focused()
    expect(page.locator("tbody th a")).to_have_text(["Aaron", "Sarah"])


def test_older_entries_and_folded_mails_join_the_page(open_page, alice, sarah):
    thread = Thread.objects.create()
    for number in range(3):
        log_mail(sarah, f"Re: {number}", owner=alice, thread=thread, sent_at=NOON + timedelta(hours=number))
    for number in range(ITEMS_PER_PAGE):
        log_mail(sarah, f"Older {number}", owner=alice, sent_at=NOON - timedelta(days=number + 1))
    page = open_page(sarah.get_absolute_url(), user=alice)
    subjects = page.locator("article.mail h3")
    expect(subjects).to_have_count(ITEMS_PER_PAGE)

    page.get_by_role("link", name="2 earlier e-mails in this conversation").click()
    page.get_by_text("Re: 0").wait_for()
    page.get_by_role("link", name="Show older").click()

    expect(subjects).to_have_text(["Re: 2", "Re: 1", "Re: 0", *(f"Older {n}" for n in range(ITEMS_PER_PAGE))])
    expect(page.get_by_role("link", name="Show older")).to_have_count(0)


def test_the_reason_is_fetched_when_asked_for(open_page, alice, sarah):
    log_mail(sarah, owner=alice)
    page = open_page(sarah.get_absolute_url(), user=alice)

    page.get_by_text("Why was this logged?").click()

    page.get_by_role("term").filter(has_text="Who can see it").wait_for()


def test_a_note_is_written_without_leaving_the_page(open_page, alice, sarah):
    page = open_page(sarah.get_absolute_url(), user=alice)

    page.get_by_text("Write a note").click()
    page.get_by_label("Note", exact=True).fill("Contract ends in March")
    page.get_by_role("button", name="Save note").click()

    expect(page.locator(".note")).to_have_text("Contract ends in March")
    assert sarah.notes.get().body == "Contract ends in March"


def test_a_hostile_body_can_do_nothing(browser, live_server, alice, sarah):
    """Unsanitised on purpose: the frame and its policy have to hold by themselves. They complain, so `open_page` is no use."""
    message = log_mail(sarah, owner=alice, body_html=HOSTILE)
    with closing(browser.new_context(base_url=live_server.url)) as context:
        sign_in(context, alice, live_server.url)
        page = context.new_page()
        blocked, fetched = [], []
        page.on("requestfailed", lambda request: blocked.append((request.url, request.failure)))
        page.on("requestfinished", lambda request: fetched.append(request.url))
        page.goto(reverse("contacts:message", args=[message.code]))
        here = page.url
        frame = page.frame_locator("iframe")

        expect(frame.locator("#text")).to_have_text("Hello")
        assert frame.locator("#own").evaluate("image => image.naturalWidth") == 1
        for trap in ("leave", "send"):
            with page.expect_console_message(lambda message: "sandboxed" in message.text):
                frame.locator(f"#{trap}").click()

        assert page.url == here
        assert [url for url in fetched if not url.startswith(("data:", live_server.url))] == []
        assert sorted(blocked) == [
            ("https://tracker.example/pixel.gif", "csp"),
            ("https://tracker.example/style.css", "csp"),
        ]


@pytest.mark.parametrize(("theme", "language"), [("light", "en"), ("dark", "ja")])
def test_the_pages_behind_the_list_are_accessible_and_fit_a_phone(open_page, accessible, alice, sarah, theme, language):
    other = actions.create_contact(by=alice, details=ContactDetails(name="Sarah O.", emails=["s.okafor@gmail.com"]))
    note = actions.add_note(by=alice, contact=sarah, body="Call back", now=NOON)
    message = log_mail(sarah, "x" * 200, owner=alice, body_html="<p>Hello</p>", has_remote_images=True, state="partial")
    file = attach(message, b"x", "長い名前" * 30)
    Message.objects.filter(pk=message.pk).update(raw_key="0" * 64)
    alice.theme, alice.language = theme, language
    alice.save(update_fields=["theme", "language"])
    page = open_page("/contacts/", user=alice, width=390)

    for path in (
        f"{sarah.get_absolute_url()}?added",
        f"/contacts/{sarah.code}/merge/",
        f"/contacts/{sarah.code}/merge/?other={other.code}",
        f"/contacts/{sarah.code}/delete/",
        f"/notes/{note.code}/edit/",
        f"/notes/{note.code}/delete/",
        sarah.company.get_absolute_url(),
        f"/companies/{sarah.company.code}/edit/",
        f"/companies/{sarah.company.code}/delete/",
        f"/mail/{message.code}/",
        "/search/?q=nothing",
        "/contacts/?q=nothing",
    ):
        assert page.goto(path).ok, path
        assert page.evaluate("document.documentElement.scrollWidth") == 390, path
        accessible(page)
    page = open_page(f"/mail/files/{file.code}/", user=alice, width=390, is_missing=True)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    accessible(page)
