"""The words in a subject that have mail held, for the whole workspace."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from logging_rules import actions
from logging_rules.held_words_form import HeldWordsForm
from logging_rules.models import WorkspacePolicy
from users.http import SignedInRequest, super_admin_required


@require_http_methods(["GET", "POST"])
@super_admin_required
def held_words(request: SignedInRequest) -> HttpResponse:
    words = WorkspacePolicy.objects.current().sensitive_words
    form = HeldWordsForm(request.POST if request.method == "POST" else None, initial={"words": "\n".join(words)})
    if request.method == "POST" and form.is_valid():
        actions.set_sensitive_words(words=form.cleaned_data["words"], by=request.user)
        messages.success(request, _("Saved. It holds for e-mail that arrives from now on."))
        return redirect("logging_rules:held-words")
    return render(request, "logging_rules/held_words.html", {"form": form}, status=422 if form.errors else 200)
