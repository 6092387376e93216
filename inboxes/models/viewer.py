"""Who looks at mail, and what decides how much of it they see."""

from dataclasses import dataclass

from django.db import connection

from inboxes.addresses import as_in_headers
from users.models import User


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person with all that decides which mail they see, as it is at this moment: asked in one query, for as long as a page is made.

    Questions about each e-mail then look at one table and compare keys. With joins in their place it took PostgreSQL longer to plan
    a page than to read it.

    By key: their `own` personal inboxes, the team inboxes that they `joined`, and those that they manage, with removed ones all of
    them; the `teams` whose mail they read; and the sightings to whose e-mail somebody `let_in` them. `addresses`: by which mail names
    them. `has_inbox`: whether one is connected that is their own or that they manage. `some_private`, `some_restricted`: whether there
    is any mail that not everybody may know of, or open.
    """

    person: User
    own: list[int]
    joined: list[int]
    managed: list[int]
    teams: list[int]
    let_in: list[int]
    addresses: list[str]
    has_inbox: bool
    some_private: bool
    some_restricted: bool

    @classmethod
    def of(cls, person: "User | Viewer") -> "Viewer":
        """Somebody who has left has no inboxes any more, and nobody let them in."""
        if isinstance(person, Viewer):
            return person
        with connection.cursor() as cursor:
            active = person.pk if person.is_active else None
            cursor.execute(FACTS, {"person": active, "manages": person.has_account_access})
            own, joined, managed, teams, let_in, connected, *answers = cursor.fetchone()
        addresses = [as_in_headers(person.email), *connected]
        return cls(person, own, joined, managed, teams, let_in, addresses, *answers)


# A connected address is its owner's where Google or Microsoft says so, and nobody else signs in with it here. Those of IMAP inboxes
# were typed: everybody may run a server that takes any. Who is let in: as `AccessRequest.objects.in_force`.
FACTS = """
    SELECT
        ARRAY(SELECT id FROM inboxes_inbox WHERE owner_id = %(person)s AND kind = 'personal'),
        ARRAY(
            SELECT inbox_id FROM inboxes_inboxmember WHERE person_id = %(person)s
            AND inbox_id IN (SELECT id FROM inboxes_inbox WHERE kind = 'team')
        ),
        ARRAY(SELECT id FROM inboxes_inbox WHERE %(manages)s AND kind = 'team'),
        ARRAY(
            SELECT inbox_id FROM inboxes_inboxmember WHERE person_id = %(person)s
            AND inbox_id IN (SELECT id FROM inboxes_inbox WHERE kind = 'team' AND removed_at IS NULL)
        ),
        ARRAY(
            SELECT sighting_id FROM inboxes_accessrequest
            WHERE person_id = %(person)s AND granted_until > statement_timestamp() AND ended_at IS NULL
        ),
        ARRAY(
            SELECT unnest(inbox.aliases || inbox.address)
            FROM inboxes_inbox inbox
            WHERE inbox.owner_id = %(person)s AND inbox.kind = 'personal' AND inbox.removed_at IS NULL
                AND inbox.provider <> 'imap' AND NOT EXISTS (
                    SELECT FROM users_user other WHERE other.email = inbox.address AND other.id <> inbox.owner_id
                )
        ),
        EXISTS (
            SELECT FROM inboxes_inbox WHERE removed_at IS NULL
            AND CASE kind WHEN 'personal' THEN owner_id = %(person)s ELSE %(manages)s END
        ),
        EXISTS (SELECT FROM inboxes_sighting WHERE visibility = 'private'),
        EXISTS (SELECT FROM inboxes_sighting WHERE visibility <> 'everyone')
"""
