"""What people type about contacts, companies and notes. A refused address or domain names who has it, with a link."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contacts.actions import AddressTaken, CompanyDetails, ContactDetails, DomainTaken, UnusableAddress
from contacts.models import Company, Contact
from inboxes.addresses import InvalidAddress, normalise_domain, organisation_domain
from users.models import User

SPARE_INPUTS = 2


class AddressListWidget(forms.Widget):
    """One input for each address, and two to spare."""

    template_name = "contacts/widgets/address_list.html"
    use_fieldset = True

    def get_context(self, name: str, value: list[str] | None, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        widget = context["widget"]
        widget["addresses"] = [*(value or []), *[""] * (SPARE_INPUTS if value else SPARE_INPUTS + 1)]
        widget["invalid"] = "aria-invalid" in widget["attrs"]
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        values = data.getlist(name) if isinstance(data, MultiValueDict) else data.get(name, [])
        return [text for text in (value.strip() for value in values) if text]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data

    def id_for_label(self, id_: str | None) -> str:
        return ""


class AddressListField(forms.Field):
    """E-mail addresses as typed, the main one first; `contacts.actions` decides whether they are good."""

    widget = AddressListWidget

    def clean(self, value: list[str]) -> list[str]:
        return value


class ContactForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    reading = forms.CharField(
        label=_("Reading"), max_length=200, required=False, help_text=_("How the name is read. Lists are sorted by it.")
    )
    emails = AddressListField(
        label=_("E-mail addresses"),
        required=False,
        help_text=_("E-mails with any of these addresses belong to this contact. The first one is the main address."),
    )
    company = forms.CharField(label=_("Company"), max_length=200, required=False)
    job_title = forms.CharField(label=_("Job title"), max_length=200, required=False)
    phone = forms.CharField(
        label=_("Phone"), max_length=50, required=False, widget=forms.TextInput(attrs={"type": "tel"})
    )
    owner = forms.ModelChoiceField(
        label=_("Owner"), queryset=User.objects.none(), required=False, empty_label=_("Nobody")
    )

    def __init__(self, *args: Any, contact: Contact | None = None, user: User, **kwargs: Any) -> None:
        kwargs["initial"] = {**(initial_of(contact) if contact else {"owner": user}), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        people = User.objects.active()
        if contact and contact.owner_id:  # an owner who has left stays the owner until somebody changes it
            people = people | User.objects.filter(pk=contact.owner_id)
        owner = cast("forms.ModelChoiceField[User]", self.fields["owner"])
        owner.queryset = people.order_by("name", "pk")
        self.fields["company"].widget.attrs["list"] = "company-names"
        if contact is None:
            self.fields["name"].widget.attrs["autofocus"] = True
            self.fields["company"].help_text = _("Left empty, it is found by the domain of the address.")

    def details(self) -> ContactDetails:
        return ContactDetails(**self.cleaned_data)

    def add_refusal(self, refusal: UnusableAddress | AddressTaken) -> None:
        if isinstance(refusal, UnusableAddress):
            text = gettext("“%(text)s” is not an e-mail address. Check it for typing mistakes.")
            self.add_error("emails", text % {"text": refusal.text})
        else:
            text = gettext("{taken} belongs to {holder}. Merge the two contacts, or take the address away there first.")
            self.add_error("emails", refused(text, refusal.email, refusal.contact))


class CompanyForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200, widget=forms.TextInput(attrs={"autofocus": True}))
    domain = forms.CharField(
        label=_("Domain"),
        max_length=253,
        required=False,
        help_text=_("New contacts with an address at this domain join the company."),
        widget=forms.TextInput(attrs={"inputmode": "url", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def clean_domain(self) -> str | None:
        text: str = self.cleaned_data["domain"].strip().removeprefix("@")
        if not text:
            return None
        try:
            domain = normalise_domain(text)
        except InvalidAddress as error:
            raise ValidationError(not_a_domain(text)) from error
        if "." not in domain:
            raise ValidationError(not_a_domain(text))
        if organisation_domain(domain) is None:
            raise ValidationError(
                gettext("Anybody can have an address at %(domain)s, so it cannot stand for a company.")
                % {"domain": domain}
            )
        return domain

    def details(self) -> CompanyDetails:
        return CompanyDetails(**self.cleaned_data)

    def add_refusal(self, refusal: DomainTaken) -> None:
        text = gettext("{taken} is the domain of {holder}.")
        self.add_error("domain", refused(text, self.cleaned_data["domain"], refusal.company))


class NoteForm(forms.Form):
    body = forms.CharField(
        label=_("Note"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 3, "placeholder": _("Write a note…")})
    )


def initial_of(contact: Contact) -> dict[str, Any]:
    return {
        "name": contact.name,
        "reading": contact.reading,
        "emails": [address.email for address in contact.addresses.all()],
        "company": contact.company.name if contact.company else "",
        "job_title": contact.job_title,
        "phone": contact.phone,
        "owner": contact.owner,
    }


def not_a_domain(text: str) -> str:
    return gettext("“%(text)s” is not a domain. Write it like example.com.") % {"text": text}


def refused(text: str, taken: str, holder: Contact | Company) -> ValidationError:
    """`text` with a link to who holds what was taken."""
    link = format_html('<a href="{}">{}</a>', holder.get_absolute_url(), holder.name)
    return ValidationError(format_html(text, taken=taken, holder=link))
