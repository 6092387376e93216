"""Reads of contacts, companies and timelines."""

from django.db.models import Exists, OuterRef, QuerySet

from contacts.models import Contact, TimelineEntry


def messages_only_on(contact: Contact) -> "QuerySet[TimelineEntry, int]":
    """Keys of the e-mails that stand on no other contact's timeline: they are erased with the contact."""
    elsewhere = TimelineEntry.objects.filter(message=OuterRef("message")).exclude(contact=contact)
    mails = contact.timeline.filter(message__isnull=False)
    return mails.filter(~Exists(elsewhere)).values_list("message_id", flat=True)
