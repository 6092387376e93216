"""`manage.py policy`: the logging policy of the workspace from a shell."""

from argparse import Namespace
from typing import Any

from logging_rules.actions import set_workspace_policy
from logging_rules.assignments import parse_assignments
from logging_rules.consequences import Consequences, consequences_of
from logging_rules.facts import SETTING_NAMES
from logging_rules.models import WorkspacePolicy
from logging_rules.setting_words import SETTING_LABELS, value_label
from users.commands import Answer, JsonCommand, person_in

NAMES = ("most_open_preset", *SETTING_NAMES)


class Command(JsonCommand):
    help = "What holds for everybody in the workspace, and the limit nobody can open further."

    def add_actions(self) -> None:
        self.add_action("show", show, help="every setting of the workspace")
        change = self.add_action("set", change_policy, help="change settings; says first whom it concerns")
        change.add_argument("settings", nargs="+", metavar="NAME=VALUE")
        change.add_argument("--as", dest="person", required=True, metavar="E-MAIL", help="the super admin who does it")
        change.add_argument("--confirm", action="store_true", help="although it concerns people, who are then told")


def show(_: Namespace) -> Answer:
    values = _values()
    lines = [f"{name:<20} {SETTING_LABELS[name]}: {value_label(name, value)}" for name, value in values.items()]
    return Answer(values, "\n".join(lines))


def _values() -> dict[str, Any]:
    policy = WorkspacePolicy.objects.current()
    return {name: getattr(policy, name) for name in NAMES}


def change_policy(options: Namespace) -> Answer:
    """Without `--confirm` a change that concerns somebody is only described."""
    values = parse_assignments(options.settings, names=NAMES, may_be_open=False)
    consequences = consequences_of(values, WorkspacePolicy.objects.current())
    if consequences and not options.confirm:
        return Answer(_described(consequences), _sentence(consequences), failure="Nothing was changed. Add --confirm.")
    set_workspace_policy(by=person_in(options.person), **values)
    return Answer(_values() | _described(consequences), f"Saved. {_sentence(consequences)}".strip())


def _described(consequences: Consequences) -> dict[str, Any]:
    narrowed = [
        {
            "inbox": each.inbox.address,
            "owner": each.inbox.owner.email,
            "settings": {narrowing.name: [narrowing.before, narrowing.after] for narrowing in each.narrowings},
        }
        for each in consequences.narrowed
    ]
    return {"narrowed": narrowed, "widened": consequences.widened, "people_keeping": consequences.keeping}


def _sentence(consequences: Consequences) -> str:
    lines = [
        f"{each.inbox.address} ({each.inbox.owner.email}): "
        + ", ".join(f"{narrowing.name} {narrowing.before} → {narrowing.after}" for narrowing in each.narrowings)
        for each in consequences.narrowed
    ]
    if consequences.keeping:
        lines.append(f"{consequences.keeping} people keep what they have of: {', '.join(consequences.widened)}.")
    return "\n".join(lines)
