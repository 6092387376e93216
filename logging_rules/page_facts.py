"""What the database knows about a page of e-mails, for the decision about each of them."""

from collections.abc import Sequence

from inboxes.envelope import Envelope
from inboxes.marks import MarkNames
from logging_rules.ambiguity import sensitive_pattern
from logging_rules.choices import choices_among
from logging_rules.facts import Colleagues, Facts, conversation_keys, facts_about
from logging_rules.marks import marks_among
from logging_rules.queries import contacts_by_address, conversations_about, messages_only_of, restored_among
from logging_rules.rules import Rules
from logging_rules.tombstones import unlogged_among


def facts_of_page(
    rules: Rules,
    envelopes: Sequence[Envelope],
    colleagues: Colleagues,
    *,
    mark_names: MarkNames,
    with_conversations: bool,
    anew: bool = False,
) -> Facts:
    """What the database knows about a page. Conversations cost a look-up of every id; the narrowest preset needs none.

    `anew`: what this inbox alone knows of these very mails does not count.
    """
    inbox = rules.inbox
    emails = {address.email for envelope in envelopes for address in envelope.participants}
    facts = facts_about(
        emails,
        own={inbox.address, *inbox.aliases},
        contacts=contacts_by_address(emails),
        colleagues=colleagues,
        workspace_never_log=rules.workspace_never_log,
        personal_never_log=rules.personal_never_log,
    )
    if with_conversations:
        facts.conversations = conversations_about(
            {key for envelope in envelopes for key in conversation_keys(envelope)},
            inbox=inbox,
            without=messages_only_of(inbox, [one.fingerprint for one in envelopes]) if anew else (),
        )
    choices = choices_among(inbox, envelopes)
    facts.chosen_by_hand = choices.chosen_by
    unlogged = unlogged_among(envelopes, inbox=inbox, key=rules.workspace.tombstone_key)
    facts.unlogged = unlogged - choices.waiting
    if rules.policy.hold_ambiguous.value:
        facts.sensitive = sensitive_pattern(rules.workspace.sensitive_words)
    if rules.is_team:
        facts.restored = restored_among(inbox, envelopes)
    facts.marks = marks_among(envelopes, inbox=inbox, key=rules.workspace.tombstone_key)
    facts.mark_names = mark_names
    return facts
