"""Which providers tell us of news, and how each is asked to. What that takes is loaded by the process that first needs it."""

from django.conf import settings
from django.urls import reverse

from inboxes.models import Credential, Inbox, ProviderKind
from inboxes.oauth.tokens import InboxToken
from inboxes.providers.push import Announcer


def pushing_kinds() -> list[ProviderKind]:
    """Google announces on a topic that was set up for it; Microsoft calls us, if it can find us. Only one on this machine, as in the
    demo, may be asked without encryption, and that one does find us."""
    kinds = []
    if settings.GOOGLE_PUBSUB_TOPIC and settings.GOOGLE_PUSH_ACCOUNT:
        kinds.append(ProviderKind.GMAIL)
    if settings.MICROSOFT_CLIENT_ID and (settings.IS_HTTPS or settings.GRAPH_ROOT.startswith("http://")):
        kinds.append(ProviderKind.GRAPH)
    return kinds


def open_announcer(inbox: Inbox) -> Announcer:
    """Nobody is told of the news of a mailbox beside the account's own: Graph does not offer it, and Gmail keeps one watch for an account,
    which is its own inbox's to begin and to end."""
    token = InboxToken(inbox.pk)
    is_shared = Credential.objects.filter(inbox=inbox).exclude(signed_in_as="").exists()
    if inbox.provider == ProviderKind.GMAIL:
        from inboxes.providers.gmail.announcer import GmailAnnouncer  # noqa: PLC0415 - see above

        return GmailAnnouncer(settings.GOOGLE_API_ROOT, token, topic=settings.GOOGLE_PUBSUB_TOPIC, is_shared=is_shared)
    from inboxes.providers.graph.announcer import GraphAnnouncer  # noqa: PLC0415 - see above

    return GraphAnnouncer(
        settings.GRAPH_ROOT,
        token,
        url=f"{settings.BASE_URL}{reverse('inboxes:microsoft-hook')}",
        is_shared=is_shared,
    )
