from django.urls import path

from notifications import views

app_name = "notifications"
urlpatterns = [
    path("", views.notification_list, name="notification-list"),
    path("bell/", views.bell, name="bell"),
    path("read/", views.read_all, name="read-all"),
    path("settings/", views.preferences, name="preferences"),
    path("<uuid:code>/", views.open_notification, name="open"),
]
