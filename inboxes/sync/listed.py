"""Which messages of a page are news, where a provider may list a message more than once or names messages without their headers."""

from dataclasses import dataclass, field, replace

from inboxes.lookups import among
from inboxes.models import Folder, LedgerEntry, LedgerState
from inboxes.providers.base import PaceReached, Page, RemoteFolder, Unreadable
from inboxes.sync.handled import SkippedKeys
from inboxes.sync.intake import V
from inboxes.sync.slice import Slice
from inboxes.sync.team import filtered_among


@dataclass(slots=True)
class News:
    """The part of a page that has to be handled. `back` were thought to be gone: those that are stored are logged again, of the
    others (`undecided`) nothing is known. `filtered` are known, but something happened to what keeps them out of a team's list."""

    page: Page
    back: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    filtered: list[str] = field(default_factory=list)


def news_of(run: Slice[V], folder: Folder, remote: RemoteFolder, page: Page) -> News:
    """Asks for the headers of messages that were only named, if nobody handled them: of some, the others wait in the ledger.

    Raises provider errors.
    """
    if (skipped := run.skipped_keys.get(folder.pk)) is None:
        skipped = run.skipped_keys[folder.pk] = SkippedKeys(folder)
    listed = [*(envelope.remote_id for envelope in page.envelopes), *page.touched, *page.sifted, *page.foreign]
    rows = LedgerEntry.objects.filter(folder=folder, remote_id__in=among(listed))
    ledger: dict[str, tuple[str, int | None]] = {
        key: (state, stored) for key, state, stored in rows.values_list("remote_id", "state", "message_id")
    }
    gone = {key: stored for key, (state, stored) in ledger.items() if state == LedgerState.GONE}
    undecided = {key for key, stored in gone.items() if stored is None}
    known = ledger.keys() - undecided
    envelopes = [envelope for envelope in page.envelopes if envelope.remote_id not in skipped]
    here = {envelope.remote_id for envelope in envelopes}
    touched = [
        key for key in dict.fromkeys(page.touched) if key not in known and key not in skipped and key not in here
    ]
    named = touched[: run.batch]
    found, unreadable = run.provider.envelopes(remote, named) if named else ([], [])
    unreadable += [Unreadable(key, PaceReached.cause) for key in touched[run.batch :]]
    news = replace(
        page,
        envelopes=[*envelopes, *found],
        unreadable=[*page.unreadable, *unreadable],
        touched=[],
        sifted=[key for key in dict.fromkeys(page.sifted) if key not in ledger and key not in skipped],
        foreign=[key for key in dict.fromkeys(page.foreign) if key not in ledger and key not in skipped],
    )
    handled = {one.remote_id for one in news.envelopes} | {one.remote_id for one in news.unreadable}
    back = [key for key, stored in gone.items() if stored is not None]
    kept = [key for key in page.touched if ledger.get(key, ("", None))[0] == LedgerState.KEPT]
    return News(news, back, sorted(undecided & handled), filtered_among(folder, kept))
