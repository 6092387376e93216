"""Causes met while a mail server is asked, and while mail is read and stored."""

from django.utils.translation import gettext_lazy as _

from inboxes.causes.cause import WAIT, Cause

_TRY_AGAIN = _("Wait a few minutes, then try again. If it stays, ask the person who runs your mail to check it.")
_ASK_ADMIN = _("Ask the person who runs your mail to check it.")

_REACHING = {
    "host_invalid": Cause(
        _("This is not a server name"),
        _("The server name or the port cannot be right as it is written."),
        _("Check the name (for example imap.example.com) and the port in your provider's instructions."),
    ),
    "host_not_found": Cause(
        _("Server name not found"),
        _("No server of this name can be found on the Internet at the moment."),
        _("Check the spelling of the server name. If it is right, wait: we keep trying."),
        _("Check the spelling of the server name, then try again."),
    ),
    "host_refused": Cause(
        _("Server is in a private network"),
        _("The name leads to a private or internal address. Such addresses are refused to protect your network."),
        _("If this mail server is meant, ask the operator of this site to add it to MAIL_HOSTS_ALLOWED."),
    ),
    "connection_refused": Cause(
        _("Server does not accept connections"),
        _("The server is there, but nothing answers on this port."),
        _("Check the port: 993 for IMAP and 465 or 587 for SMTP are usual. If they are right, wait: we keep trying."),
        _("Check the port: 993 for IMAP and 465 or 587 for SMTP are usual. Then try again."),
    ),
    "unreachable": Cause(
        _("Server cannot be reached"),
        _("There is no way through the network to the mail server at the moment."),
        WAIT,
        _TRY_AGAIN,
    ),
    "timed_out": Cause(_("Server does not answer"), _("The mail server took too long to answer."), WAIT, _TRY_AGAIN),
    "connection_lost": Cause(
        _("Connection was cut"), _("The mail server or the network ended the connection half-way."), WAIT, _TRY_AGAIN
    ),
    "protocol_error": Cause(
        _("Answer not understood"),
        _("The mail server sent something that does not follow the mail protocol."),
        _("Check that the port belongs to this kind of server. If mail was synced before, wait: we keep trying."),
        _("Check that the port belongs to this kind of server, then try again."),
    ),
    "server_trouble": Cause(
        _("Mail server has a problem"), _("The mail server reports an internal problem of its own."), WAIT, _TRY_AGAIN
    ),
    "server_refused": Cause(
        _("Mail server refused"),
        _("The mail server refused a request without a reason that we know."),
        WAIT,
        _TRY_AGAIN,
    ),
    "server_refused_connection": Cause(
        _("Mail server turned us away"),
        _("The mail server ended the connection as soon as it was made."),
        WAIT,
        _TRY_AGAIN,
    ),
}
_ENCRYPTION = {
    "certificate_untrusted": Cause(
        _("Certificate is not trusted"),
        _(
            "The server's certificate comes from an issuer that is not trusted, so we cannot know that it is your server."
        ),
        _ASK_ADMIN,
    ),
    "certificate_expired": Cause(
        _("Certificate has expired"),
        _("The server's certificate is no longer valid, or not yet. Your password was not sent."),
        _ASK_ADMIN,
    ),
    "certificate_name_mismatch": Cause(
        _("Certificate is for another name"),
        _(
            "The server shows a certificate for a different name. Many hosting companies have one server name for all customers."
        ),
        _("Use the server name from your hosting company's control panel instead of your own domain."),
    ),
    "tls_failed": Cause(
        _("Encryption could not be set up"),
        _("The encrypted connection broke off while it was being made."),
        WAIT,
        _TRY_AGAIN,
    ),
    "tls_not_offered": Cause(
        _("Server offers no such encryption"),
        _("The server does not speak the chosen kind of encryption on this port."),
        _("Choose TLS for port 993 or 465, and STARTTLS for port 143 or 587."),
    ),
    "encryption_required": Cause(
        _("Encryption is required"),
        _("A password may only be sent over an encrypted connection."),
        _("Choose TLS or STARTTLS."),
    ),
}
_SIGNING_IN = {
    "sign_in_refused": Cause(
        _("User name or password refused"),
        _("The mail server did not accept the user name and password."),
        _(
            "Enter the password again. If you changed it, or if your provider asks for an app password, use the new one."
        ),
    ),
    "password_expired": Cause(
        _("Password has expired"),
        _("The mail server says that the password has expired."),
        _("Set a new password at your provider and enter it here."),
    ),
    "app_password_needed": Cause(
        _("App password needed"),
        _("Your provider does not accept the usual password here, only one made for this purpose."),
        _("Create an app password (or authorisation code) in your provider's security settings and enter it here."),
    ),
    "web_sign_in_needed": Cause(
        _("Provider wants to see you"),
        _("Your provider has stopped the sign-in until you confirm in a browser that it is you."),
        _("Sign in to your mail in a browser, confirm what it asks, and try again."),
    ),
    "imap_disabled": Cause(
        _("IMAP is switched off"),
        _("Access by IMAP is switched off for this mailbox."),
        _("Switch IMAP on in your provider's mail settings, or ask your administrator to do so."),
    ),
    "smtp_switched_off": Cause(
        _("Sending by SMTP is switched off"),
        _("Your organisation has switched off sending by SMTP for this mailbox."),
        _("Ask your administrator to allow authenticated SMTP. Reading and logging work without it."),
    ),
    "password_sign_in_off": Cause(
        _("Sign-in by password is not offered"),
        _("This server no longer accepts passwords, only the provider's own sign-in."),
        _("Ask your administrator whether password sign-in can be allowed for this mailbox."),
    ),
    "token_sign_in_off": Cause(
        _("Sign-in by Google or Microsoft is not offered"),
        _("This mail server knows no sign-in by which Google or Microsoft could let us in."),
        _("Check that the server is the one of Google or Microsoft, or connect the inbox with a password."),
    ),
    "sign_in_not_offered": Cause(
        _("Server offers no sign-in"),
        _("The server offers no way to sign in that we know."),
        _("Check the port and the encryption: 465 with TLS or 587 with STARTTLS are usual for sending."),
    ),
    "unsafe_login": Cause(
        _("Provider calls the sign-in unsafe"),
        _("Your provider does not let this program open the mailbox."),
        _("Sign in to your mail in a browser, allow third-party mail programs in its settings, and try again."),
    ),
    "argument_refused": Cause(
        _("Unusual character"),
        _("The user name, password or text holds a line break or a control character."),
        _("Type it again instead of pasting it."),
    ),
    "account_blocked": Cause(
        _("Account is blocked"),
        _("Your provider has blocked this account or asks to be contacted."),
        _("Sign in to your mail in a browser or contact your provider."),
    ),
    "permission_missing": Cause(
        _("Permission is missing"),
        _("The sign-in worked, but this user may not read the mailbox."),
        _("Ask the administrator of the mailbox to give this user full access."),
    ),
    "misconfigured": Cause(
        _("A setting is wrong"), _("The mailbox cannot be opened with these settings."), _("Check the settings.")
    ),
    "mailbox_not_connected": Cause(
        _("Mailbox cannot be opened"),
        _(
            "The password was accepted, but the server does not open the mailbox: too many connections, IMAP switched off, "
            "or no right to it."
        ),
        _("We try again in half an hour. If it stays, check that IMAP is allowed for this mailbox."),
        _("Check that IMAP is allowed for this mailbox, then try again in half an hour."),
    ),
}
_PAUSES = {
    "rate_limited": Cause(
        _("Provider asked for a pause"), _("The mail server limits how much is asked of it."), WAIT, _TRY_AGAIN
    ),
    "too_many_connections": Cause(
        _("Too many connections"),
        _("Too many programs or devices are connected to this mailbox at once."),
        _("We try again soon. If it stays, close mail programs on devices that you do not use."),
        _("Close mail programs on devices that you do not use, then try again."),
    ),
    "download_limit": Cause(
        _("Download limit reached"),
        _("The provider's limit for downloads from this mailbox is used up for now."),
        WAIT,
        _TRY_AGAIN,
    ),
    "mailbox_busy": Cause(
        _("Mailbox is busy"), _("Another program is holding the mailbox at the moment."), WAIT, _TRY_AGAIN
    ),
}
_INBOXES = {
    "credential_missing": Cause(
        _("No password stored"),
        _("There is no password for this mailbox, or it cannot be decrypted any more."),
        _("Reconnect the inbox with its password."),
    ),
    "reconnecting": Cause(
        _("Reconnecting"), _("The inbox was reconnected and is catching up with what it missed."), WAIT
    ),
}
_LISTENING = {
    "idle_not_offered": Cause(
        _("Server does not announce new mail"),
        _("The mail server cannot say by itself when mail arrives."),
        _("You do not need to do anything: we look every minute."),
    ),
}
_FOLDERS = {
    "folder_gone": Cause(
        _("Folder is gone"),
        _("This folder was renamed or deleted. What was logged from it stays."),
        _("You do not need to do anything: a renamed folder is found again by itself."),
    ),
    "folder_refused": Cause(
        _("Folder may not be opened"),
        _("The server does not allow this folder to be read. The other folders go on."),
        _("If its mail should be logged, ask the administrator of the mailbox for access to it."),
    ),
    "folder_name_too_long": Cause(
        _("Name of a folder is too long"),
        _("A folder with a name of more than 1,000 characters is left out. The other folders go on."),
        _("Give the folder a shorter name in your mail program; its mail is then read."),
    ),
    "keywords_not_allowed": Cause(
        _("Labels are not possible"),
        _("The mail server does not let anybody set labels of their own on messages. Everything else goes on."),
        _("Use the folders instead, or switch the label for logged e-mails off."),
    ),
    "folder_not_created": Cause(
        _("The folders could not be created"),
        _("The mail server refused to create them."),
        _("Create the folders in your mail program; they are found by their names."),
    ),
    "no_folders": Cause(
        _("No folders found"),
        _("The sign-in worked, but the mailbox shows no folder with mail."),
        _("Check in your provider's mail settings which folders are shown to mail programs."),
    ),
    "cursor_expired": Cause(
        _("Folder was renumbered"),
        _(
            "The mail server gave all messages of this folder new numbers. We match them again without downloading them twice."
        ),
        WAIT,
    ),
    "cursor_resets": Cause(
        _("Folder is renumbered again and again"),
        _("The mail server keeps giving the messages of this folder new numbers, so it is synced more slowly."),
        _ASK_ADMIN,
    ),
    "search_not_supported": Cause(
        _("Server cannot search for this"),
        _("The mail server cannot search for these characters."),
        _("Search for an address instead, or for words in Latin letters."),
    ),
}
_TRY_LATER = _("We try again a few times. If it stays, it is listed here, and you can try again yourself.")
_MESSAGES = {
    "not_returned": Cause(
        _("Left out by the server"), _("The server lists this message but did not send it when asked."), _TRY_LATER
    ),
    "refused_by_server": Cause(
        _("Refused by the server"), _("The server cannot read this message itself, while others are fine."), _TRY_LATER
    ),
    "malformed_answer": Cause(
        _("Sent in a broken form"), _("The server's answer for this message could not be understood."), _TRY_LATER
    ),
    "headers_unreadable": Cause(
        _("Headers unreadable"), _("Who sent this message to whom could not be read."), _TRY_LATER
    ),
    "connection_lost_at_message": Cause(
        _("Breaks the connection"),
        _("The server ends the connection each time it is asked for this message."),
        _TRY_LATER,
    ),
    "message_gone": Cause(
        _("Message is gone"),
        _("The message was deleted or moved before it could be read."),
        _("You do not need to do anything: where it was moved to, it is found again."),
    ),
    "could_not_decide": Cause(
        _("Rules could not be applied"),
        _("Something in this message keeps us from deciding whether it is logged, so it is not."),
        _TRY_LATER,
    ),
    "could_not_store": Cause(
        _("Could not be stored"), _("This message should be logged, but could not be written down."), _TRY_LATER
    ),
    "gap_found": Cause(
        _("Found by the daily check"),
        _("The daily comparison with the server found that this message had not been looked at."),
        _("You do not need to do anything: it is looked at now."),
    ),
    "system_fault": Cause(
        _("A problem on our side"),
        _("Several messages in a row could not be stored, so the sync stopped to be safe."),
        _("Tell the operator of this site. Nothing is lost; the sync goes on where it stopped."),
    ),
    "unknown": Cause(_("Unknown problem"), _("Something went wrong that we have no name for yet."), WAIT, _TRY_AGAIN),
}

CAUSES: dict[str, Cause] = {
    **_REACHING,
    **_ENCRYPTION,
    **_SIGNING_IN,
    **_PAUSES,
    **_INBOXES,
    **_LISTENING,
    **_FOLDERS,
    **_MESSAGES,
}
