"""One mail as the rules of the engine look at it. Pure: no Django, no I/O."""

from inboxes.addresses import is_no_reply, is_valid
from inboxes.envelope import Address, Envelope
from inboxes.visibility import Visibility
from logging_rules.facts import ContactCreation, Facts, Policy, Setting, conversation_keys


class Mail:
    """One envelope beside its facts and policy: what the rules look at. `contacts` maps its addresses to known contacts."""

    __slots__ = ("_keys", "contacts", "emails", "envelope", "facts", "policy")

    def __init__(self, envelope: Envelope, facts: Facts, policy: Policy) -> None:
        self.envelope = envelope
        self.facts = facts
        self.policy = policy
        self.emails = tuple(dict.fromkeys([address.email for address in envelope.participants]))
        known = facts.contacts
        self.contacts = {email: known[email] for email in self.emails if email in known} if known else {}
        self._keys: tuple[str, ...] | None = None

    @property
    def chosen_by_id(self) -> int | None:
        """Who picked it by hand, if anybody did."""
        chosen = self.facts.chosen_by_hand
        return chosen.get((self.envelope.folder_id, self.envelope.remote_id)) if chosen else None

    @property
    def is_restored(self) -> bool:
        """Whether a member of the team has taken it back from what was filtered."""
        restored = self.facts.restored
        return bool(restored) and self.envelope.fingerprint in restored

    @property
    def conversation_keys(self) -> tuple[str, ...]:
        """See `facts.conversation_keys`. Read once: a mail may be decided several times."""
        if self._keys is None:
            self._keys = conversation_keys(self.envelope)
        return self._keys

    @property
    def contact_ids(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(self.contacts.values()))

    @property
    def first_contact_address(self) -> str:
        return next(iter(self.contacts), "")

    @property
    def withheld(self) -> tuple[str, ...]:
        """Addresses of this mail that a never-log entry keeps off timelines."""
        withheld = self.facts.withheld
        return tuple(email for email in self.emails if email in withheld) if withheld else ()

    @property
    def is_passed_over(self) -> bool:
        """Settings that log more than those before do so from then on: mail from before stays private."""
        since = self.policy.wider_since
        if since is None or self.envelope.received_at >= since:
            return False
        return self.policy.looked_back.isdisjoint(self.contact_ids)

    @property
    def direction(self) -> Setting[bool]:
        """Whether mail of this direction is logged. Outgoing is believed from the provider only: anybody can write a From header."""
        return self.policy.log_outgoing if self.envelope.sent_by_owner else self.policy.log_incoming

    @property
    def newcomers(self) -> tuple[str, ...]:
        """Addresses that become contacts if the mail is logged: those its owner wrote to, and who answered them.

        Nobody by mail that colleagues may not know of: everybody sees contacts.
        """
        creation, envelope = self.policy.create_contacts.value, self.envelope
        is_private = self.policy.visibility.value is Visibility.PRIVATE
        if creation is ContactCreation.NEVER or is_private or envelope.is_automatic:
            return ()
        if envelope.sent_by_owner:
            people: tuple[Address, ...] = (*envelope.to, *envelope.cc)
        else:
            people = envelope.from_[:1] if creation is ContactCreation.REPLIES and self.answers_owner else ()
        return tuple(
            email for email in dict.fromkeys(person.email for person in people) if self._may_become_contact(email)
        )

    @property
    def answers_owner(self) -> bool:
        """Whether it belongs to the answers to a logged mail that the owner of the inbox sent."""
        return any(
            key in conversation.sent_ids and shared_address(self, conversation.participants)
            for key in self.envelope.related_ids
            for conversation in self.facts.conversations.get(key, ())
        )

    def _may_become_contact(self, email: str) -> bool:
        facts = self.facts
        is_known = email in facts.contacts or email in facts.colleagues or email in facts.withheld
        return not is_known and is_valid(email) and not is_no_reply(email)


def shared_address(mail: Mail, participants: set[str]) -> str:
    """The first of somebody from outside who is in the mail and among the participants; empty if there is none."""
    facts = mail.facts
    for email in mail.emails:
        if email in participants and email not in facts.colleagues and email not in facts.withheld:
            return email
    return ""
