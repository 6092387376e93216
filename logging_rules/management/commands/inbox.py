"""`manage.py inbox`: connect, list, watch over and sync inboxes from a shell."""

import time
from argparse import Namespace
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from inboxes import actions
from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.allowed import refuse_connecting
from inboxes.causes import cause_of
from inboxes.connections import look_into
from inboxes.models import CredentialKind, Inbox, InboxStatus, ProviderKind, Security
from inboxes.oauth.accesses import API_OF, given_to
from inboxes.providers.base import ProviderError
from inboxes.queries import completeness, folder_progress
from inboxes.sync.engine import Outcome
from inboxes.trial import try_servers
from logging_rules.actions import set_inbox_policy
from logging_rules.explain import MessageExplanation, explain_message
from logging_rules.facts import Preset
from logging_rules.funnel import funnel_of
from logging_rules.management import inbox_ending
from logging_rules.management.dry_running import add_dry_run_arguments, dry_run
from logging_rules.management.inbox_health import (
    add_acting_arguments,
    add_outages_arguments,
    add_replay_arguments,
    check,
    replay,
    show_outages,
)
from logging_rules.management.inbox_marks import add_marks_arguments, show_marks
from logging_rules.management.inbox_members import (
    add_members_arguments,
    add_team_arguments,
    choose_team,
    chosen_preset,
    kind_of_options,
    show_members,
)
from logging_rules.management.inbox_settings import add_settings_arguments, show_settings
from logging_rules.management.provider_limits import provider_limits
from logging_rules.management.signing_in import add_granted_arguments, connect_granted
from logging_rules.management.viewing import add_view_as_arguments, view_as
from logging_rules.management.why_not import add_log_arguments, add_why_not_arguments, log_mail, why_not
from logging_rules.reasons import label_of
from logging_rules.slices import sync_slice
from users.commands import Answer, JsonCommand, between, days_ago, number_of_days, person_in

WAIT_FOR_WORKER_SECONDS = 180
"""Longer than a lease: a worker that died meanwhile is waited out."""


class Command(JsonCommand):
    help = "Connect, list, sync and explain inboxes. Passwords and tokens are read from standard input."

    def add_actions(self) -> None:
        self._add_connect()
        for kind in API_OF:
            text = f"connect a mailbox at {kind.label}, with a refresh token or a grant as JSON on standard input"
            parser = self.add_action(f"connect-{kind.value}", partial(self.connect_granted, kind), help=text)
            add_granted_arguments(parser, kind)
        self.add_action("list", list_inboxes, help="all inboxes and how they are")
        for name, run, text in (
            ("status", show_status, "one inbox: status, freshness, counts per decision, completeness"),
            ("sync", sync_to_the_end, "sync in this process until nothing is left"),
        ):
            self.add_action(name, run, help=text).add_argument("address")
        for name, ending, text in (
            ("disable", inbox_ending.disable, "stop everything an inbox does; nothing is deleted"),
            ("enable", inbox_ending.enable, "go on with a disabled inbox where it stopped"),
        ):
            inbox_ending.add_ending_arguments(self.add_action(name, partial(end, ending), help=text))
        inbox_ending.add_removal_arguments(self.add_action("remove", remove, help="remove a disabled or a team inbox"))
        self._add_questions()

    def _add_questions(self) -> None:
        """About what is logged and who sees it."""
        funnel = self.add_action(
            "funnel", show_funnel, help="how many mails were seen, and why they were logged or not"
        )
        funnel.add_argument("address")
        funnel.add_argument(
            "--days", type=number_of_days, default=0, help="of mail sent during so many days; without it, of all mail"
        )
        add_dry_run_arguments(
            self.add_action(
                "dry-run", ask_what_if, help="what a change would log more and less, counted in the mailbox"
            )
        )
        members = self.add_action("members", change_members, help="who reads a team inbox; add and remove people")
        add_members_arguments(members)
        marks = self.add_action("marks", change_marks, help="folders and labels that log mail from any mail program")
        add_marks_arguments(marks)
        add_view_as_arguments(
            self.add_action("view-as", show_view, help="what a colleague sees of the mail that an inbox has logged")
        )
        add_settings_arguments(
            self.add_action("settings", change_settings, help="every setting in force, with the level it came from")
        )
        add_why_not_arguments(
            self.add_action("why-not", tell_why_not, help="what became of mail in the mailbox, read live")
        )
        add_outages_arguments(
            self.add_action("outages", tell_outages, help="when an inbox could not be read, and what was recovered")
        )
        add_acting_arguments(
            self.add_action("check", check_now, help="compare what the server holds with what was handled, next")
        )
        add_replay_arguments(self.add_action("replay", replay_all, help="try messages in trouble again"))
        add_log_arguments(self.add_action("log", log_one, help="log a message of the mailbox by hand"))
        explain = self.add_action("explain", explain_mail, help="why a message was logged, or why not")
        explain.add_argument("address")
        explain.add_argument("message_id", metavar="MESSAGE-ID")

    def _add_connect(self) -> None:
        parser = self.add_action("connect-imap", self.connect_imap, help="connect an IMAP inbox")
        parser.add_argument("address")
        parser.add_argument("--owner", required=True, help="the e-mail address the owner signs in with")
        parser.add_argument("--host", required=True)
        parser.add_argument("--port", type=between(1, 65_535), default=993)
        parser.add_argument("--security", choices=Security.values, default=Security.TLS)
        parser.add_argument("--username", help="if it is not the address")
        parser.add_argument(
            "--preset", choices=list(Preset), help="without it: replies, and of a team all known contacts"
        )
        parser.add_argument(
            "--since", type=number_of_days, metavar="DAYS", help="how far back to read; without it, all of it"
        )
        parser.add_argument("--now", action="store_true", help="sync at once, in this process")
        add_team_arguments(parser)
        _add_smtp_arguments(parser)

    def connect_imap(self, options: Namespace) -> Answer:
        owner, kind = person_in(options.owner), kind_of_options(options)
        members = [person_in(email) for email in options.member]
        refuse_connecting(by=owner, provider=ProviderKind.IMAP, kind=kind, imap_host=options.host)
        details = _connection_details(options, password=self.read_password())
        for failure in try_servers(details).failures:
            cause = cause_of(failure.cause)
            raise CommandError(f"{failure.step}: {cause.title}. {cause.fix_while_trying}")
        inbox = actions.connect_imap_inbox(
            details=details, history_since=days_ago(options.since), by=owner, inbox_kind=kind
        )
        choose_team(inbox, options, members, by=owner)
        set_inbox_policy(inbox=inbox, preset=chosen_preset(options), by=owner)
        actions.start(inbox=inbox, by=owner)
        if options.now:
            return sync_to_the_end(Namespace(address=inbox.address))
        return Answer(_summary(inbox), f"{inbox.address} is connected; the next worker syncs it.")

    def connect_granted(self, kind: CredentialKind, options: Namespace) -> Answer:
        owner = person_in(options.owner)
        members = [person_in(email) for email in options.member]
        secret = self.read_password("Refresh token or grant: ")
        inbox = connect_granted(kind, options, secret, owner, members)
        if options.now:
            return sync_to_the_end(Namespace(address=inbox.address))
        return Answer(_summary(inbox), f"{inbox.address} is connected; the next worker syncs it.")


def _add_smtp_arguments(parser: CommandParser) -> None:
    parser.add_argument("--smtp-host", help="for sending; with the same password")
    parser.add_argument("--smtp-port", type=between(1, 65_535), default=465)
    parser.add_argument("--smtp-security", choices=Security.values, default=Security.TLS)
    parser.add_argument("--smtp-username", help="if it is not the one for IMAP")


def end(ending: Callable[..., Answer], options: Namespace) -> Answer:
    inbox = _inbox(options.address)
    return ending(inbox, by=person_in(options.by) if options.by else inbox.owner)


def remove(options: Namespace) -> Answer:
    return end(partial(inbox_ending.remove, options=options), options)


def list_inboxes(_: Namespace) -> Answer:
    inboxes = [_summary(inbox) for inbox in Inbox.objects.select_related("owner").order_by("address")]
    lines = [f"{inbox['address']}  {inbox['status']}  {inbox['cause']}".rstrip() for inbox in inboxes]
    return Answer(inboxes, "\n".join(lines) or "No inbox is connected.")


def ask_what_if(options: Namespace) -> Answer:
    return dry_run(options, _inbox(options.address))


def show_status(options: Namespace) -> Answer:
    inbox = _inbox(options.address)
    numbers = completeness(inbox)
    given = given_to(inbox)
    data = {
        **_summary(inbox),
        "folders": [asdict(folder) for folder in folder_progress(inbox)],
        "counts": numbers.counts,
        "logged": numbers.logged,
        "skipped": numbers.skipped,
        "retrying": numbers.retrying,
        "quarantined": numbers.quarantined,
        "remaining": numbers.remaining,
        "on_server": numbers.on_server,
        "checked_at": numbers.checked_at,
        "completeness": round(numbers.share, 4),
        "access_ends_at": given.ends_at if given else None,
        **provider_limits(inbox),
    }
    lines = [
        f"{inbox.address}: {inbox.get_status_display()}{f' ({cause_of(inbox.cause).title})' if inbox.cause else ''}",
        f"logged {numbers.logged}, skipped {numbers.skipped}, retrying {numbers.retrying},"
        f" quarantined {numbers.quarantined}, to read {numbers.remaining}, complete {numbers.share:.1%}",
        *(f"  {count:>7}  {label_of(code)}" for code, count in numbers.counts.items()),
    ]
    return Answer(data, "\n".join(lines))


def sync_to_the_end(options: Namespace) -> Answer:
    """Slice after slice, as workers would, until nothing is left to do now."""
    inbox = _inbox(options.address)
    if not inbox.is_syncing:
        raise CommandError(f"{inbox.address} is not syncing: its status is {inbox.status}.")
    counts: Counter[str] = Counter()
    give_up_at = time.monotonic() + WAIT_FOR_WORKER_SECONDS
    while True:
        report = sync_slice(inbox_id=inbox.pk, worker="inbox sync")
        counts.update(report.counts)
        if report.outcome == Outcome.DONE:
            break
        if report.outcome == Outcome.PACED:
            time.sleep(report.wait.total_seconds())
            continue
        if report.outcome == Outcome.FAILED:
            cause = cause_of(report.cause)
            raise CommandError(f"{cause.title}. {cause.explanation} {cause.fix}")
        if report.outcome != Outcome.MORE:
            if time.monotonic() > give_up_at:
                raise CommandError("Another worker is syncing this inbox, or it was paused.")
            time.sleep(1)
    data = {**_summary(_inbox(options.address)), "counts": {str(code): count for code, count in counts.most_common()}}
    lines = [f"{count:>7}  {label_of(code)}" for code, count in counts.most_common()]
    return Answer(data, "\n".join(lines) or "Nothing new.")


def show_funnel(options: Namespace) -> Answer:
    inbox = _inbox(options.address)
    funnel = funnel_of(inbox, days=options.days, now=timezone.now())
    data = {
        "address": inbox.address,
        "days": options.days,
        "seen": funnel.seen,
        "logged": funnel.logged,
        "steps": [{"code": step.code, "count": step.count, "logged": step.is_logged} for step in funnel.steps],
    }
    lines = [
        f"{inbox.address}: {funnel.seen} seen, {funnel.logged} logged ({funnel.share_logged:.0%})",
        *(f"  {step.count:>7}  {'logged' if step.is_logged else 'left'}  {step.label}" for step in funnel.steps),
    ]
    return Answer(data, "\n".join(lines))


def change_members(options: Namespace) -> Answer:
    people = {name: [person_in(email) for email in getattr(options, name)] for name in ("add", "remove")}
    return show_members(_inbox(options.address), by=person_in(options.by) if options.by else None, **people)


def change_marks(options: Namespace) -> Answer:
    return show_marks(_inbox(options.address), options)


def show_view(options: Namespace) -> Answer:
    return view_as(options, _inbox(options.address), person_in(options.person))


def change_settings(options: Namespace) -> Answer:
    return show_settings(_inbox(options.address), options)


def explain_mail(options: Namespace) -> Answer:
    inbox = _inbox(options.address)
    try:
        with look_into(inbox) as provider:
            found = explain_message(inbox, options.message_id, provider)
    except ProviderError as error:
        cause = cause_of(error.cause)
        raise CommandError(f"{cause.title}. {cause.fix}") from None
    if not found:
        raise CommandError("The mailbox does not hold a message with this Message-ID.")
    return Answer([_explained(mail) for mail in found], "\n".join(_sentence(mail) for mail in found))


def _explained(mail: MessageExplanation) -> dict[str, Any]:
    return {
        "folder": mail.folder,
        "log": mail.decision.log,
        "code": mail.reason.code,
        "rule": mail.reason.rule,
        "level": mail.reason.level,
        "matched_address": mail.decision.matched_address,
        "because": mail.reason.because,
        "stored": mail.stored,
        "stored_code": mail.stored_code,
        "stored_cause": mail.stored_cause,
    }


def _sentence(mail: MessageExplanation) -> str:
    state = f" ({mail.stored})" if mail.stored else ""
    return f"{mail.folder}: {mail.reason.code}{state}: {mail.reason.because} {mail.reason.setting}".rstrip()


def _summary(inbox: Inbox) -> dict[str, Any]:
    return {
        "address": inbox.address,
        "owner": inbox.owner.email,
        "kind": inbox.kind,
        "name": inbox.name,
        "provider": inbox.provider,
        "status": InboxStatus(inbox.status).value,
        "cause": inbox.cause,
        "since": inbox.status_since,
        "retry_at": inbox.retry_at,
        "next_due_at": inbox.next_due_at,
        "synced_at": inbox.live_synced_at,
        "first_sync_done_at": inbox.backfill_done_at,
    }


def tell_why_not(options: Namespace) -> Answer:
    return why_not(_inbox(options.address), options)


def log_one(options: Namespace) -> Answer:
    return log_mail(_inbox(options.address), options)


def tell_outages(options: Namespace) -> Answer:
    return show_outages(_inbox(options.address), options)


def check_now(options: Namespace) -> Answer:
    inbox = _inbox(options.address)
    return check(inbox, person_in(options.by) if options.by else inbox.owner)


def replay_all(options: Namespace) -> Answer:
    inbox = _inbox(options.address)
    return replay(inbox, person_in(options.by) if options.by else inbox.owner, cause=options.cause)


def _inbox(address: str) -> Inbox:
    try:
        return Inbox.objects.select_related("owner").get(address=address.strip().lower())
    except Inbox.DoesNotExist:
        raise CommandError(f"No inbox {address} is connected.") from None


def _connection_details(options: Namespace, *, password: str) -> ConnectionDetails:
    username = options.username or options.address
    smtp = None
    if options.smtp_host:
        smtp = ServerLogin(
            host=options.smtp_host,
            port=options.smtp_port,
            security=Security(options.smtp_security),
            username=options.smtp_username or username,
        )
    imap = ServerLogin(host=options.host, port=options.port, security=Security(options.security), username=username)
    return ConnectionDetails(address=options.address, imap=imap, password=password, smtp=smtp)
