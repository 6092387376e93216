"""Questions about each message of a query, written out in SQL.

Every page that shows mail asks several of them, and building them from querysets takes longer each time than the answers. Each is a
scalar subquery, and never answered but for the row at hand: see `exists_singly`.
"""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, BooleanField, CharField, F, Field, Func, Q, Value
from django.db.models.expressions import Combinable

from inboxes.models.viewer import Viewer
from inboxes.visibility import Visibility

KEYS, ADDRESSES = ArrayField(BigIntegerField()), ArrayField(CharField())


class Asked(Func):
    """`answer` of the first of the rows `among`, which may speak of `asked.message` and of `asked.keys`; without one, `otherwise`."""

    def __init__(
        self,
        among: str,
        keys: Value | None = None,
        *,
        answer: str = "true",
        otherwise: str = "false",
        output_field: "Field[Any, Any] | None" = None,
    ) -> None:
        given, columns = ([], "message") if keys is None else ([keys], "message, keys")
        super().__init__(
            F("pk"),
            *given,
            template=f"""COALESCE((
                SELECT {answer} FROM (VALUES (%(expressions)s)) asked ({columns}) {among} LIMIT 1
            ), {otherwise})""",  # noqa: S608 - words of our own
            output_field=output_field or BooleanField(),
        )


SIGHTING = "JOIN inboxes_sighting sighting ON sighting.message_id = asked.message"
STRICT = f"{SIGHTING} AND sighting.visibility <> '{Visibility.EVERYONE}'"
PRIVATE = f"{SIGHTING} AND sighting.visibility = '{Visibility.PRIVATE}'"
NEVER = Value(False)


def is_logged() -> Asked:
    return Asked(SIGHTING)


def is_outgoing() -> Asked:
    """An inbox of ours sent it."""
    return Asked(f"{SIGHTING} AND sighting.outgoing")


def strictest_visibility(viewer: Viewer) -> Combinable:
    if not viewer.some_restricted:
        return Value(Visibility.EVERYONE.value)
    strictest_first = ",".join(reversed(Visibility))
    in_order = f"{STRICT} ORDER BY array_position('{{{strictest_first}}}'::varchar[], sighting.visibility)"
    return Asked(in_order, answer="sighting.visibility", otherwise=f"'{Visibility.EVERYONE}'", output_field=CharField())


def logged_by(viewer: Viewer) -> Combinable:
    """A personal inbox of the viewer logged it."""
    return _logged_by_one_of(viewer.own)


def decided_by(viewer: Viewer) -> Combinable:
    """An inbox logged it that is one of `Inbox.with_removed.decided_by(person)`."""
    return _logged_by_one_of([*viewer.own, *viewer.managed])


def _logged_by_one_of(inboxes: Sequence[int]) -> Combinable:
    among = f"{SIGHTING} AND sighting.inbox_id = ANY(asked.keys)"
    return Asked(among, Value(inboxes, KEYS)) if inboxes else NEVER


def in_team_of(viewer: Viewer) -> Combinable:
    """It lies in a team inbox all of whose mail the viewer, who must be active, reads: as `TeamMail.objects.visible_to` has it."""
    listed = "JOIN inboxes_teammail listed ON listed.message_id = asked.message AND listed.inbox_id = ANY(asked.keys)"
    return Asked(listed, Value(viewer.teams, KEYS)) if viewer.teams else NEVER


def withheld_from(viewer: Viewer) -> Asked:
    """An inbox that logged it shows its text to few, and has not let the viewer in."""
    return Asked(f"{STRICT} AND sighting.id <> ALL(asked.keys)", Value(viewer.let_in, KEYS))


def kept_secret_from(viewer: Viewer) -> Asked:
    """An inbox that logged it lets few know of it, and has not let the viewer in."""
    return Asked(f"{PRIVATE} AND sighting.id <> ALL(asked.keys)", Value(viewer.let_in, KEYS))


def known_as_logged(message: F, viewer: Viewer) -> Func:
    """The viewer may know that it was logged. What a member knows from a team inbox alone is not: a colleague may have logged it
    privately."""
    keys = (Value(each, KEYS) for each in (viewer.own, viewer.joined, viewer.teams, viewer.let_in))
    addresses = Value(viewer.addresses, ADDRESSES)
    return Func(message, *keys, addresses, function="inboxes_known_as_logged", output_field=BooleanField())


def names(viewer: Viewer) -> Q:
    """The viewer is its author or a recipient, by any address that is theirs."""
    return Q(participants__overlap=viewer.addresses)


def is_told_to(viewer: Viewer) -> Func:
    """Of a sighting: the viewer may know of it. See `SightingQuerySet.known_to`."""
    read = Value([*viewer.own, *viewer.joined], KEYS)
    return Func(
        *(F(name) for name in ("pk", "visibility", "inbox", "message")),
        *(read, Value(viewer.let_in, KEYS), Value(viewer.addresses, ADDRESSES)),
        template=f"""(
            SELECT asked.visibility <> '{Visibility.PRIVATE}'
                OR asked.inbox = ANY(asked.read) OR asked.sighting = ANY(asked.let_in)
                OR COALESCE((
                    SELECT true FROM inboxes_message mail
                    WHERE mail.id = asked.message AND mail.participants && asked.addresses
                ), false)
            FROM (VALUES (%(expressions)s)) asked (sighting, visibility, inbox, message, read, let_in, addresses)
        )""",  # noqa: S608 - words of our own
        output_field=BooleanField(),
    )
