"""Why was this not logged? The owner looks for mail in the mailbox, live, and logs some of it by hand.

What is searched for and what is found travels in the bodies of POST requests only, and is for that answer alone.
"""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from inboxes.models import Inbox
from inboxes.sync.redeciding import RemoteKey
from inboxes.views.own import own_inbox, reads_mail
from logging_rules import actions
from logging_rules.remedies import remedy_of
from logging_rules.rules import rules_of
from logging_rules.views.reading import read_step
from logging_rules.why_not import Hit, Quest, keys_from_signed, pick, search
from logging_rules.why_not_forms import WhyNotForm
from users.http import SignedInRequest, refusals_told
from users.models import User

MOST_PICKED = 100


@require_http_methods(["GET", "POST"])
@sensitive_post_parameters()
@never_cache
@reads_mail
def why_not(request: SignedInRequest, code: UUID) -> HttpResponse:
    inbox = own_inbox(request, code)
    form = WhyNotForm(request.POST if "further" not in request.POST and request.method == "POST" else None)
    context: dict[str, Any] = {"inbox": inbox, "form": form}
    if request.method == "POST" and (quest := _quest(request, inbox, form)):
        answer, problem = read_step(request, inbox, partial(search, inbox=inbox, quest=quest, reader=request.user))
        context |= {
            "quest": answer.quest if answer else quest,
            "answer": answer,
            "hits": with_remedies(answer.hits, inbox) if answer else [],
            "problem": problem,
        }
    template = "logging_rules/why_not.html" + ("#found" if request.htmx else "")
    return render(request, template, context, status=422 if form.errors else 200)


def _quest(request: SignedInRequest, inbox: Inbox, form: WhyNotForm) -> Quest | None:
    """Where the page says the search is, or a new search; None when there is nothing to search for."""
    if "further" in request.POST:
        try:
            quest = Quest.from_signed(request.POST["further"], inbox)
        except signing.BadSignature:
            return None
        form.show(quest)
        return quest
    return form.quest(inbox) if form.is_valid() else None


def with_remedies(hits: list[Hit], inbox: Inbox) -> list[dict[str, Any]]:
    return [{"hit": hit, "remedy": remedy_of(hit.would_be or hit.reason, inbox)} for hit in hits]


@require_POST
@sensitive_post_parameters()
@never_cache
@reads_mail
def log_by_hand(request: SignedInRequest, code: UUID) -> HttpResponse:
    """Asks first: the mails are shown once more, together with who will see them."""
    inbox = own_inbox(request, code)
    keys = _picked(request)
    if not keys:
        messages.info(request, _("Tick the e-mails that you want to log."))
        return redirect("inboxes:why-not", inbox.code)
    if "confirmed" in request.POST:
        return _log(request, inbox, keys)
    hits, problem = read_step(request, inbox, partial(pick, inbox=inbox, keys=keys, reader=request.user))
    loggable = [hit for hit in hits or [] if hit.can_be_chosen]
    context = {
        "inbox": inbox,
        "hits": with_remedies(loggable, inbox),
        "left_out": len(keys) - len(loggable),
        "keys": request.POST.getlist("mail"),
        "problem": problem,
        "visibility": rules_of(inbox).policy.visibility.value,
        "readers": User.objects.active().count(),
    }
    return render(request, "logging_rules/log_by_hand.html", context)


def _picked(request: SignedInRequest) -> list[RemoteKey]:
    try:
        return keys_from_signed(request.POST.getlist("mail")[:MOST_PICKED])
    except signing.BadSignature:
        return []


def _log(request: SignedInRequest, inbox: Inbox, keys: list[RemoteKey]) -> HttpResponse:
    with refusals_told(request):
        chosen = actions.log_by_hand(inbox=inbox, keys=keys, by=request.user, now=timezone.now())
        text = ngettext(
            "%(count)d e-mail is being fetched and logged.", "%(count)d e-mails are being fetched and logged.", chosen
        )
        messages.success(request, text % {"count": chosen})
    return redirect("inboxes:why-not", inbox.code)
