"""`notifications show` and `notifications choose`."""

from argparse import Namespace
from dataclasses import asdict, replace

from notifications import actions, queries
from notifications.topics import ALWAYS_TOLD, SUBJECTS, Topic
from users.commands import Answer, JsonCommand, person_in

ON_OFF = {"on": True, "off": False}


class Command(JsonCommand):
    help = "Says and changes how a person is told of what."

    def add_actions(self) -> None:
        show = self.add_action("show", self.show, help="How a person is told, topic by topic.")
        show.add_argument("email")
        choose = self.add_action("choose", self.choose, help="Change it for one topic.")
        choose.add_argument("email")
        choose.add_argument("topic", choices=[topic.value for topic in Topic if topic not in ALWAYS_TOLD])
        choose.add_argument("--in-app", choices=list(ON_OFF), help="in the product")
        choose.add_argument("--by-e-mail", choices=list(ON_OFF))

    def show(self, options: Namespace) -> Answer:
        person = person_in(options.email)
        wishes = queries.wishes_of(person)
        told = {topic: wishes[topic] for topic in queries.topics_for(person)}
        data = {
            str(topic): {**asdict(wish), "can_be_switched_off": topic not in ALWAYS_TOLD}
            for topic, wish in told.items()
        }
        lines = [
            f"{SUBJECTS[topic].label}: in the product {_word(wish.in_app)}, by e-mail {_word(wish.by_e_mail)}"
            for topic, wish in told.items()
        ]
        return Answer(data, "\n".join(lines))

    def choose(self, options: Namespace) -> Answer:
        person, topic = person_in(options.email), Topic(options.topic)
        given = {"in_app": options.in_app, "by_e_mail": options.by_e_mail}
        changes = {channel: ON_OFF[word] for channel, word in given.items() if word is not None}
        wish = replace(queries.wishes_of(person)[topic], **changes)
        actions.prefer(person=person, wishes={topic: wish}, by=None)
        return self.show(options)


def _word(is_on: bool) -> str:
    return "on" if is_on else "off"
