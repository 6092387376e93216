"""How the audit log calls what is done to contacts, companies and notes."""

from collections.abc import Collection

from django.utils.translation import gettext_lazy as _

from audit.acts import register_acts
from audit.details import Detail, register_details
from audit.targets import Target, register_target
from contacts.models import Company, Contact, Note
from users.models import User

register_acts(
    _("Contacts"),
    group="contact",
    acts={
        "created": _("Contact added"),
        "edited": _("Contact changed"),
        "merged": _("Contacts merged"),
        "deleted": _("Contact deleted"),
        "handed_over": _("Contacts of a person handed over"),
    },
)
register_acts(
    _("Companies"),
    group="company",
    acts={"created": _("Company added"), "edited": _("Company changed"), "deleted": _("Company deleted")},
)
register_acts(
    _("Notes"),
    group="note",
    acts={"added": _("Note added"), "edited": _("Note changed"), "deleted": _("Note deleted")},
)
_contacts_touched = Detail(_("Contacts"))
register_details(
    "contact",
    addresses=Detail(_("Addresses")),
    addresses_added=Detail(_("Addresses added")),
    addresses_removed=Detail(_("Addresses removed")),
    inbox=Detail(_("Made by inbox no.")),
    messages=Detail(_("E-mails")),
    notes=Detail(_("Notes")),
    former=Detail(_("Former contact no.")),
    contacts=_contacts_touched,
    to=Detail(_("Person"), is_person=True),
)
register_details("company", contacts=_contacts_touched)
register_details("note", contact=Detail(_("Contact no.")))


def _contacts(keys: Collection[str], reader: User) -> dict[str, Target]:
    found = Contact.objects.visible_to(reader).filter(pk__in=keys)
    return {str(contact.pk): Target(contact.name, contact.get_absolute_url()) for contact in found}


def _companies(keys: Collection[str], reader: User) -> dict[str, Target]:
    found = Company.objects.visible_to(reader).filter(pk__in=keys)
    return {str(company.pk): Target(company.name, company.get_absolute_url()) for company in found}


def _notes(keys: Collection[str], reader: User) -> dict[str, Target]:
    found = Note.objects.visible_to(reader).filter(pk__in=keys).select_related("contact")
    return {str(note.pk): Target("", note.contact.get_absolute_url()) for note in found}


register_target("contacts.contact", _("Contact"), _contacts)
register_target("contacts.company", _("Company"), _companies)
register_target("contacts.note", _("Note"), _notes)
