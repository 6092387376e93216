"""One's own profile."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from users import actions
from users.forms import ProfileForm
from users.http import SignedInRequest
from users.models import User


@require_http_methods(["GET", "POST"])
def profile(request: SignedInRequest) -> HttpResponse:
    # A fresh instance: a refused form must not change what the shell shows about the person.
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        actions.edit_profile(person=request.user, by=request.user, **form.cleaned_data)
        with translation.override(request.user.language):
            messages.success(request, _("Your profile is saved."))
        return redirect("users:profile")
    return render(request, "users/profile.html", {"form": form}, status=422 if form.errors else 200)
