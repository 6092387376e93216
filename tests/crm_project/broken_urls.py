"""The product's addresses and one page that breaks."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from crm_project import urls


@login_not_required
def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a defect of ours")


urlpatterns = [*urls.urlpatterns, path("broken/", broken)]
handler500 = urls.handler500
