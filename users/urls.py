from django.urls import path

from users.views import invitations, people, profile, workspace

app_name = "users"
urlpatterns = [
    path("profile/", profile.profile, name="profile"),
    path("people/", people.people, name="people"),
    path("people/invite/", invitations.invite, name="invite"),
    path("people/invitations/<uuid:code>/resend/", invitations.resend, name="invitation-resend"),
    path("people/invitations/<uuid:code>/withdraw/", invitations.withdraw, name="invitation-withdraw"),
    path("people/<uuid:code>/", people.person, name="person"),
    path("people/<uuid:code>/deactivate/", people.deactivate, name="person-deactivate"),
    path("people/<uuid:code>/reactivate/", people.reactivate, name="person-reactivate"),
    path("workspace/", workspace.workspace, name="workspace"),
    path("workspace/domains/", workspace.add_domain, name="domain-add"),
    path("workspace/domains/<int:key>/remove/", workspace.remove_domain, name="domain-remove"),
    path("join/<str:token>/", invitations.join, name="join"),
]
