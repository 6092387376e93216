"""`user add` and `user list`."""

from argparse import Namespace

from django.conf import settings

from users import actions
from users.commands import Answer, JsonCommand
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

    def list(self, options: Namespace) -> Answer:
        people = User.objects.order_by("email")
        lines = [f"{person.email}\t{person.name}\t{person.role}\t{state(person)}" for person in people]
        return Answer([as_json(person) for person in people], "\n".join(lines))


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
