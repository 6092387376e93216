"""Questions about each message of a query, written out in SQL.

Every page that shows mail asks several of them, and building them from querysets takes longer each time than the answers. Each is a
scalar subquery, and never answered but for the row at hand: see `exists_singly`.
"""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, CharField, EmailField, F, Field, Func, Q, Value

from inboxes.addresses import as_in_headers
from inboxes.visibility import Visibility
from users.models import User


class Asked(Func):
    """`answer` of the first of the rows `among`, which may speak of `asked.message` and `asked.person`; without one, `otherwise`."""

    def __init__(
        self,
        among: str,
        person: User | None = None,
        *,
        answer: str = "true",
        otherwise: str = "false",
        output_field: "Field[Any, Any] | None" = None,
    ) -> None:
        super().__init__(
            F("pk"),
            Value(person.pk if person else None),
            template=f"""COALESCE((
                SELECT {answer} FROM (VALUES (%(expressions)s)) asked (message, person) {among} LIMIT 1
            ), {otherwise})""",  # noqa: S608 - words of our own
            output_field=output_field or BooleanField(),
        )


SIGHTING = "JOIN inboxes_sighting sighting ON sighting.message_id = asked.message"
INBOX = "JOIN inboxes_inbox inbox ON inbox.id = sighting.inbox_id"
STRICT = f"{SIGHTING} AND sighting.visibility <> '{Visibility.EVERYONE}'"
PRIVATE = f"{SIGHTING} AND sighting.visibility = '{Visibility.PRIVATE}'"
CLOSED = """ WHERE NOT EXISTS (
    SELECT FROM inboxes_accessrequest request
    WHERE request.sighting_id = sighting.id AND request.person_id = asked.person
        AND request.granted_until > statement_timestamp() AND request.ended_at IS NULL
)"""  # as `AccessRequest.objects.in_force`


def is_logged() -> Asked:
    return Asked(SIGHTING)


def is_outgoing() -> Asked:
    """An inbox of ours sent it."""
    return Asked(f"{SIGHTING} AND sighting.outgoing")


def strictest_visibility() -> Asked:
    strictest_first = ",".join(reversed(Visibility))
    in_order = f"{STRICT} ORDER BY array_position('{{{strictest_first}}}'::varchar[], sighting.visibility)"
    return Asked(in_order, answer="sighting.visibility", otherwise=f"'{Visibility.EVERYONE}'", output_field=CharField())


def logged_by(person: User) -> Asked:
    """A personal inbox of the person logged it."""
    return Asked(f"{SIGHTING} {INBOX} AND inbox.kind = 'personal' AND inbox.owner_id = asked.person", person)


def decided_by(person: User) -> Q:
    """An inbox logged it that is one of `Inbox.with_removed.decided_by(person)`."""
    own = Q(logged_by(person))
    return own | Q(Asked(f"{SIGHTING} {INBOX} AND inbox.kind = 'team'")) if person.has_account_access else own


def in_team_of(person: User) -> Asked:
    """It lies in a team inbox all of whose mail the person, who must be active, reads: as `TeamMail.objects.visible_to` has it."""
    return Asked(
        """JOIN inboxes_teammail listed ON listed.message_id = asked.message
        JOIN inboxes_inboxmember member ON member.inbox_id = listed.inbox_id AND member.person_id = asked.person
        JOIN inboxes_inbox team ON team.id = listed.inbox_id AND team.kind = 'team' AND team.removed_at IS NULL""",
        person,
    )


def withheld_from(person: User) -> Asked:
    """An inbox that logged it shows its text to few, and has not let the person in."""
    return Asked(f"{STRICT} {CLOSED}", person)


def kept_secret_from(person: User) -> Asked:
    """An inbox that logged it lets few know of it, and has not let the person in."""
    return Asked(f"{PRIVATE} {CLOSED}", person)


class ConnectedAddresses(Func):
    """Those of a person's personal inboxes that are theirs.

    A connected address that somebody else signs in with is not: everybody may connect a server that claims it. Aliases are as far as
    a provider says them; those of IMAP inboxes were typed.
    """

    template = """ARRAY(
        SELECT unnest(CASE inbox.provider WHEN 'imap' THEN ARRAY[inbox.address] ELSE inbox.aliases || inbox.address END)
        FROM inboxes_inbox inbox
        WHERE inbox.owner_id = %(expressions)s AND inbox.kind = 'personal' AND inbox.removed_at IS NULL
            AND NOT EXISTS (
                SELECT FROM users_user other WHERE other.email = inbox.address AND other.id <> inbox.owner_id
            )
    )"""
    output_field = ArrayField(EmailField())


def names(person: User) -> Q:
    """The person is its author or a recipient, by any address that is theirs."""
    connected = ConnectedAddresses(Value(person.pk))
    return Q(participants__contains=[as_in_headers(person.email)]) | Q(participants__overlap=connected)
