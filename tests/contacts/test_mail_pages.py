"""One logged e-mail: its page, its sandboxed body, its original and its files."""

from urllib.parse import unquote

import pytest
from django.urls import reverse

from contacts.bodies import EMBEDDED_BYTES
from inboxes import files
from inboxes.mime.html import sanitise
from inboxes.models import Message
from tests.contacts.queries import queries_of
from tests.factories.contacts import log_mail, make_contact, make_message
from tests.factories.files import attach

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n"
REMOTE = '<p>Hello</p><img src="https://tracker.example/pixel.gif" alt="logo">'


def url(name, thing, query=""):
    return reverse(f"contacts:{name}", args=[thing.code]) + query


def mail(owner, **fields):
    return log_mail(make_contact(), owner=owner, **fields)


def policy(response):
    """The response's own Content-Security-Policy, by directive."""
    directives = (directive.split() for directive in response["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in directives}


def download(client, address):
    response = client.get(address)
    return response, b"".join(response.streaming_content)


class TestPage:
    def test_shows_who_wrote_to_whom_about_what(self, alice, alice_client):
        message = mail(
            alice,
            subject="Quote <1>",
            from_name="Sarah <b>",
            recipients=[["to", "alice@workspace.example", "Alice"], ["cc", "f@workspace.example", ""]],
            body_text="New <i>text</i>",
            quoted_text="Old text",
        )

        html = alice_client.get(url("message", message)).content.decode()

        for piece in (
            "Quote &lt;1&gt;",
            "Sarah &lt;b&gt;",
            'Alice <span class="muted">alice@<wbr>workspace.example</span>',
            "f@<wbr>workspace.example",
            "New &lt;i&gt;text&lt;/i&gt;",
            "Old text",
            "Sarah Okafor",
            "Logged from the inbox of Alice Mori.",
        ):
            assert piece in html

    def test_html_is_framed_never_inlined(self, alice, alice_client):
        message = mail(alice, body_html="<marquee>markup of a stranger</marquee>")

        html = alice_client.get(url("message", message)).content.decode()

        assert "markup of a stranger" not in html
        assert (
            '<iframe height="160" sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer" '
            f'title="Text of the e-mail" src="{url("message-body", message)}">'
        ) in html

    def test_remote_images_are_offered_when_there_are_any(self, alice, alice_client):
        with_images, without = mail(alice, body_html=REMOTE, has_remote_images=True), mail(alice, body_html="<p>x</p>")

        assert "Show remote images" in alice_client.get(url("message", with_images)).content.decode()
        assert "Show remote images" not in alice_client.get(url("message", with_images, "?images")).content.decode()
        assert "Show remote images" not in alice_client.get(url("message", without)).content.decode()
        assert f'src="{url("message-body", with_images)}?images"' in (
            alice_client.get(url("message", with_images, "?images")).content.decode()
        )

    @pytest.mark.parametrize(
        ("state", "title"),
        [
            ("partial", "Only a part of this e-mail is stored"),
            ("unparsable", "The body of this e-mail could not be read"),
        ],
    )
    def test_says_what_is_missing(self, alice, alice_client, state, title):
        assert title in alice_client.get(url("message", mail(alice, state=state))).content.decode()

    def test_queries_do_not_grow_with_timelines_and_files(self, alice, alice_client):
        small = mail(alice)
        large = log_mail([make_contact(f"Contact {number}") for number in range(20)], owner=alice)
        attach(small)
        for number in range(20):
            attach(large, f"{number}".encode())

        assert queries_of(alice_client, url("message", large)) == queries_of(alice_client, url("message", small))


class TestBody:
    def test_its_policy_lets_it_do_nothing(self, alice, alice_client):
        response = alice_client.get(url("message-body", mail(alice, body_html="<p>Hello</p>")))

        assert policy(response) == {
            "default-src": ["'none'"],
            "style-src": ["'self'", "'unsafe-inline'"],
            "img-src": ["data:"],
            "base-uri": ["'none'"],
            "form-action": ["'none'"],
            "frame-ancestors": ["'self'"],
            "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
        }
        assert (response["X-Frame-Options"], response["Referrer-Policy"]) == ("SAMEORIGIN", "no-referrer")

    def test_remote_images_stay_away_until_asked_for(self, alice, alice_client):
        message = mail(alice, body_html=sanitise(REMOTE).html, has_remote_images=True)

        blocked = alice_client.get(url("message-body", message))
        asked = alice_client.get(url("message-body", message, "?images"))

        assert ' src="https://tracker.example/pixel.gif"' not in blocked.content.decode()
        assert policy(blocked)["img-src"] == ["data:"]
        assert ' src="https://tracker.example/pixel.gif"' in asked.content.decode()
        assert policy(asked)["img-src"] == ["data:", "https:"]

    def test_images_that_came_with_the_mail_are_shown(self, alice, alice_client):
        message = mail(alice, body_html=sanitise('<img src="cid:logo@meridian" alt="">').html)
        attach(message, PNG, "logo.png", "image/png", content_id="logo@meridian", inline=True)

        html = alice_client.get(url("message-body", message)).content.decode()

        assert 'src="data:image/png;base64,iVBORw0KGgo="' in html

    @pytest.mark.parametrize(
        "fields", [{"content_type": "image/svg+xml"}, {"content_type": "text/html"}, {"size": EMBEDDED_BYTES + 1}]
    )
    def test_other_and_huge_files_are_not_embedded(self, alice, alice_client, fields):
        message = mail(alice, body_html=sanitise('<img src="cid:logo" alt="">').html)
        attach(message, **{"content_type": "image/png", "content_id": "logo"} | fields)

        assert "base64" not in alice_client.get(url("message-body", message)).content.decode()

    def test_a_lost_image_leaves_a_blank(self, alice, alice_client):
        message = mail(alice, body_html=sanitise('<p>Hello</p><img src="cid:logo" alt="">').html)
        attach(message, content_type="image/png", content_id="logo")
        Message.objects.filter(pk=message.pk).update(raw_key="0" * 64)

        assert "Hello" in alice_client.get(url("message-body", message)).content.decode()

    def test_a_mail_without_html_shows_its_text(self, alice, alice_client):
        message = mail(alice, body_text="<b>plain</b>", body_html="")

        assert "&lt;b&gt;plain&lt;/b&gt;" in alice_client.get(url("message-body", message)).content.decode()


class TestFiles:
    @pytest.mark.parametrize(
        ("content_type", "served"),
        [
            ("application/pdf", "application/pdf"),
            ("image/png", "image/png"),
            ("text/html", "application/octet-stream"),
            ("image/svg+xml", "application/octet-stream"),
            ("application/xhtml+xml", "application/octet-stream"),
            ("text/xml", "application/octet-stream"),
            ("application/javascript", "application/octet-stream"),
            ("nonsense\r\nX: y", "application/octet-stream"),
        ],
    )
    def test_only_harmless_types_are_named(self, alice, alice_client, content_type, served):
        file = attach(mail(alice), b"content", content_type=content_type)

        response, content = download(alice_client, url("attachment", file))

        assert content == b"content"
        assert response["Content-Type"] == served
        assert response["Content-Disposition"] == 'attachment; filename="a.pdf"'
        assert response["X-Content-Type-Options"] == "nosniff"
        assert policy(response) == {"default-src": ["'none'"], "sandbox": [], "frame-ancestors": ["'none'"]}

    @pytest.mark.parametrize(
        ("content_type", "disposition"),
        [
            ("image/png", "inline"),
            ("image/svg+xml", "attachment"),
            ("text/html", "attachment"),
            ("application/pdf", "attachment"),
        ],
    )
    def test_only_raster_images_are_shown_in_place(self, alice, alice_client, content_type, disposition):
        file = attach(mail(alice), PNG, content_type=content_type)

        response, _ = download(alice_client, url("attachment", file, "?inline"))

        assert response["Content-Disposition"].partition(";")[0] == disposition

    @pytest.mark.parametrize(
        "name", ["見積書_第3版.pdf", 'a"b.pdf', "a;b.pdf", "../../etc/passwd", "a\r\nSet-Cookie: x=y", "%00.pdf"]
    )
    def test_any_name_survives_as_a_name_and_nothing_else(self, alice, alice_client, name):
        response, _ = download(alice_client, url("attachment", attach(mail(alice), filename=name)))

        assert "Set-Cookie" not in response
        assert "\n" not in response["Content-Disposition"]
        if not name.isascii():
            assert unquote(response["Content-Disposition"].partition("filename*=utf-8''")[2]) == name

    def test_the_original_is_the_bytes_that_came(self, alice, alice_client):
        message = mail(alice, raw_key=files.store(b"From: sarah@meridian.example\r\n\r\nHello"))

        response, content = download(alice_client, url("message-original", message))

        assert content == b"From: sarah@meridian.example\r\n\r\nHello"
        assert response["Content-Type"] == "message/rfc822"
        assert response["Content-Disposition"] == f'attachment; filename="{message.code}.eml"'

    @pytest.mark.parametrize("original", [None, b"", b"From: a@b.example\r\n\r\nno file any more"])
    def test_a_file_whose_original_is_lost_or_damaged_says_so(self, alice, alice_client, original):
        message = mail(alice)
        file = attach(message, filename="quote.pdf")
        key = "0" * 64 if original is None else files.store(original)
        Message.objects.filter(pk=message.pk).update(raw_key=key)

        response = alice_client.get(url("attachment", file))

        assert response.status_code == 404
        assert "This file cannot be read" in response.content.decode()
        assert url("message", message) in response.content.decode()

    def test_a_file_of_which_only_the_name_is_stored_is_listed_and_says_so(self, alice, alice_client):
        message = mail(alice, attachments_stored=False)
        file = attach(message, filename="quote.pdf")
        Message.objects.filter(pk=message.pk).update(raw_key=files.store(b"From: a@b.example\r\n\r\n"))

        page = alice_client.get(url("message", message)).content.decode()
        response = alice_client.get(url("attachment", file))

        assert ("quote.pdf" in page, "name only" in page, url("attachment", file) in page) == (True, True, False)
        assert "The contents of its attachments are not stored" in page
        assert response.status_code == 404
        assert "Only the name of this file is stored" in response.content.decode()

    def test_each_file_of_an_original_is_its_own(self, alice, alice_client):
        message = mail(alice)
        attached = [attach(message, f"content {number}".encode()) for number in range(3)]

        assert [download(alice_client, url("attachment", file))[1] for file in attached] == [
            b"content 0",
            b"content 1",
            b"content 2",
        ]


def test_mail_that_no_inbox_logged_is_shown_to_nobody(alice, alice_client, admin_client):
    """Such rows should not exist; were they left by a fault, they still stay out of sight."""
    message = make_message("Private", body_text="private words", raw_key=files.store(b"private"))
    file = attach(message, b"private")
    assert Message.objects.filter(pk=message.pk).exists()

    for client in (alice_client, admin_client):
        for name, thing in [
            ("message", message),
            ("message-body", message),
            ("message-original", message),
            ("attachment", file),
        ]:
            assert client.get(url(name, thing)).status_code == 404
        assert list(client.get("/search/?q=private").context["mails"]) == []
