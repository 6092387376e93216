"""`manage.py unlog`: un-log e-mails of an inbox, take it back, erase what can no longer be taken back."""

from argparse import Namespace
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from contacts.models import ContactAddress
from inboxes.addresses import InvalidAddress, normalise, normalise_domain
from inboxes.models import Inbox, Message
from logging_rules.actions import erase_expired, erase_now, undo_unlogging, unlog
from logging_rules.models import Unlogging
from logging_rules.unlogging import Preview, Selection, preview
from logging_rules.unlogging_forms import beginning_of
from users.commands import Answer, JsonCommand, day_in


class Command(JsonCommand):
    help = "Un-log e-mails, undo it for seven days, erase what can no longer be undone. Acts for the inbox's owner."

    def add_actions(self) -> None:
        mails = self.add_action(
            "mails", unlog_mails, help="un-log e-mails that meet every condition; at least one is needed"
        )
        mails.add_argument("address", help="the inbox that logged them")
        mails.add_argument(
            "--reason", default="", metavar="CODE", help="why they were logged, such as known_contact_incoming"
        )
        mails.add_argument("--contact", metavar="EMAIL", help="on whose timeline they stand")
        mails.add_argument("--domain", default="", help="a domain of somebody in them; what is below it counts too")
        mails.add_argument("--since", metavar="DATE", help="sent on this day or later (2026-03-01)")
        mails.add_argument("--until", metavar="DATE", help="sent on this day or earlier")
        mails.add_argument("--message-id", action="append", metavar="MESSAGE-ID", help="may be repeated")
        mails.add_argument("--dry-run", action="store_true", help="only say what would disappear")
        listed = self.add_action("list", list_unloggings, help="what was un-logged of an inbox, the latest first")
        listed.add_argument("address")
        for name, run, text in (
            ("undo", undo, "log the e-mails of an un-logging again, exactly as they were"),
            ("erase", erase, "erase an un-logging now, without waiting for the seven days"),
        ):
            self.add_action(name, run, help=text).add_argument("id", type=int)
        self.add_action(
            "erase-expired", erase_all_expired, help="erase what can no longer be undone (workers do it too)"
        )


def unlog_mails(options: Namespace) -> Answer:
    inbox = _inbox(options.address)
    selection = _selection(inbox, options)
    if not selection.in_codes:
        raise CommandError("Say which e-mails: --reason, --contact, --domain, --since, --until or --message-id.")
    if options.dry_run:
        found = preview(selection, viewer=selection.inbox.owner)
        return Answer(
            _previewed(found), f"{found.mails} e-mails would be un-logged; {found.shared} stay for colleagues."
        )
    unlogging = unlog(selection=selection, by=inbox.owner, now=timezone.now())
    text = f"{unlogging.messages} e-mails were un-logged. Undo until {unlogging.expires_at:%Y-%m-%d %H:%M} UTC: unlog undo {unlogging.pk}"
    return Answer(_summary(unlogging), text)


def _selection(inbox: Inbox, options: Namespace) -> Selection:
    return Selection(
        inbox=inbox,
        message_ids=_messages(inbox, options.message_id),
        code=options.reason,
        contact_id=_contact(options.contact) if options.contact else None,
        domain=_domain(options.domain) if options.domain else "",
        with_subdomains=True,
        since=beginning_of(day_in(options.since)),
        until=beginning_of(day_in(options.until), after=True),
    )


def _messages(inbox: Inbox, message_ids: list[str] | None) -> list[int] | None:
    """Angle brackets may be left out."""
    if message_ids is None:
        return None
    wanted = [text if text.startswith("<") else f"<{text}>" for text in message_ids]
    return list(Message.objects.filter(sightings__inbox=inbox, message_id__in=wanted).values_list("pk", flat=True))


def _contact(email: str) -> int:
    try:
        return ContactAddress.objects.get(email=normalise(email), contact__withdrawn_at=None).contact_id
    except (ContactAddress.DoesNotExist, InvalidAddress):
        raise CommandError(f"No contact has the address {email}.") from None


def _domain(text: str) -> str:
    try:
        return normalise_domain(text)
    except InvalidAddress:
        raise CommandError(f"{text} is not a domain.") from None


def list_unloggings(options: Namespace) -> Answer:
    found = Unlogging.objects.filter(inbox=_inbox(options.address)).select_related("inbox").order_by("-at", "-pk")
    rows = [_summary(unlogging) for unlogging in found]
    lines = [f"{row['id']:>6}  {row['at']:%Y-%m-%d %H:%M}  {row['state']:<8} {row['messages']} e-mails" for row in rows]
    return Answer(rows, "\n".join(lines) or "Nothing was un-logged.")


def undo(options: Namespace) -> Answer:
    unlogging = _unlogging(options.id)
    undone = undo_unlogging(unlogging=unlogging, by=unlogging.inbox.owner, now=timezone.now())
    lost = f" {undone.lost} did not come back: their contact was deleted." if undone.lost else ""
    return Answer(_summary(undone), f"{undone.messages - undone.lost} e-mails are logged again.{lost}")


def erase(options: Namespace) -> Answer:
    unlogging = _unlogging(options.id)
    now = timezone.now()
    erase_now(unlogging=unlogging, by=unlogging.inbox.owner, now=now)
    erased = erase_expired(now=now)
    return Answer({"erased": erased}, f"{erased} e-mails were erased for good.")


def erase_all_expired(_: Namespace) -> Answer:
    erased = erase_expired(now=timezone.now())
    return Answer({"erased": erased}, f"{erased} e-mails were erased for good.")


def _inbox(address: str) -> Inbox:
    try:
        return Inbox.objects.select_related("owner").get(address=address.strip().lower())
    except Inbox.DoesNotExist:
        raise CommandError(f"No inbox {address} is connected.") from None


def _unlogging(key: int) -> Unlogging:
    try:
        return Unlogging.objects.select_related("inbox__owner").get(pk=key)
    except Unlogging.DoesNotExist:
        raise CommandError(f"There is no un-logging {key}.") from None


def _previewed(found: Preview) -> dict[str, Any]:
    return {
        "mails": found.mails,
        "shared": found.shared,
        "disappearing": found.disappearing,
        "files": found.files,
        "size": found.size,
        "timeline_entries": found.entries,
        "index_rows": found.index_rows,
        "contacts": found.contacts,
        "reasons": found.reasons,
        "first_at": found.first_at,
        "last_at": found.last_at,
    }


def _summary(unlogging: Unlogging) -> dict[str, Any]:
    return {
        "id": unlogging.pk,
        "inbox": unlogging.inbox.address,
        "at": unlogging.at,
        "state": unlogging.state(timezone.now()).value,
        "chosen": unlogging.chosen,
        "messages": unlogging.messages,
        "shared": unlogging.shared,
        "lost": unlogging.lost,
        "files": unlogging.files,
        "size": unlogging.size,
        "contacts": len(unlogging.withdrawn_contacts),
        "expires_at": unlogging.expires_at,
        "undone_at": unlogging.undone_at,
        "erased_at": unlogging.erased_at,
    }
