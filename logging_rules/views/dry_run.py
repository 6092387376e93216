"""What would a change mean? Asked before it is made, answered from the person's own mailbox."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.contrib import messages
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from inboxes.models import Inbox, InboxQuerySet
from logging_rules import actions
from logging_rules.change_words import before_and_after, direction, place, sentences
from logging_rules.changes import Change
from logging_rules.facts import Level
from logging_rules.forms import EVERYTHING, HISTORY_CHOICES, ReachForm, WhatIfForm
from logging_rules.reach import reach_of
from logging_rules.reconsidering import Worlds
from logging_rules.rules import rules_of
from logging_rules.views.confirming import question_before
from logging_rules.views.reading import read_step
from logging_rules.what_if import WhatIf, what_if_step
from users.http import SignedInRequest
from users.models import User

DEFAULT_PERIOD = "90"


def askable_by(person: User) -> InboxQuerySet:
    """Inboxes whose mail the person both decides about and may read, the oldest first."""
    return Inbox.objects.decided_by(person).read_by(person).order_by("created_at", "pk")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, in the address of the page: a change, one of the person's own inboxes, and how far back."""

    change: Change
    inbox: Inbox | None
    inboxes: list[Inbox]
    period: str

    @classmethod
    def asked_by(cls, request: SignedInRequest, values: QueryDict) -> "Question":
        """Raises `signing.BadSignature` for a change that is not ours or too old, Http404 for an inbox of somebody else."""
        change = Change.from_signed(values.get("change", ""))
        own = askable_by(request.user)
        if change.level is Level.PERSON:
            own = own.personal_of(request.user)
        inboxes = [inbox for inbox in own.select_related("owner") if change.concerns(inbox)]
        wanted = values.get("inbox") or change.inbox_code
        chosen = [inbox for inbox in inboxes if str(inbox.code) == wanted] if wanted else inboxes[:1]
        if wanted and not chosen:
            raise Http404
        period = values.get("period", "")
        return cls(
            change,
            next(iter(chosen), None),
            inboxes,
            period if period in dict(HISTORY_CHOICES) else DEFAULT_PERIOD,
        )

    @property
    def query(self) -> str:
        return self._query(self.inbox, self.period)

    def may_be_made_by(self, person: User) -> bool:
        return self.change.level is not Level.WORKSPACE or person.is_super_admin

    def period_start(self, now: datetime) -> datetime | None:
        """None for all of the past."""
        return None if self.period == EVERYTHING else now - timedelta(days=int(self.period))

    def since(self, now: datetime) -> datetime | None:
        """Where the period begins, or the window of the inbox if that is later; None for all of the past."""
        starts = [
            start for start in (self.period_start(now), self.inbox.history_since if self.inbox else None) if start
        ]
        return max(starts, default=None)

    @property
    def periods(self) -> list[tuple[str, str, bool]]:
        """Label, address and whether it is the chosen one."""
        return [(str(label), self._query(self.inbox, value), value == self.period) for value, label in HISTORY_CHOICES]

    @property
    def other_inboxes(self) -> list[tuple[str, str, bool]]:
        return [(inbox.address, self._query(inbox, self.period), inbox == self.inbox) for inbox in self.inboxes]

    def _query(self, inbox: Inbox | None, period: str) -> str:
        values = QueryDict(mutable=True)
        values.update({"change": self.change.signed(), "inbox": str(inbox.code) if inbox else "", "period": period})
        return f"?{values.urlencode()}"


@require_http_methods(["GET", "POST"])
def what_if(request: SignedInRequest) -> HttpResponse:
    """A change can be asked about from its own form as well; this is for just wondering."""
    inboxes = askable_by(request.user)
    form = WhatIfForm(request.POST if request.method == "POST" else None, inboxes=inboxes)
    if request.method == "POST" and form.is_valid():
        return redirect(form.change.url)
    return render(request, "logging_rules/what_if.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@never_cache
def dry_run(request: SignedInRequest) -> HttpResponse:
    """A POST goes one step further. What it shows of e-mails is for this answer only."""
    try:
        question = Question.asked_by(request, request.GET or request.POST)
    except signing.BadSignature:
        return redirect("logging_rules:what-if")
    reach = reach_of(question.change, viewer=request.user)
    if question.inbox is None:
        context = _said(question, address="") | {"reach": reach}
        return render(request, "logging_rules/dry_run.html", context)
    state, step, problem = _state(request, question, question.inbox), None, None
    if request.method == "POST" and "state" in request.POST and "stop" not in request.POST:
        take = partial(what_if_step, inbox=question.inbox, change=question.change, state=state)
        step, problem = read_step(request, question.inbox, take)
    state = step.state if step else state
    context = _context(request, question, question.inbox, state) | {
        "reach": reach,
        "samples": step.samples if step else [],
        "problem": problem,
        "is_stopped": "stop" in request.POST,
    }
    return render(request, f"logging_rules/dry_run.html{'#step' if request.htmx else ''}", context)


@require_POST
def apply_change(request: SignedInRequest) -> HttpResponse:
    try:
        question = Question.asked_by(request, request.GET)
    except signing.BadSignature:
        messages.error(request, _("This page was open for too long. Ask again, nothing was changed."))
        return redirect("logging_rules:what-if")
    concerns_others = question.change.level is Level.WORKSPACE and question.change.settings
    if concerns_others and (asked := question_before(request, dict(question.change.settings))):
        return asked
    now, past = timezone.now(), request.POST.get("reach") == "past"
    try:
        actions.apply_change(
            change=question.change,
            inboxes=question.inboxes,
            by=request.user,
            now=now,
            since=question.period_start(now),
            past=past,
        )
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
        return redirect(f"{reverse('logging_rules:dry-run')}{question.query}")
    messages.success(request, _applied(past=past))
    return redirect("inboxes:inbox", question.inbox.code) if question.inbox else redirect("inboxes:inbox-list")


def _applied(*, past: bool) -> str:
    if past:
        return _("Saved. E-mail of the past is being decided again; you are told when it is done.")
    return _("Saved. It holds for e-mail that arrives from now on.")


def _state(request: SignedInRequest, question: Question, inbox: Inbox) -> WhatIf:
    """Where the browser says the dry run is; the beginning when it says nothing we have signed."""
    try:
        return WhatIf.from_signed(request.POST.get("state", ""), inbox, question.change)
    except signing.BadSignature:
        return WhatIf.start(inbox, question.change, since=question.since(timezone.now()))


def _said(question: Question, *, address: str) -> dict[str, Any]:
    return {
        "question": question,
        "sentences": sentences(question.change),
        "place": place(question.change, inbox=address),
    }


def _context(request: SignedInRequest, question: Question, inbox: Inbox, state: WhatIf) -> dict[str, Any]:
    rules = rules_of(inbox)
    worlds = Worlds.of(question.change, rules)
    is_made = question.change.is_made_in(rules)
    time_left = state.scan.time_left
    return _said(question, address=inbox.address) | {
        "inbox": inbox,
        "is_made": is_made,
        "reach_form": ReachForm(period=question.period, is_made=is_made)
        if question.may_be_made_by(request.user)
        else None,
        "is_overruled": not is_made and worlds.narrower.effect == worlds.after.effect,
        "state": state,
        "done_at": timezone.now() + time_left if time_left else None,
        "rows": before_and_after(state),
        "more": direction(state.more, viewer=request.user),
        "fewer": direction(state.fewer, viewer=request.user),
    }
