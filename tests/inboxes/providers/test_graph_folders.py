"""The folders of a mailbox at Graph, whatever they are called and however many there are."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from werkzeug.wrappers import Response

from crm_project.demo.microsoft import faults
from inboxes.envelope import FolderRole
from inboxes.providers.base import RateLimited, TemporarilyUnavailable
from inboxes.providers.graph.client import GraphSettings
from inboxes.providers.graph.provider import GraphProvider
from tests.fakes.access_tokens import GivenTokens
from tests.fakes.graph_mailbox import SCOPES, GraphMailbox

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.fixture
def mailbox(microsoft) -> GraphMailbox:
    return GraphMailbox(microsoft, now=NOW)


@pytest.fixture
def provider(mailbox) -> Iterator[GraphProvider]:
    with mailbox.open() as provider:
        yield provider


def named(folders) -> dict[str, FolderRole]:
    return {folder.name: folder.role for folder in folders}


def test_roles_do_not_depend_on_the_language(microsoft):
    address = "yuki@minato.example"
    microsoft.mailbox(address, language="ja")
    tokens = GivenTokens(lambda: str(microsoft.grant(address, SCOPES)["access_token"]))
    with GraphProvider(GraphSettings(f"{microsoft.url}/v1.0"), tokens) as provider:
        assert named(provider.folders()) == {
            "INBOX": FolderRole.INBOX,
            "送信済みアイテム": FolderRole.SENT,
            "アーカイブ": FolderRole.ARCHIVE,
        }
        dropped = provider.searchable_folders()[3:]
        assert [folder.role for folder in dropped] == [FolderRole.DRAFTS, FolderRole.JUNK, FolderRole.TRASH]


def test_folders_below_folders_are_found_with_their_paths(mailbox, provider):
    for path in ("Projects/2026/Kyoto", "CRM/Private"):
        mailbox.box.folder(path)
    below = mailbox.box.folder("Staff")
    mailbox.box.move_folder(below.id, "inbox")
    assert list(named(provider.folders())) == [
        "INBOX",
        "Sent Items",
        "Archive",
        "CRM",
        "CRM/Private",
        "INBOX/Staff",
        "Projects",
        "Projects/2026",
        "Projects/2026/Kyoto",
    ]


def test_what_lies_in_trash_or_drafts_is_for_searching_only(mailbox, provider):
    for path, into in (("Old", "deleteditems"), ("Later", "drafts"), ("Queue", "outbox")):
        mailbox.box.move_folder(mailbox.box.folder(f"{path}/Deep").parent_id, into)
    assert list(named(provider.folders())) == ["INBOX", "Sent Items", "Archive"]
    assert named(provider.searchable_folders()[3:]) == {
        "Drafts": FolderRole.DRAFTS,
        "Drafts/Later": FolderRole.DRAFTS,
        "Drafts/Later/Deep": FolderRole.DRAFTS,
        "Junk Email": FolderRole.JUNK,
        "Deleted Items": FolderRole.TRASH,
        "Deleted Items/Old": FolderRole.TRASH,
        "Deleted Items/Old/Deep": FolderRole.TRASH,
    }


def test_no_folder_is_missed_however_many_there_are(mailbox, provider):
    for number in range(130):
        mailbox.box.folder(f"Top {number:03}")
        mailbox.box.folder(f"Tree/Below {number:03}")
    for number in range(45):
        mailbox.box.folder(f"Top {number:03}/Deep")
    folders = provider.folders()
    assert len(folders) == 3 + 130 + 1 + 130 + 45
    assert len({folder.remote_id for folder in folders}) == len(folders)


def test_the_names_of_folders_follow_them(mailbox, provider):
    folder = mailbox.box.folder("Before")
    before = next(one for one in provider.folders() if one.name == "Before")
    mailbox.box.rename_folder(folder.id, "After")
    after = next(one for one in provider.folders() if one.name == "After")
    assert before.remote_id == after.remote_id


def without_the_inbox(mailbox: GraphMailbox):
    def answer(_request):
        rows = [{"id": one.id, "displayName": one.name} for one in mailbox.box.children(mailbox.box.root_id)]
        return Response(json.dumps({"value": rows[1:]}), content_type="application/json")

    return answer


def test_the_inbox_is_never_missed_though_the_list_leaves_it_out(microsoft, mailbox, provider):
    microsoft.faults.always(without_the_inbox(mailbox), path="/mailFolders$")
    assert provider.folders()[0].role is FolderRole.INBOX


def test_a_mailbox_without_an_inbox_is_not_believed(microsoft, mailbox, provider):
    microsoft.faults.always(without_the_inbox(mailbox), path="/mailFolders$")
    microsoft.faults.always(faults.gone(), path="/mailFolders/inbox$")
    with pytest.raises(TemporarilyUnavailable) as caught:
        provider.folders()
    assert caught.value.cause == "no_folders"


@pytest.mark.parametrize("path", ["/mailFolders$", "/mailFolders/archive$", "/childFolders$", "batch$"])
def test_a_list_that_could_not_be_read_whole_is_an_error(microsoft, mailbox, provider, path):
    mailbox.box.folder("Projects/2026")
    microsoft.faults.always(faults.throttled(), path=path)
    with pytest.raises(RateLimited):
        provider.folders()


def test_the_list_costs_two_requests_and_one_for_each_further_level(mailbox, provider):
    mailbox.box.folder("Projects/2026")
    mailbox.box.folder("Customers/Sato")
    mailbox.requests()
    provider.folders()
    whole = [one for one in mailbox.microsoft.requests if not one.batched and one.path.startswith("/v1.0/")]
    assert [one.path.rpartition("/")[2] for one in whole] == ["$batch", "mailFolders", "$batch"]
