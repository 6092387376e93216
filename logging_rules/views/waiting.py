"""What waits for the owner's word: mail that is held, read live from the mailbox."""

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from inboxes.models import Inbox
from inboxes.sync.redeciding import RemoteKey
from inboxes.views.own import own_inbox, reads_mail
from logging_rules import actions
from logging_rules.models import HeldMail
from logging_rules.rules import rules_of
from logging_rules.tombstones import identity_of
from logging_rules.views.reading import read_step
from logging_rules.waiting import SHOWN, look_at_held, waiting_by_inbox
from logging_rules.why_not import keys_from_signed, pick
from users.http import SignedInRequest, refusals_told
from users.models import User


@require_safe
def waiting_inboxes(request: SignedInRequest) -> HttpResponse:
    """Straight to the mail where it waits in one inbox only."""
    found = waiting_by_inbox(request.user)
    if len(found) == 1:
        return redirect("inboxes:waiting", found[0].inbox.code)
    return render(request, "logging_rules/waiting_inboxes.html", {"waiting": found})


@require_http_methods(["GET", "POST"])
@sensitive_post_parameters()
@never_cache
@reads_mail
def waiting(request: SignedInRequest, code: UUID) -> HttpResponse:
    inbox = own_inbox(request, code)
    if request.method == "POST":
        return _decide(request, inbox)
    held = HeldMail.objects.filter(inbox=inbox).order_by("later", "pk")
    look, problem = None, None
    if rows := list(held.select_related("folder")[:SHOWN]):
        look, problem = read_step(request, inbox, partial(look_at_held, inbox=inbox, held=rows, reader=request.user))
    if look and look.gone:
        actions.forget_held(inbox=inbox, places=look.gone)
    policy = rules_of(inbox).policy
    context = {
        "inbox": inbox,
        "look": look,
        "problem": problem,
        "more": max(0, held.count() - SHOWN),
        "is_on": policy.hold_ambiguous.value,
        "visibility": policy.visibility.value,
        "readers": User.objects.active().count(),
    }
    return render(request, "logging_rules/waiting.html", context)


def _decide(request: SignedInRequest, inbox: Inbox) -> HttpResponse:
    decide = {"log": _log, "never": _keep_private, "later": _later}.get(request.POST.get("decision", ""))
    try:
        keys = keys_from_signed(request.POST.getlist("mail")[:SHOWN])
    except signing.BadSignature:
        keys = []
    if decide is None or not keys:
        messages.info(request, _("Tick the e-mails that you want to decide about."))
    else:
        with refusals_told(request):
            messages.success(request, decide(request, inbox, keys))
    return redirect("inboxes:waiting", inbox.code)


def _log(request: SignedInRequest, inbox: Inbox, keys: list[RemoteKey]) -> str:
    count = actions.log_by_hand(inbox=inbox, keys=keys, by=request.user, now=timezone.now())
    text = ngettext(
        "%(count)d e-mail is being fetched and logged.", "%(count)d e-mails are being fetched and logged.", count
    )
    return text % {"count": count}


def _keep_private(request: SignedInRequest, inbox: Inbox, keys: list[RemoteKey]) -> str:
    """What a mail is by its headers decides that it stays private wherever else it lies, so they are read once more."""
    hits, problem = read_step(request, inbox, partial(pick, inbox=inbox, keys=keys, reader=request.user))
    if problem:
        raise ValidationError(f"{problem.title}. {problem.fix_while_trying}")
    mails = {hit.key: identity_of(hit.envelope) for hit in hits or []}
    count = actions.keep_private(inbox=inbox, mails=mails, by=request.user, now=timezone.now())
    text = ngettext("%(count)d e-mail stays private for good.", "%(count)d e-mails stay private for good.", count)
    return text % {"count": count}


def _later(request: SignedInRequest, inbox: Inbox, keys: list[RemoteKey]) -> str:
    actions.decide_later(inbox=inbox, keys=keys, by=request.user)
    return _("They keep waiting at the end of this page, private as before.")
