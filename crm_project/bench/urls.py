"""All pages, and one that says hello behind the same middleware."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from crm_project import urls


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


urlpatterns = [*urls.urlpatterns, path("hello/", hello)]
