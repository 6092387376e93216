"""Before the workspace's policy is changed: whom it concerns."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from logging_rules.consequences import consequences_of
from logging_rules.models import WorkspacePolicy
from users.http import SignedInRequest


def question_before(request: SignedInRequest, values: Mapping[str, Any]) -> HttpResponse | None:
    """The page that lists them and sends the same form again, confirmed; None when that was done, or there is nobody to list."""
    if "confirmed" in request.POST or not request.user.is_super_admin:
        return None
    consequences = consequences_of(values, WorkspacePolicy.objects.current())
    if not consequences:
        return None
    sent = {name: value for name, value in request.POST.items() if name != "csrfmiddlewaretoken"}
    context = {"consequences": consequences, "sent": sent}
    return render(request, "logging_rules/workspace_policy_confirm.html", context)
