"""Pages of team inboxes."""

from django.urls import path

from conversations.views import filtered, inboxes, thread

app_name = "conversations"

urlpatterns = [
    path("", inboxes.inbox_list, name="inbox-list"),
    path("<uuid:code>/", inboxes.thread_list, name="thread-list"),
    path("<uuid:code>/join/", inboxes.join, name="join"),
    path("<uuid:code>/read/", inboxes.mark_all_read, name="mark-all-read"),
    path("<uuid:code>/restore/", filtered.restore, name="restore"),
    path("<uuid:code>/restored/<uuid:restoral>/undo/", filtered.undo, name="undo-restoral"),
    path("<uuid:code>/<uuid:thread>/", thread.thread, name="thread"),
    path("<uuid:code>/<uuid:thread>/read/", thread.mark_read, name="mark-read"),
    path("<uuid:code>/<uuid:thread>/unread/", thread.mark_unread, name="mark-unread"),
]
