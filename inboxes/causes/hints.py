"""What to know before typing a password, by kind of provider."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# What somebody with an address at a known provider should know before typing a password; named by `inboxes.discovery`.
HINTS: dict[str, str | Promise] = {
    "gmail_app_password": _(
        "Google needs an app password here: switch on 2-Step Verification in your Google account, then create an app password. "
        "Your usual Google password does not work."
    ),
    "microsoft_password_off": _(
        "Microsoft no longer accepts passwords from other programs for this mailbox. It can be connected only where your "
        "administrator has allowed them."
    ),
    "app_password": _("This provider needs an app password: create one in the security settings of your account."),
    "apple_app_password": _(
        "Apple needs an app-specific password: create one at account.apple.com under Sign-In and Security."
    ),
    "enable_imap": _("First switch on IMAP access in the settings of your webmail."),
    "enable_imap_yahoo_japan": _(
        "First allow access by IMAP, POP and SMTP in the settings of Yahoo! JAPAN Mail. The user name is your Yahoo! JAPAN ID."
    ),
    "authorisation_code": _(
        "This provider needs an authorisation code: switch on IMAP in the settings of your webmail and use the code it shows "
        "instead of your password."
    ),
    "panel_host": _("Use the mail server name that your hosting company's control panel shows for your account."),
    "initial_domain": _(
        "At Sakura Internet the mail server is your initial domain (NAME.sakura.ne.jp), not your own domain: the certificate is "
        "made for it."
    ),
    "mail_password": _(
        "Use the mail password of your contract. It may differ from the password of your customer page."
    ),
    "docomo_password": _(
        "NTT DOCOMO gives out a password of its own for IMAP: create it in the d ACCOUNT settings. The user name is your d ACCOUNT ID."
    ),
    "sonet_option": _("At So-net, IMAP is an option of its own and only works where it was ordered."),
    "generated_password": _(
        "Your administrator must allow third-party mail programs; then create a password for them in the mail settings."
    ),
    "region_host": _("The server name depends on the region of your account; check it in the mail settings."),
    "bridge_only": _(
        "This provider can be read only through its bridge program on your own computer, not from a server."
    ),
}
