"""What logged mails, and those in the list of a team, may say: exactly what stands in their own originals."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from django.db.models import Q

from crm_project.privacy.mailboxes import is_held
from crm_project.privacy.search import Search, Trace
from crm_project.privacy.tokens import Token
from inboxes import files
from inboxes.envelope import Envelope
from inboxes.mime.parse import parse
from inboxes.models import Message
from inboxes.originals import envelope_in
from logging_rules.unlogging import kept_for_undo


def without_logged(traces: Iterable[Trace]) -> Iterator[Trace]:
    """Leaves out of each trace what a logged e-mail it belongs to says itself."""
    traces = list(traces)
    asked: defaultdict[int, set[Token]] = defaultdict(set)
    for trace in traces:
        for message_id in trace.messages:
            asked[message_id] |= trace.tokens
    said = {message_id: _said(message, asked[message_id]) for message_id, message in _logged(asked)}
    for trace in traces:
        rest = trace.tokens.difference(*(said.get(message_id, ()) for message_id in trace.messages))
        if rest:
            yield Trace(trace.place, rest)


def _logged(asked: Mapping[int, object]) -> Iterator[tuple[int, Message]]:
    """A message that no inbox holds is not logged mail, whatever table it stands in, unless its un-logging can still be undone."""
    rows = Message.objects.filter(is_held() | Q(kept_for_undo()), pk__in=asked)
    fields = ("message_id", "from_email", "subject", "sent_at", "size", "raw_key")
    for message in rows.only(*fields).iterator(chunk_size=500):
        yield message.pk, message


def _said(message: Message, tokens: set[Token]) -> frozenset[Token]:
    """Nothing if the original is gone, or is another mail's."""
    try:
        raw = files.read(message.raw_key)
    except FileNotFoundError:
        return frozenset()
    envelope = envelope_in(raw, message)
    if not _is_of(message, envelope):
        return frozenset()
    search = Search(tokens)
    return frozenset(token for value in _values(raw, envelope) for token in search.in_value(value))


def _is_of(message: Message, envelope: Envelope) -> bool:
    author = envelope.from_[0].email[:320] if envelope.from_ else ""
    stored = (message.message_id, message.from_email, message.subject)
    return stored == (envelope.message_id[:998], author, envelope.subject)


def _values(raw: bytes, envelope: Envelope) -> Iterator[str | bytes]:
    yield raw
    yield envelope.subject
    yield from (text for person in envelope.participants for text in (person.email, person.name))
    yield from (envelope.message_id, *envelope.related_ids)
    parsed = parse(raw)
    yield parsed.text
    yield parsed.html
    for attachment in parsed.attachments:
        yield attachment.filename
        yield attachment.content
