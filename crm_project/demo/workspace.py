"""Makes the demo workspace through the same actions the screens use."""

from django.db import transaction
from django.utils import timezone

from contacts.actions import ContactDetails, add_note, create_contact
from contacts.models import Contact
from crm_project.demo.connections import connect_all, point_at
from crm_project.demo.home import Home
from crm_project.demo.people import CONTACTS, DOMAIN, EMMA, JAMES, PASSWORD, SARAH, SATO, WORKSPACE, YUKI, Person
from logging_rules.actions import add_never_log_entry
from users.actions import add_workspace_domain, create_person, rename_workspace
from users.models import Role, User


def ensure(demo: Home) -> bool:
    """Makes what is missing; returns whether anything was. On later starts it only points the inboxes at today's ports."""
    with transaction.atomic():
        made = not User.objects.filter(email=EMMA.email).exists()
        if made:
            _people()
            _contacts()
            _never_log()
    point_at(demo)
    return connect_all(demo) or made


def _people() -> None:
    emma = _person(EMMA, role=Role.SUPER_ADMIN)
    rename_workspace(name=WORKSPACE, by=emma)
    add_workspace_domain(domain=DOMAIN, by=emma)
    _person(YUKI)
    _person(JAMES)


def _person(person: Person, role: str = Role.MEMBER) -> User:
    return create_person(
        email=person.email,
        name=person.name,
        password=PASSWORD,
        role=role,
        language=person.language,
        time_zone=person.time_zone,
        by=None,
    )


def _contacts() -> None:
    yuki = User.objects.get(email=YUKI.email)
    for known in CONTACTS:
        create_contact(
            by=yuki,
            details=ContactDetails(
                name=known.name,
                reading=known.reading,
                emails=[known.email, *known.other_addresses],
                company=known.company,
                job_title=known.job_title,
                phone=known.phone,
                owner=yuki,
            ),
        )
    emma = User.objects.get(email=EMMA.email)
    sarah, sato = (Contact.objects.get(addresses__email=known.email) for known in (SARAH, SATO))
    add_note(
        contact=sarah,
        body="Their current contract ends on 31 March. Keep the start date flexible.",
        by=emma,
        now=timezone.now(),
    )
    add_note(contact=sato, body="来月の展示会でお会いする予定です。", by=yuki, now=timezone.now())


def _never_log() -> None:
    yuki, emma = (User.objects.get(email=person.email) for person in (YUKI, EMMA))
    add_never_log_entry(text="sakura-clinic.example", by=yuki, owner=yuki, note="かかりつけの病院")
    add_never_log_entry(text="*.aoba-law.example", by=emma, owner=None, note="Our lawyers", covers_team=True)
