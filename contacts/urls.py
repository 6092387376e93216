"""Pages of contacts, companies and logged e-mails."""

from django.urls import path

from contacts.views import companies, contacts, mail, notes

app_name = "contacts"

urlpatterns = [
    path("contacts/", contacts.contact_list, name="contact-list"),
    path("contacts/new/", contacts.contact_create, name="contact-create"),
    path("contacts/<uuid:code>/", contacts.contact_detail, name="contact-detail"),
    path("contacts/<uuid:code>/fold/", contacts.timeline_fold, name="timeline-fold"),
    path("contacts/<uuid:code>/edit/", contacts.contact_edit, name="contact-edit"),
    path("contacts/<uuid:code>/merge/", contacts.contact_merge, name="contact-merge"),
    path("contacts/<uuid:code>/delete/", contacts.contact_delete, name="contact-delete"),
    path("contacts/<uuid:code>/notes/", notes.note_add, name="note-add"),
    path("notes/<uuid:code>/edit/", notes.note_edit, name="note-edit"),
    path("notes/<uuid:code>/delete/", notes.note_delete, name="note-delete"),
    path("companies/", companies.company_list, name="company-list"),
    path("companies/new/", companies.company_create, name="company-create"),
    path("companies/names/", companies.company_names, name="company-names"),
    path("companies/<uuid:code>/", companies.company_detail, name="company-detail"),
    path("companies/<uuid:code>/edit/", companies.company_edit, name="company-edit"),
    path("companies/<uuid:code>/delete/", companies.company_delete, name="company-delete"),
    path("mail/<uuid:code>/", mail.message, name="message"),
    path("mail/<uuid:code>/body/", mail.message_body, name="message-body"),
    path("mail/<uuid:code>/original/", mail.message_original, name="message-original"),
    path("mail/files/<uuid:code>/", mail.attachment, name="attachment"),
]
