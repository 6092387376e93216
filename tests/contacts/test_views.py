"""What people see and do on the pages of contacts and companies."""

from datetime import timedelta

import pytest
from django.urls import reverse

from contacts import actions
from contacts.actions import CompanyDetails, ContactDetails
from contacts.models import Company, Contact, Note
from tests.contacts.queries import queries_of
from tests.factories.contacts import NOON, log_mail

pytestmark = pytest.mark.django_db
FORM = {"name": "Sarah Okafor", "reading": "", "company": "", "job_title": "", "phone": "", "owner": ""}


def create(by, name="Sarah Okafor", *emails, **details):
    return actions.create_contact(by=by, details=ContactDetails(name=name, emails=emails, **details))


def names_listed(response):
    return [contact.name for contact in response.context["page"]]


class TestList:
    def test_the_last_active_come_first(self, alice, alice_client):
        create(alice, "Quiet")
        log_mail(create(alice, "Older"), owner=alice, sent_at=NOON)
        log_mail(create(alice, "Newer"), owner=alice, sent_at=NOON + timedelta(days=1))

        assert names_listed(alice_client.get("/contacts/")) == ["Newer", "Older", "Quiet"]

    def test_names_sort_by_reading_whatever_its_kana_or_case(self, alice, alice_client):
        create(alice, "高橋 美咲", reading="タカハシ")
        create(alice, "佐藤 健一", reading="さとう")
        create(alice, "bob")
        create(alice, "Alice")

        response = alice_client.get("/contacts/?sort=name")

        assert names_listed(response) == ["Alice", "bob", "佐藤 健一", "高橋 美咲"]

    @pytest.mark.parametrize("text", ["高橋", "美咲", "たかはし", "misaki@", "メリディ", "業務"])
    def test_search_finds_by_every_word_of_a_contact(self, alice, alice_client, text):
        create(alice, "Sarah", "sarah@other.example")
        create(
            alice,
            "高橋美咲",
            "misaki@meridian.example",
            reading="タカハシ",
            company="メリディアン物流",
            job_title="業務部長",
        )

        assert names_listed(alice_client.get("/contacts/", {"q": text})) == ["高橋美咲"]

    def test_my_contacts_are_those_i_own(self, alice, bob, alice_client):
        create(alice, "Mine", owner=alice)
        create(alice, "Bob's", owner=bob)

        assert names_listed(alice_client.get("/contacts/?owner=me")) == ["Mine"]

    def test_pages_hold_fifty(self, alice, alice_client):
        for number in range(51):
            create(alice, f"Contact {number:02}")

        second = alice_client.get("/contacts/?sort=name&page=2")

        assert names_listed(second) == ["Contact 50"]

    @pytest.mark.parametrize("path", ["/contacts/?page=nonsense", "/contacts/?sort=nonsense", "/contacts/?page=999"])
    def test_nonsense_in_the_address_shows_the_list(self, alice, alice_client, path):
        create(alice)

        assert names_listed(alice_client.get(path)) == ["Sarah Okafor"]

    def test_htmx_gets_the_results_alone(self, alice, alice_client):
        create(alice)

        html = alice_client.get("/contacts/", headers={"HX-Request": "true", "HX-Target": "results"}).content.decode()

        assert "Sarah Okafor" in html
        assert "<html" not in html

    def test_names_are_never_markup(self, alice, alice_client):
        create(alice, "<script>alert(1)</script>")

        html = alice_client.get("/contacts/").content.decode()

        assert "<script>alert(1)" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html

    def test_queries_do_not_grow_with_the_list(self, alice, alice_client):
        create(alice, "One", "one@meridian.example", owner=alice)
        count = queries_of(alice_client, "/contacts/")
        for number in range(49):
            create(alice, f"Contact {number}", f"c{number}@company{number}.example", owner=alice)

        assert queries_of(alice_client, "/contacts/") == count


class TestForms:
    def test_a_new_contact_opens_its_record_and_offers_to_look_back(self, alice, alice_client):
        response = alice_client.post("/contacts/new/", FORM | {"emails": ["sarah@meridian.example", "", ""]})

        contact = Contact.objects.get()
        assert (response.status_code, response["Location"]) == (302, f"/contacts/{contact.code}/?added")
        assert (contact.name, contact.created_by) == ("Sarah Okafor", alice)

    def test_the_form_suggests_me_as_the_owner_and_what_is_known_already(self, alice, alice_client):
        page = alice_client.get("/contacts/new/?email=s%2Bo@meridian.example&name=Sarah&company=Meridian")
        form = page.context["form"]

        assert form["owner"].initial == alice
        assert [form[name].initial for name in ("name", "company", "emails")] == [
            "Sarah",
            "Meridian",
            ["s+o@meridian.example"],
        ]

    def test_a_taken_address_names_its_contact_and_loses_nothing(self, alice, alice_client):
        holder = create(alice, "James <b>", "james@meridian.example")

        response = alice_client.post("/contacts/new/", FORM | {"emails": ["james@meridian.example"], "phone": "123"})

        html = response.content.decode()
        assert response.status_code == 422
        assert f'james@meridian.example belongs to <a href="{holder.get_absolute_url()}">James &lt;b&gt;</a>' in html
        assert 'value="123"' in html
        assert 'value="james@meridian.example"' in html
        assert list(Contact.objects.all()) == [holder]

    def test_what_is_no_address_is_shown_back(self, alice_client):
        response = alice_client.post("/contacts/new/", FORM | {"emails": ["<b>nonsense"]})

        assert response.status_code == 422
        assert "“&lt;b&gt;nonsense” is not an e-mail address." in response.content.decode()

    def test_a_name_is_asked_for(self, alice_client):
        response = alice_client.post("/contacts/new/", FORM | {"name": " "})

        assert response.context["form"].errors == {"name": ["This field is required."]}

    def test_editing_shows_and_saves_all_fields(self, alice, bob, alice_client):
        contact = create(alice, "Sarah", "sarah@meridian.example", owner=alice)
        form = alice_client.get(reverse("contacts:contact-edit", args=[contact.code])).context["form"]
        assert (form["emails"].initial, form["company"].initial) == (["sarah@meridian.example"], "Meridian")

        response = alice_client.post(
            reverse("contacts:contact-edit", args=[contact.code]),
            FORM | {"reading": "さら", "emails": ["sarah@meridian.example"], "owner": bob.pk},
        )

        contact.refresh_from_db()
        assert response["Location"] == contact.get_absolute_url()
        assert (contact.name, contact.reading, contact.owner, contact.company) == ("Sarah Okafor", "さら", bob, None)

    def test_an_owner_who_left_stays_until_changed(self, alice, charlie, alice_client):
        contact = create(alice, "Sarah", owner=charlie)
        form = alice_client.get(reverse("contacts:contact-edit", args=[contact.code])).context["form"]

        assert charlie in form.fields["owner"].queryset

    def test_company_names_are_suggested_by_their_beginning(self, alice, alice_client):
        actions.create_company(by=alice, details=CompanyDetails(name="Meridian & Sons"))
        actions.create_company(by=alice, details=CompanyDetails(name="Other"))

        html = alice_client.get("/companies/names/?company=meri").content.decode()

        assert html.count("<option") == 1
        assert "Meridian &amp; Sons" in html


class TestDeleting:
    def test_the_page_says_what_goes_and_what_stays(self, alice, alice_client):
        gone, stays = create(alice, "Gone", "gone@meridian.example"), create(alice, "Stays")
        log_mail(gone, "one", owner=alice)
        log_mail([gone, stays], "both", owner=alice)

        belongings = alice_client.get(reverse("contacts:contact-delete", args=[gone.code])).context["belongings"]

        assert (belongings.addresses, belongings.mails_only_here, belongings.mails_kept, belongings.notes) == (
            1,
            1,
            1,
            0,
        )
        assert Contact.objects.count() == 2

    def test_confirming_deletes_and_says_so(self, alice, alice_client):
        contact = create(alice)

        response = alice_client.post(reverse("contacts:contact-delete", args=[contact.code]), follow=True)

        assert [str(message) for message in response.context["messages"]] == ["Sarah Okafor was deleted."]
        assert Contact.objects.count() == 0


class TestMerging:
    def test_similar_names_are_suggested(self, alice, alice_client):
        contact, similar = create(alice, "Sarah Okafor"), create(alice, "Sarah Okafor (old)")
        create(alice, "James")

        response = alice_client.get(reverse("contacts:contact-merge", args=[contact.code]))

        assert response.context["candidates"] == [similar]

    def test_the_preview_changes_nothing(self, alice, alice_client):
        contact, other = create(alice, "Sarah"), create(alice, "S.", phone="123")
        log_mail(other, owner=alice)

        response = alice_client.get(reverse("contacts:contact-merge", args=[contact.code]), {"other": other.code})

        assert (response.context["moved"].mails, response.context["filled"]) == (1, [("phone", "123")])
        assert Contact.objects.count() == 2

    def test_merging_leads_the_old_address_to_the_contact_that_stays(self, alice, alice_client):
        contact, other = create(alice, "Sarah"), create(alice, "S.")

        alice_client.post(reverse("contacts:contact-merge", args=[contact.code]), {"other": other.code})

        assert list(Contact.objects.all()) == [contact]
        response = alice_client.get(f"/contacts/{other.code}/")
        assert (response.status_code, response["Location"]) == (301, contact.get_absolute_url())

    @pytest.mark.parametrize("other", ["nonsense", "00000000-0000-4000-8000-000000000000"])
    def test_nobody_to_merge_with_is_not_found(self, alice, alice_client, other):
        contact = create(alice)

        assert alice_client.get(f"/contacts/{contact.code}/merge/?other={other}").status_code == 404
        assert alice_client.get(f"/contacts/{contact.code}/merge/?other={contact.code}").status_code == 404


class TestNotes:
    def test_a_note_appears_on_the_timeline(self, alice, alice_client):
        contact = create(alice)

        alice_client.post(reverse("contacts:note-add", args=[contact.code]), {"body": "<b>Contract</b> ends"})

        html = alice_client.get(contact.get_absolute_url()).content.decode()
        assert "&lt;b&gt;Contract&lt;/b&gt; ends" in html

    def test_an_empty_note_is_refused_on_the_same_page(self, alice, alice_client):
        contact = create(alice)

        response = alice_client.post(reverse("contacts:note-add", args=[contact.code]), {"body": "  "})

        assert (response.status_code, Note.objects.count()) == (422, 0)
        assert response.context["note_form"].errors == {"body": ["This field is required."]}

    def test_only_the_author_changes_a_note(self, alice, alice_client, bob_client, admin_client):
        note = actions.add_note(by=alice, contact=create(alice), body="mine", now=NOON)
        edit, delete = (reverse(f"contacts:note-{verb}", args=[note.code]) for verb in ("edit", "delete"))

        for client in (bob_client, admin_client):
            assert client.post(edit, {"body": "theirs"}).status_code == 404
            assert client.post(delete).status_code == 404
        note.refresh_from_db()
        assert note.body == "mine"

        alice_client.post(edit, {"body": "changed"})
        note.refresh_from_db()
        assert note.body == "changed"
        alice_client.post(delete)
        assert Note.objects.count() == 0


class TestCompanies:
    def test_the_list_counts_people(self, alice, alice_client):
        create(alice, "Sarah", "sarah@meridian.example")
        create(alice, "James", "james@meridian.example")

        (company,) = alice_client.get("/companies/").context["page"]

        assert (company.name, company.contact_count) == ("Meridian", 2)

    def test_the_record_shows_its_people(self, alice, alice_client):
        contact = create(alice, "Sarah", "sarah@meridian.example")
        create(alice, "Elsewhere", "e@other.example")

        assert names_listed(alice_client.get(contact.company.get_absolute_url())) == ["Sarah"]

    @pytest.mark.parametrize(
        ("typed", "stored"), [(" Meridian.EXAMPLE ", "meridian.example"), ("例え.jp", "xn--r8jz45g.jp"), ("", None)]
    )
    def test_the_domain_is_normalised(self, alice_client, typed, stored):
        alice_client.post("/companies/new/", {"name": "Meridian", "domain": typed})

        assert Company.objects.get().domain == stored

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ("meridian", "“meridian” is not a domain. Write it like example.com."),
            ("a b.example", "“a b.example” is not a domain. Write it like example.com."),
            ("Gmail.com", "Anybody can have an address at gmail.com, so it cannot stand for a company."),
        ],
    )
    def test_what_is_no_domain_of_a_company_is_refused(self, alice_client, typed, words):
        response = alice_client.post("/companies/new/", {"name": "Meridian", "domain": typed})

        assert response.context["form"].errors == {"domain": [words]}

    def test_a_taken_domain_names_its_company(self, alice, alice_client):
        holder = actions.create_company(by=alice, details=CompanyDetails(name="Holder", domain="meridian.example"))

        response = alice_client.post("/companies/new/", {"name": "Other", "domain": "meridian.example"})

        assert f'<a href="{holder.get_absolute_url()}">Holder</a>' in response.content.decode()

    def test_a_company_is_edited_and_deleted(self, alice, alice_client):
        contact = create(alice, "Sarah", "sarah@meridian.example")
        code = contact.company.code

        alice_client.post(f"/companies/{code}/edit/", {"name": "New name", "domain": "meridian.example"})
        assert Company.objects.get().name == "New name"
        alice_client.post(f"/companies/{code}/delete/")

        contact.refresh_from_db()
        assert (Company.objects.count(), contact.company) == (0, None)

    def test_queries_do_not_grow_with_the_list(self, alice, alice_client):
        create(alice, "One", "one@meridian.example")
        count = queries_of(alice_client, "/companies/")
        for number in range(49):
            create(alice, f"Contact {number}", f"c@company{number}.example")

        assert queries_of(alice_client, "/companies/") == count


class TestSearch:
    def test_finds_contacts_companies_and_logged_mail(self, alice, alice_client):
        contact = create(alice, "Sarah", "sarah@meridian.example")
        mail = log_mail(contact, "Meridian: お見積りの件", owner=alice)

        found = alice_client.get("/search/?q=meridian").context

        assert list(found["contacts"]) == [contact]
        assert list(found["companies"]) == [contact.company]
        assert list(found["mails"]) == [mail]

    @pytest.mark.parametrize("text", ["見積", "積り", "お見積り"])
    def test_finds_japanese_subjects(self, alice, alice_client, text):
        mail = log_mail(create(alice), "Re: お見積りの件", owner=alice)
        log_mail(create(alice), "見本と積算", owner=alice)

        assert list(alice_client.get("/search/", {"q": text}).context["mails"]) == [mail]

    @pytest.mark.parametrize("text", ["", "   ", "!!!", "nothing like it"])
    def test_finding_nothing_is_no_error(self, alice_client, text):
        assert alice_client.get("/search/", {"q": text}).status_code == 200
