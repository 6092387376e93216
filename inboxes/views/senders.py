"""Where a person's mail comes from: the inbox they write from, and the further addresses of one."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from inboxes import actions
from inboxes.default_inbox import possible_defaults
from inboxes.models import ProviderKind
from inboxes.team_forms import AliasesForm, DefaultInboxForm
from inboxes.views.own import own_inbox
from users.http import SignedInRequest


@require_POST
def choose_default(request: SignedInRequest) -> HttpResponse:
    form = DefaultInboxForm(request.POST, possible=list(possible_defaults(request.user)), chosen=None)
    if form.is_valid():
        actions.choose_default_inbox(inbox=form.chosen, by=request.user)
        messages.success(request, _("New e-mail is sent from %(inbox)s.") % {"inbox": form.chosen.address})
    else:
        messages.error(request, _("This inbox cannot be used at the moment. Choose another one."))
    return redirect("inboxes:inbox-list")


@require_http_methods(["GET", "POST"])
def aliases(request: SignedInRequest, code: UUID) -> HttpResponse:
    """To be changed for IMAP only; elsewhere the provider says them."""
    inbox = own_inbox(request, code)
    form = AliasesForm(request.POST or None, initial={"aliases": "\n".join(inbox.aliases)})
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_aliases(inbox=inbox, aliases=form.wanted, by=request.user)
        except ValidationError as refusal:
            form.add_error("aliases", refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("inboxes:aliases", inbox.code)
    context = {"inbox": inbox, "form": form, "is_editable": inbox.provider == ProviderKind.IMAP}
    return render(request, "inboxes/aliases.html", context, status=422 if form.errors else 200)
