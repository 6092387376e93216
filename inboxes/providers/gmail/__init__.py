"""Mailboxes at Google, through the Gmail API."""
