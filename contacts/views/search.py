"""The search of the whole workspace: contacts, companies, logged e-mails."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from contacts import queries
from users.http import SignedInRequest

SHOWN = 10
MAILS_SHOWN = 20


@require_GET
def search(request: SignedInRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    context: dict[str, object] = {"search_text": text}
    if text:
        context |= {
            "contacts": queries.contact_list(request.user, text=text)[:SHOWN],
            "companies": queries.company_list(request.user, text=text)[:SHOWN],
            "mails": queries.mail_found(request.user, text)[:MAILS_SHOWN],
        }
    return render(request, "contacts/search.html", context)
