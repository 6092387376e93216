"""Causes met while somebody signs in with Google or Microsoft, and while their APIs are asked."""

from django.utils.translation import gettext_lazy as _

from inboxes.causes.cause import WAIT, Cause

_SIGN_IN_AGAIN = _("Sign in once more.")
_RECONNECT = _("Reconnect the inbox.")
_ADMINS_KNOW = _("You do not need to do anything: the administrators were told. No mail is lost.")
_TELL_ADMINS = _("Tell the administrator of this site.")
_TRY_AGAIN = _("Wait a few minutes, then try again.")

_COMING_BACK = {
    "consent_refused": Cause(
        _("You did not allow it"),
        _("At the provider, you chose not to give access to the mailbox."),
        _("If that was a mistake, sign in once more. You can end the access at any time."),
    ),
    "sign_in_cancelled": Cause(
        _("Sign-in was cancelled"), _("You left the provider's page before the sign-in was finished."), _SIGN_IN_AGAIN
    ),
    "sign_in_failed": Cause(
        _("Sign-in did not succeed"), _("The provider ended the sign-in without a reason that we know."), _SIGN_IN_AGAIN
    ),
    "sign_in_expired": Cause(
        _("Sign-in took too long"),
        _("The sign-in was begun too long ago, or what the provider sent back was not complete."),
        _SIGN_IN_AGAIN,
    ),
    "sign_in_used": Cause(
        _("Sign-in was used already"),
        _("This answer of the provider was handled before, and each is good for one time only."),
        _("Look at your inboxes: the mailbox may be connected. If it is not, sign in once more."),
    ),
    "sign_in_unknown": Cause(
        _("Sign-in was not begun here"),
        _(
            "This answer of the provider belongs to no sign-in that you began in this browser, or the inbox has been switched since."
        ),
        _("Begin the sign-in here, and finish it in the same browser."),
    ),
    "code_used": Cause(
        _("Sign-in was used already, or waited too long"),
        _("The provider accepts what it sent back only once, and only for a few minutes."),
        _SIGN_IN_AGAIN,
    ),
    "access_not_lasting": Cause(
        _("Access would have ended at once"),
        _("The provider allowed the mailbox to be read now, but not while you are away."),
        _("Sign in once more, and confirm that access may last."),
    ),
    "scope_missing": Cause(
        _("Not everything was allowed"),
        _("The sign-in worked, but permission to read the mailbox was not given, or was taken back."),
        _("Sign in once more and leave every box ticked at the provider."),
    ),
    "account_access_needed": Cause(
        _("Connecting a team inbox takes account access"),
        _("You do not have account access any more, so the mailbox was not connected."),
        _("Ask a super admin for account access, or somebody who has it to connect the inbox."),
    ),
    "inbox_gone": Cause(
        _("This inbox is not here any more"),
        _("It was removed, or handed over, while you were at the provider. What you allowed there is given back."),
        _("Look at your inboxes. If the mailbox is not among them, connect it anew."),
    ),
    "second_factor_needed": Cause(
        _("Provider wants to see you"),
        _("Your organisation asks for a second step at sign-in, such as a code on your phone."),
        _("Sign in once more and take the step that is asked for."),
    ),
}
_ACCOUNTS = {
    "other_account": Cause(
        _("Another account"),
        _("You signed in with another account than the one this inbox belongs to."),
        _("Sign in with the account of this inbox. To use the other account, connect it as an inbox of its own."),
    ),
    "other_account_than_typed": Cause(
        _("Another account"),
        _("You signed in with another account than the address you entered."),
        _("Sign in with the account of that address, or connect the other one."),
    ),
    "other_account_of_alias": Cause(
        _("Another account"),
        _(
            "The mail of this address is read through the account it was connected with, and you signed in with another one."
        ),
        _(
            "Sign in with the account it was connected with. If nobody can any more, delete the inbox, keeping what is on timelines, and "
            "connect the address through your account."
        ),
    ),
    "address_not_found": Cause(
        _("No mail of this address"),
        _("The account you signed in with does not write as this address, and none of the mail in it was sent to it."),
        _(
            "Check the address, or sign in with the account in which its mail arrives. A new group needs one e-mail first."
        ),
    ),
    "account_is_no_alias": Cause(
        _("This is the account itself"),
        _("The address you entered is no alias and no group, but that of the account you signed in with."),
        _("To connect the whole mailbox, go back and sign in without naming an alias or a group."),
    ),
    "part_of_mailbox": Cause(
        _("Connected as an alias or a group"),
        _(
            "This address is a team inbox that is read through the mailbox of an account. Another way in would open the whole mailbox."
        ),
        _("Delete the team inbox first, then sign in here again."),
    ),
    "connected_by_you": Cause(
        _("Connected already"),
        _("You have connected this mailbox before. An address can be connected once only."),
        _("Open the inbox to see how it is doing, or sign in with another account."),
    ),
    "disconnect_first": Cause(
        _("Connected through another provider"),
        _(
            "This mailbox is connected through a mail server (IMAP). Two ways into one mailbox would get in each other's way."
        ),
        _("Open the inbox and disable it, then sign in here again. Timelines and settings stay as they are."),
    ),
    "same_provider": Cause(
        _("Connected already"),
        _("The inbox is read through this provider already."),
        _("Open the inbox to see how it is doing."),
    ),
    "connected_by_colleague": Cause(
        _("Connected already"),
        _("A colleague has connected this mailbox. An address can be connected once only."),
        _("Ask in your team who uses it, or sign in with another account."),
    ),
    "connected_as_team": Cause(
        _("Connected as a team inbox"),
        _("This mailbox is an inbox of the team already. An address can be connected once only."),
        _("Ask for access to the team inbox, or sign in with another account."),
    ),
    "not_possible_now": Cause(
        _("Not possible at the moment"),
        _("The inbox is in a state in which it cannot be reconnected."),
        _("Open the inbox to see how it is doing."),
    ),
    "account_not_usable": Cause(
        _("Account cannot be used here"),
        _("The account does not exist in this organisation, or is disabled."),
        _("Sign in with the account of your organisation, or ask its administrator."),
    ),
    "account_outside_organisation": Cause(
        _("Account of another organisation"),
        _("Only accounts of one organisation may sign in here."),
        _("Sign in with the account of that organisation."),
    ),
    "account_closed": Cause(
        _("Account is closed"),
        _("The provider says that this account was deleted or disabled."),
        _("Ask the administrator of your organisation. Once the account works again, reconnect the inbox."),
    ),
    "mailbox_missing": Cause(
        _("Account has no mailbox"),
        _("The sign-in worked, but there is no mailbox behind this account."),
        _("Sign in with an account that has a mailbox."),
    ),
    "no_cloud_mailbox": Cause(
        _("Mailbox is not in Microsoft 365"),
        _("The account has no licence for a mailbox there, or the mailbox lies on a server of the organisation."),
        _("Ask the administrator of your organisation, or connect the mailbox by IMAP."),
    ),
    "mailbox_not_found": Cause(
        _("Mailbox was not found"),
        _("There is no mailbox of this address, or the account that signed in may not see it."),
        _("Check the address. For a shared mailbox, ask its administrator to give you full access."),
    ),
}
_ORGANISATIONS = {
    "admin_consent_needed": Cause(
        _("An administrator has to allow it"),
        _("In your organisation, only an administrator may allow other programs to read mail."),
        _("Send your administrator the link below. Once it is allowed, sign in once more."),
    ),
    "blocked_by_administrator": Cause(
        _("Blocked by your administrator"),
        _("The administrator of your Google Workspace does not let this program read mail."),
        _("Ask the administrator to trust it under Security, API controls. Then sign in once more."),
    ),
    "blocked_by_policy": Cause(
        _("Blocked by your organisation"),
        _("A rule of your organisation allows access only from certain devices or places."),
        _("Ask your administrator to make an exception for this program. Then sign in once more."),
    ),
    "not_assigned": Cause(
        _("You are not among its users"),
        _("Your organisation lets only chosen people use this program, and you are not one of them."),
        _("Ask your administrator to assign you. Then sign in once more."),
    ),
}
_ENDED = {
    "access_revoked": Cause(
        _("Access was withdrawn"),
        _(
            "The provider no longer accepts the access that was given to us. It was withdrawn, the password was changed, or it has "
            "not been used for long."
        ),
        _RECONNECT,
    ),
    "access_expired": Cause(
        _("Access has run out"),
        _("The access that was given to us was not used for long, or your organisation lets it last a set time only."),
        _RECONNECT,
    ),
    "consent_withdrawn": Cause(
        _("Permission was withdrawn"),
        _("You or your administrator took back the permission to read this mailbox."),
        _("Reconnect the inbox, or leave it as it is if that was meant."),
    ),
    "session_ended_by_policy": Cause(
        _("Your organisation asks you to sign in again"),
        _("A rule of your Google Workspace ends every access after some time."),
        _("Reconnect the inbox. If this happens often, ask your administrator to exempt this program from the rule."),
    ),
    "sign_in_again": Cause(
        _("Provider wants to see you"),
        _("Your organisation asks for a new sign-in before mail may be read again."),
        _RECONNECT,
    ),
}
_REGISTRATION = {
    "client_refused": Cause(
        _("Connection to the provider is set up wrongly"),
        _("The provider refuses this installation itself, for all mailboxes alike."),
        _ADMINS_KNOW,
        _TELL_ADMINS,
    ),
    "client_secret_refused": Cause(
        _("Client secret is wrong"),
        _("The provider does not accept the client id and secret of this installation, for all mailboxes alike."),
        _ADMINS_KNOW,
        _TELL_ADMINS,
    ),
    "client_secret_expired": Cause(
        _("Client secret has expired"),
        _("The secret of this installation at Microsoft is no longer valid, for all mailboxes alike."),
        _ADMINS_KNOW,
        _TELL_ADMINS,
    ),
    "client_for_one_tenant": Cause(
        _("Registered for one organisation only"),
        _("This installation is registered at Microsoft for one organisation, but set up for all."),
        _ADMINS_KNOW,
        _TELL_ADMINS,
    ),
    "redirect_address_unknown": Cause(
        _("Return address is not registered"),
        _("The provider does not know the address of this site that people are to come back to."),
        _ADMINS_KNOW,
        _TELL_ADMINS,
    ),
    "authority_unknown": Cause(
        _("Microsoft does not know the organisation"),
        _("The sign-in address that is set for Microsoft leads nowhere."),
        _ADMINS_KNOW,
        _TELL_ADMINS,
    ),
    "api_switched_off": Cause(
        _("Gmail API is switched off"),
        _("The Gmail API is not enabled in the Google Cloud project of this installation."),
        _ADMINS_KNOW,
        _TELL_ADMINS,
    ),
    "links_elsewhere": Cause(
        _("Provider leads somewhere else"),
        _(
            "The provider's answers lead to another address than the one that is set. We did not go there with your access."
        ),
        _ADMINS_KNOW,
        _TELL_ADMINS,
    ),
    "client_missing": Cause(
        _("Connection to the provider is not set up"),
        _("This installation is not registered at the provider, or no longer."),
        _ADMINS_KNOW,
        _TELL_ADMINS,
    ),
}
_WAITING = {
    "provider_trouble": Cause(
        _("Provider has a problem"), _("The provider reports an internal problem of its own."), WAIT, _TRY_AGAIN
    ),
    "provider_refused": Cause(
        _("Provider refused"),
        _("The provider refused a request without a reason that we know."),
        WAIT,
        _TRY_AGAIN,
    ),
    "answer_not_understood": Cause(
        _("Answer not understood"),
        _("What came back is not an answer of the provider. Something between us and it may have changed it."),
        WAIT,
        _TRY_AGAIN,
    ),
    "pace_reached": Cause(
        _("Reading as fast as the provider allows"),
        _("The provider limits how much may be read in a minute."),
        WAIT,
    ),
    "writing_not_offered": Cause(
        _("Only reading was allowed"),
        _("For this inbox we asked for leave to read only, so nothing can be created or shown in the mailbox."),
        _("Make the folder or label yourself, in your mail program."),
    ),
    "project_paused": Cause(
        _("Provider asks everybody to wait"),
        _("The provider asked for a pause of everything that this installation reads there."),
        WAIT,
        _TRY_AGAIN,
    ),
    "subscription_gone": Cause(
        _("Provider no longer tells us of new mail"),
        _("It is asked to again; until then we look every few minutes."),
        WAIT,
    ),
    "topic_taken": Cause(
        _("Somebody else is told of new mail"), _("It is asked to again; until then we look every few minutes."), WAIT
    ),
}

CAUSES: dict[str, Cause] = {
    **_COMING_BACK,
    **_ACCOUNTS,
    **_ORGANISATIONS,
    **_ENDED,
    **_REGISTRATION,
    **_WAITING,
}
