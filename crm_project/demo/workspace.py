"""Makes the demo workspace and connects its inboxes over IMAP, through the same actions the screens use."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from contacts.actions import ContactDetails, add_note, create_contact
from contacts.models import Contact
from crm_project.demo.home import HOST, Ports
from crm_project.demo.people import CONTACTS, DOMAIN, EMMA, JAMES, PASSWORD, SARAH, SATO, WORKSPACE, YUKI, Person
from inboxes.actions import ConnectionDetails, ServerLogin, connect_imap_inbox, start
from inboxes.models import Inbox, MailServer, Protocol, Security
from logging_rules.actions import add_never_log_entry, set_inbox_policy
from logging_rules.facts import Preset
from users.actions import add_workspace_domain, create_person, rename_workspace
from users.models import Role, User

HISTORY = timedelta(days=90)


def ensure(ports: Ports) -> bool:
    """Makes what is missing; returns whether anything was. On later starts it only points the inboxes at today's ports."""
    with transaction.atomic():
        made = not User.objects.filter(email=EMMA.email).exists()
        if made:
            _people()
            _contacts()
            _never_log()
    for person, preset in ((YUKI, Preset.KNOWN), (JAMES, Preset.REPLIES)):
        made |= _connect(person, preset, ports)
    _point_at(ports)
    return made


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


def _connect(person: Person, preset: Preset, ports: Ports) -> bool:
    if Inbox.objects.filter(address=person.email).exists():
        return False
    owner = User.objects.get(email=person.email)
    with transaction.atomic():
        inbox = connect_imap_inbox(
            details=ConnectionDetails(
                address=person.email,
                imap=ServerLogin(HOST, ports.imap, Security.NONE, person.email),
                smtp=ServerLogin(HOST, ports.smtp, Security.NONE, person.email),
                password=PASSWORD,
            ),
            history_since=timezone.now() - HISTORY,
            by=owner,
        )
        set_inbox_policy(inbox=inbox, preset=preset, by=owner)
        start(inbox=inbox, by=owner)
    return True


def _point_at(ports: Ports) -> None:
    """The demo's mail server may have had to move to other ports since last time."""
    for protocol, port in ((Protocol.IMAP, ports.imap), (Protocol.SMTP, ports.smtp)):
        MailServer.objects.filter(inbox__address__in=[YUKI.email, JAMES.email], protocol=protocol, host=HOST).exclude(
            port=port
        ).update(port=port)
