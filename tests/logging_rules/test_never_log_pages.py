"""The pages of the never-log lists: reading, adding one and many, editing, removing, exporting, and adding from elsewhere."""

import base64
import re

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.http import urlencode

from inboxes.models import InboxKind
from logging_rules.actions import add_never_log_entry
from logging_rules.changes import Change, Entry
from logging_rules.facts import Level, NeverLogKind, NeverLogScope
from logging_rules.models import NeverLogEntry
from tests.factories.contacts import make_contact, make_inbox
from users.models import WorkspaceDomain

pytestmark = pytest.mark.django_db

OWN, SHARED = "logging_rules:never-log", "logging_rules:workspace-never-log"
WHOLE = NeverLogScope.WHOLE_MESSAGE
BLOCK = {"scope": WHOLE, "note": ""}


def page_of(client, name, **query):
    return client.get(f"{reverse(name)}?{urlencode(query)}").content.decode()


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def change_in(address):
    return Change.from_signed(re.search(r"change=([^&\"]+)", address)[1].replace("%3A", ":"))


@pytest.fixture
def clinic(alice):
    return add_never_log_entry(text="doctor@clinic.example", owner=alice, by=alice, note="family doctor")


@pytest.fixture
def bank(admin):
    return add_never_log_entry(text="*.bank.example", owner=None, by=admin, note="payroll", covers_team=True)


# Reading


def test_the_own_list_shows_its_entries_and_nobody_elses(alice_client, bob_client, admin_client, clinic, bank):
    assert all(text in page_of(alice_client, OWN) for text in ("doctor@clinic.example", "family doctor"))
    for client in (bob_client, admin_client):
        assert not any(text in page_of(client, OWN) for text in ("clinic", "bank.example"))


def test_everybody_reads_the_list_of_the_workspace_and_super_admins_edit_it(bob_client, admin_client, clinic, bank):
    edit = reverse("logging_rules:never-log-edit", args=[bank.code])
    for client, may_edit in ((bob_client, False), (admin_client, True)):
        page = page_of(client, SHARED)
        assert all(text in page for text in ("*.bank.example", "payroll", "Ada Admin", "Covered"))
        assert ("clinic" in page, edit in page, reverse(f"{SHARED}-add") in page) == (False, may_edit, may_edit)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "CLINIC"}, {"doctor@clinic.example", "*.clinic.example"}),
        ({"q": "family"}, {"doctor@clinic.example"}),
        ({"q": "*.clinic"}, {"doctor@clinic.example", "*.clinic.example"}),
        ({"kind": "subdomains"}, {"*.clinic.example"}),
        ({"kind": "nonsense"}, {"doctor@clinic.example", "*.clinic.example", "club.example"}),
        ({"q": "nothing"}, set()),
        ({"q": "fam\0ily"}, {"doctor@clinic.example"}),
    ],
)
def test_a_list_is_searched_by_address_domain_note_and_kind(alice, alice_client, clinic, query, found):
    for text in ("*.clinic.example", "club.example"):
        add_never_log_entry(text=text, owner=alice, by=alice)

    page = page_of(alice_client, OWN, **query)

    assert set(re.findall(r'<th scope="row">([^<]+)<', page)) == found


@pytest.mark.parametrize("query", ["日本語.example", "*.日本語.example", "xn--wgv71a119e", "日本"])
def test_a_domain_in_other_letters_is_shown_and_found_as_people_write_it(alice, alice_client, query):
    add_never_log_entry(text="*.日本語.example", owner=alice, by=alice, note="日本の病院")
    assert '<th scope="row">*.日本語.example<' in page_of(alice_client, OWN, q=query)


def test_the_page_says_who_is_a_colleague_without_any_entry(alice, alice_client):
    WorkspaceDomain.objects.create(domain="firm.example")
    make_inbox(alice, "alice.mori@mail.example")

    page = page_of(alice_client, OWN)

    assert all(
        text in page for text in ("everybody at firm.example", "alice.mori@mail.example", "the 1 connected inbox")
    )


def test_a_list_is_exported_by_those_who_may_read_it(alice_client, bob_client, clinic, bank):
    own, shared = (alice_client.get(reverse(f"{name}-export")) for name in (OWN, SHARED))

    assert (
        own.content.decode("utf-8-sig")
        .splitlines()[1]
        .startswith("doctor@clinic.example,whole_message,family doctor,no,Alice Mori,")
    )
    assert "*.bank.example" in shared.content.decode("utf-8-sig")
    assert own.headers["Content-Disposition"] == 'attachment; filename="never-log.csv"'
    assert "clinic" not in bob_client.get(reverse(f"{OWN}-export")).content.decode()


# Adding one


def test_an_added_entry_is_on_the_list_and_its_meaning_for_the_past_is_offered(alice, alice_client):
    data = {"text": "Clinic.Example", "scope": NeverLogScope.ADDRESS_ONLY, "note": "doctor"}
    response = alice_client.post(reverse(f"{OWN}-add"), data, follow=True)

    entry = NeverLogEntry.objects.get()
    assert (entry.owner, entry.value, entry.scope, entry.note) == (alice, "clinic.example", "address_only", "doctor")
    change = change_in(response.content.decode())
    assert (change.level, change.listed) == (
        Level.PERSON,
        (Entry(NeverLogKind.DOMAIN, "clinic.example", NeverLogScope.ADDRESS_ONLY),),
    )


def test_an_entry_of_the_workspace_says_whether_it_covers_team_inboxes(admin_client):
    for text, team in (("a.example", {"covers_team": "on"}), ("b.example", {})):
        assert admin_client.post(reverse(f"{SHARED}-add"), BLOCK | {"text": text} | team).status_code == 302

    rows = NeverLogEntry.objects.order_by("value").values_list("value", "owner", "covers_team")
    assert list(rows) == [("a.example", None, True), ("b.example", None, False)]


def test_what_cannot_be_added_is_said_and_what_was_typed_stays(alice_client):
    WorkspaceDomain.objects.create(domain="firm.example")

    response = alice_client.post(reverse(f"{OWN}-add"), BLOCK | {"text": "firm.example", "note": "my note"})

    page = response.content.decode()
    assert (response.status_code, NeverLogEntry.objects.count()) == (422, 0)
    assert all(text in page for text in ("needs no entry", 'value="firm.example"', 'value="my note"'))
    assert 'name="certain"' not in page


def test_what_hardly_anybody_means_is_added_once_it_is_confirmed(alice_client):
    asked = alice_client.post(reverse(f"{OWN}-add"), BLOCK | {"text": "gmail.com"})
    assert (asked.status_code, 'name="certain"' in asked.content.decode()) == (422, True)

    alice_client.post(reverse(f"{OWN}-add"), BLOCK | {"text": "gmail.com", "certain": "on"})
    assert NeverLogEntry.objects.get().value == "gmail.com"


def test_what_would_change_is_asked_without_adding_anything(alice_client, admin_client):
    own = alice_client.post(reverse(f"{OWN}-add"), BLOCK | {"text": "clinic.example", "try": "1"})
    shared = admin_client.post(
        reverse(f"{SHARED}-add"), BLOCK | {"text": "clinic.example", "try": "1", "covers_team": "on"}
    )

    entry = Entry(NeverLogKind.DOMAIN, "clinic.example", WHOLE)
    assert change_in(own.headers["Location"]) == Change(Level.PERSON, listed=(entry,))
    assert change_in(shared.headers["Location"]) == Change(Level.WORKSPACE, listed=(entry._replace(covers_team=True),))
    assert not NeverLogEntry.objects.exists()


# Editing and removing


def test_an_entry_is_edited(alice_client, clinic):
    data = {"scope": NeverLogScope.ADDRESS_ONLY, "note": "dentist"}
    response = alice_client.post(reverse("logging_rules:never-log-edit", args=[clinic.code]), data)

    clinic.refresh_from_db()
    assert (clinic.scope, clinic.note, clinic.value) == ("address_only", "dentist", "doctor@clinic.example")
    assert response.headers["Location"] == f"{reverse(OWN)}?saved={clinic.code}"


def test_an_entry_is_removed_and_what_that_means_for_the_past_is_offered(alice_client, clinic):
    url = reverse("logging_rules:never-log-remove", args=[clinic.code])
    assert "Take doctor@clinic.example off the list?" in alice_client.get(url).content.decode()

    page = alice_client.post(url, follow=True).content.decode()

    assert (NeverLogEntry.objects.count(), "doctor@clinic.example is no longer on the list" in page) == (0, True)
    assert change_in(page).unlisted == (Entry(NeverLogKind.ADDRESS, "doctor@clinic.example", WHOLE),)


@pytest.mark.parametrize("name", ["never-log-edit", "never-log-remove"])
def test_entries_are_changed_by_those_their_list_belongs_to(bob_client, admin_client, clinic, bank, name):
    data = {"scope": NeverLogScope.ADDRESS_ONLY}
    outcomes = [
        [client.post(reverse(f"logging_rules:{name}", args=[entry.code]), data).status_code for entry in (clinic, bank)]
        for client in (bob_client, admin_client)
    ]
    assert outcomes == [[404, 403], [404, 302]]
    assert NeverLogEntry.objects.filter(value="doctor@clinic.example", scope=WHOLE).exists()


@pytest.mark.parametrize("name", ["add", "import"])
def test_only_super_admins_add_to_the_list_of_the_workspace(alice_client, name):
    data = BLOCK | {"text": "clinic.example", "lines": "clinic.example"}
    assert alice_client.post(reverse(f"{SHARED}-{name}"), data).status_code == 403
    assert not NeverLogEntry.objects.exists()


# Many


def test_many_are_pasted_and_the_rest_comes_back_to_be_corrected(alice_client, clinic):
    text = "a.example\nDOCTOR@clinic.example\nnonsense,,my note\ngmail.com"
    response = alice_client.post(reverse(f"{OWN}-import"), {"lines": text})

    page = response.content.decode()
    assert set(NeverLogEntry.objects.values_list("value", flat=True)) == {"a.example", "doctor@clinic.example"}
    assert re.findall(r"<textarea[^>]*>\s*([^<]*)</textarea>", page) == ["gmail.com", "nonsense,,my note"]
    download = re.search(r'href="data:text/csv;base64,([^"]+)"', page)[1]
    assert base64.b64decode(download).decode("utf-8-sig") == "nonsense,,my note"
    assert change_in(page).listed == (Entry(NeverLogKind.DOMAIN, "a.example", WHOLE),)

    alice_client.post(reverse(f"{OWN}-import"), {"lines": "gmail.com", "certain": "1"})
    assert NeverLogEntry.objects.filter(value="gmail.com").exists()


def test_a_file_of_a_japanese_spreadsheet_is_imported(admin_client):
    content = "ドメイン,範囲,メモ,チーム\r\na.example,アドレスのみ,採用,はい\r\nb.example,,,いいえ\r\n".encode("cp932")
    upload = SimpleUploadedFile("list.csv", content)

    admin_client.post(reverse(f"{SHARED}-import"), {"file": upload, "covers_team": "on"})

    rows = NeverLogEntry.objects.order_by("value").values_list("value", "scope", "note", "covers_team")
    assert list(rows) == [("a.example", "address_only", "採用", True), ("b.example", "whole_message", "", False)]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not a text file"),
        (b"a.example\n" * 110_000, "larger than 1 MB"),
        (b"", "no address or domain"),
    ],
)
def test_a_file_that_cannot_be_read_is_said(alice_client, content, problem):
    response = alice_client.post(reverse(f"{OWN}-import"), {"file": SimpleUploadedFile("list.csv", content)})

    assert (response.status_code, problem in response.content.decode()) == (422, True)
    assert not NeverLogEntry.objects.exists()


def test_nothing_handed_in_is_said(alice_client):
    response = alice_client.post(reverse(f"{OWN}-import"), {"lines": " \n"})
    assert (response.status_code, "no address or domain" in response.content.decode()) == (422, True)


# From elsewhere


def quick(client, text, **query):
    return client.post(f"{reverse('logging_rules:never-log-quick')}?{urlencode(query)}", {"text": text})


def test_an_address_is_kept_out_from_the_page_of_its_contact(alice, alice_client):
    contact = make_contact("Doctor", "doctor@clinic.example")
    page = alice_client.get(contact.get_absolute_url()).content.decode()
    assert 'name="text" value="doctor@clinic.example"' in page

    response = quick(alice_client, "doctor@clinic.example", next=contact.get_absolute_url())

    assert response.headers["Location"] == contact.get_absolute_url()
    [message] = said(response)
    assert message.startswith("doctor@clinic.example is on your never-log list. E-mail logged before stays. <a href=")
    assert change_in(message).listed == (Entry(NeverLogKind.ADDRESS, "doctor@clinic.example", WHOLE),)
    assert '<a href="/logging/dry-run/?change=' in alice_client.get(contact.get_absolute_url()).content.decode()
    assert NeverLogEntry.objects.get().owner == alice


def test_a_quick_entry_that_needs_to_be_confirmed_is_filled_into_the_form(alice_client):
    response = quick(alice_client, "gmail.com", next="/contacts/")
    assert response.headers["Location"] == f"{reverse(f'{OWN}-add')}?text=gmail.com"
    assert 'value="gmail.com"' in alice_client.get(response.headers["Location"]).content.decode()


def test_a_quick_entry_that_cannot_be_is_said(alice_client, clinic):
    response = quick(alice_client, "doctor@clinic.example", next="/contacts/")
    assert (response.headers["Location"], said(response)) == ("/contacts/", ["This is on the list already."])


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example", "", "javascript:alert(1)"])
def test_nobody_is_sent_away_from_here(alice_client, page):
    response = quick(alice_client, "a.example", next=page)
    assert response.headers["Location"] == f"{reverse(OWN)}?saved={NeverLogEntry.objects.get().code}"


def test_a_team_inbox_has_no_own_addresses(alice, alice_client):
    team = make_inbox(alice, "team@shared.example")
    team.kind = InboxKind.TEAM
    team.save()
    assert "team@shared.example" not in page_of(alice_client, OWN)
