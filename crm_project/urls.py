"""The URL tree."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from contacts.views.search import search
from crm_project import views
from crm_project.home import home

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("", include("users.urls")),
    path("notifications/", include("notifications.urls")),
    path("inboxes/", include("logging_rules.inbox_urls")),
    path("logging/", include("logging_rules.urls")),
    path("admin/", include("logging_rules.admin_urls")),
    path("admin/audit/", include("audit.urls")),
    path("accounts/email/", views.not_offered),  # super admins look after addresses
    path("accounts/", include("allauth.account.urls")),
    path("language/", login_not_required(set_language), name="set_language"),
    path("team/", include("conversations.urls")),
    path("", include("contacts.urls")),
    path("search/", search, name="search"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
]

if settings.DEBUG:
    urlpatterns += [path("ui/", views.gallery, name="gallery")]

handler400 = "crm_project.views.bad_request"
handler403 = "crm_project.views.permission_denied"
handler404 = "crm_project.views.page_not_found"
handler500 = "crm_project.views.server_error"
