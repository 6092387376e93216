"""What is asked for, by what it is needed for. Sending is asked for when somebody first sends."""

GMAIL_READ = ("https://www.googleapis.com/auth/gmail.readonly",)
GMAIL_IMAP = ("https://mail.google.com/",)
GRAPH_READ = ("User.Read", "Mail.Read")
GRAPH_READ_SHARED = (*GRAPH_READ, "Mail.Read.Shared")
OUTLOOK_IMAP = ("https://outlook.office.com/IMAP.AccessAsUser.All",)
