"""`user add`, `user list` and `user leave`."""

from argparse import Namespace

from django.conf import settings
from django.utils import timezone

from inboxes.models import Departure
from logging_rules.actions import leave
from logging_rules.leaving import Handover, leaving_of
from users import actions
from users.commands import Answer, JsonCommand, person_in
from users.models import Role, User


class Command(JsonCommand):
    help = "Lets people in, and says who is in."

    def add_actions(self) -> None:
        add = self.add_action("add", self.add, help="Let a person in; the password is read from standard input.")
        add.add_argument("email")
        add.add_argument("--name", required=True)
        add.add_argument("--role", choices=Role.values, default=Role.MEMBER)
        add.add_argument("--account-access", action="store_true", help="may manage team inboxes")
        add.add_argument("--language", choices=[code for code, _ in settings.LANGUAGES], default="en")
        add.add_argument("--time-zone", default="UTC")
        self.add_action("list", self.list, help="Everybody who is or was in.")
        leave = self.add_action(
            "leave", self.leave, help="Deactivate a person, purge their access, hand over the rest."
        )
        leave.add_argument("email")
        leave.add_argument("--by", required=True, metavar="EMAIL", help="the super admin who answers for it")
        leave.add_argument(
            "--contacts-to", metavar="EMAIL", help="who owns their contacts from now on; without it, nobody"
        )
        leave.add_argument("--inboxes-to", metavar="EMAIL", help="who takes over the connections of team inboxes")
        leave.add_argument("--reader", metavar="EMAIL", help="who reads team inboxes that nobody else reads")

    def add(self, options: Namespace) -> Answer:
        person = actions.create_person(
            email=options.email,
            name=options.name,
            password=self.read_password(),
            role=options.role,
            account_access=options.account_access,
            language=options.language,
            time_zone=options.time_zone,
            by=None,
        )
        return Answer(as_json(person), f"{person.name} can sign in as {person.email}.")

    def leave(self, options: Namespace) -> Answer:
        person = person_in(options.email)
        departure = leave(person=person, handover=_taken_over(person, options), by=person_in(options.by))
        inboxes = len(departure.held["personal"])
        text = f"{person.name} has left; {inboxes} personal inboxes are purged. Record: {departure.code}"
        return Answer(departure_as_json(departure), text)

    def list(self, options: Namespace) -> Answer:
        people = User.objects.order_by("email")
        lines = [f"{person.email}\t{person.name}\t{person.role}\t{state(person)}" for person in people]
        return Answer([as_json(person) for person in people], "\n".join(lines))


def _taken_over(person: User, options: Namespace) -> Handover:
    owner, reader = _named(options.inboxes_to), _named(options.reader)
    found = leaving_of(person, now=timezone.now())
    return Handover(
        contacts=_named(options.contacts_to),
        owners={part.inbox.pk: owner for part in found.owned} if owner else {},
        readers={part.inbox.pk: reader for part in found.orphaned} if reader else {},
    )


def _named(email: str | None) -> User | None:
    return person_in(email) if email else None


def departure_as_json(departure: Departure) -> dict[str, object]:
    return {
        "code": departure.code,
        "person": departure.person.email,
        "by": departure.by.email,
        "left_at": departure.left_at,
        **departure.held,
    }


def state(person: User) -> str:
    return "active" if person.is_active else "deactivated"


def as_json(person: User) -> dict[str, object]:
    return {
        "code": person.code,
        "email": person.email,
        "name": person.name,
        "role": person.role,
        "account_access": person.has_account_access,
        "language": person.language,
        "time_zone": person.time_zone,
        "active": person.is_active,
        "created_at": person.created_at,
    }
