"""LIST answers of real servers, and what their folders are taken for."""

import pytest

from inboxes.envelope import NOT_MAIL_ROLES, FolderRole
from inboxes.providers.imap.folders import choose, decode_name, folder_id, parse_list, raw_name

ROLES = FolderRole


def chosen(text: bytes, *, gmail: bool = False, exchange: bool = False) -> dict[str, FolderRole]:
    responses = [[line] for line in text.strip().splitlines()]
    return {folder.name: folder.role for folder in choose(parse_list(responses), gmail=gmail, exchange=exchange)}


GMAIL_JP = b"""
* LIST (\\HasNoChildren) "/" "INBOX"
* LIST (\\HasChildren \\Noselect) "/" "[Gmail]"
* LIST (\\All \\HasNoChildren) "/" "[Gmail]/&MFkweTBmMG4w4TD8MOs-"
* LIST (\\HasNoChildren \\Sent) "/" "[Gmail]/&kAFP4W4IMH8w4TD8MOs-"
* LIST (\\HasNoChildren \\Junk) "/" "[Gmail]/&j,dg0TDhMPww6w-"
* LIST (\\HasNoChildren \\Trash) "/" "[Gmail]/&MLQw33ux-"
* LIST (\\HasNoChildren) "/" "CRM/Private"
"""


def test_gmail_is_all_mail_and_nothing_else():
    assert chosen(GMAIL_JP, gmail=True) == {"[Gmail]/すべてのメール": ROLES.ALL}


def test_gmail_without_all_mail_in_imap_falls_back_to_its_folders():
    without = GMAIL_JP.replace(b"\\All ", b"\\Noselect ")
    assert chosen(without, gmail=True) == {
        "INBOX": ROLES.INBOX,
        "[Gmail]/送信済みメール": ROLES.SENT,
        "CRM/Private": ROLES.OTHER,
    }


def test_an_all_folder_elsewhere_is_a_view_and_left_out():
    text = b'* LIST (\\All) "/" "All Mail"\n* LIST () "/" "INBOX"\n* LIST (\\Flagged) "/" "Starred"'
    assert chosen(text) == {"INBOX": ROLES.INBOX}


def test_exchange_lists_that_hold_no_mail_are_left_out_there_only():
    text = b"""
* LIST (\\HasNoChildren) "/" INBOX
* LIST (\\HasNoChildren \\Sent) "/" "&kAFP4W4IMH8wojCkMMYw4A-"
* LIST (\\HasNoChildren \\Drafts) "/" "&Tgtm+DBN-"
* LIST (\\HasNoChildren) "/" Calendar
* LIST (\\HasNoChildren) "/" Contacts
* LIST (\\HasNoChildren) "/" "&kAFP4TDIMOwwpA-"
* LIST (\\HasNoChildren) "/" "Notes/Old"
"""
    assert chosen(text, exchange=True) == {
        "INBOX": ROLES.INBOX,
        "送信済みアイテム": ROLES.SENT,
        "Notes/Old": ROLES.OTHER,
    }
    assert {"Calendar", "Contacts"} <= chosen(text).keys()


def test_a_courier_namespace_and_its_children():
    text = b"""
* LIST (\\Unmarked) "." "INBOX.Sent"
* LIST (\\Unmarked) "." "INBOX.Trash"
* LIST (\\Unmarked) "." "INBOX.Trash.Old"
* LIST (\\Unmarked) "." "INBOX.Projects.Sent"
* LIST (\\Unmarked) "." "INBOX"
"""
    assert chosen(text) == {"INBOX": ROLES.INBOX, "INBOX/Sent": ROLES.SENT, "INBOX/Projects/Sent": ROLES.OTHER}


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Sent Items", ROLES.SENT), ("SENT MESSAGES", ROLES.SENT), ("&kAFP4W4IMH8-", ROLES.SENT), ("&kAFP4WOn-", ROLES.SENT),
        ("&XfJT0ZAB-", ROLES.SENT), ("&vPSwuNO4ycDVaA-", ROLES.SENT), ("Envoy&AOk-s", ROLES.SENT), ("Gesendet", ROLES.SENT),
        ("&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-", ROLES.SENT), ("G&APY-nderilmi&AV8-", ROLES.SENT),
        ("&ARAA4w- g&Hu0-i", ROLES.SENT), ("&DioOSA4HDkEOJQ5JDic-", ROLES.SENT), ("L&AOQ-hetetyt", ROLES.SENT),
        ("Odeslan&AOE- po&AWE-ta", ROLES.SENT), ("&MKIw,DCrMKQw1g-", ROLES.ARCHIVE), ("Sentinel", ROLES.OTHER),
    ],
)  # fmt: skip
def test_a_folder_without_flags_is_known_by_its_name_in_many_languages(name, role):
    ((_, found),) = chosen(f'* LIST () "/" "{name}"'.encode()).items()
    assert found is role


@pytest.mark.parametrize(
    "name", ["&Tgtm+DBN-", "&MLQw33ux-", "&j,dg0TDhMPww6w-", "Junk E-mail", "Deleted Items", "Drafts", "Outbox"]
)
def test_drafts_junk_trash_and_outbox_are_left_out_by_name(name):
    assert chosen(f'* LIST () "/" "{name}"'.encode()) == {}


def test_flags_win_over_names():
    text = b'* LIST (\\Sent) "/" "Sent"\n* LIST () "/" "Sent Items"\n* LIST (\\Archive) "/" "Junk"\n* LIST (\\Trash) "/" "Old"'
    assert chosen(text) == {"Sent": ROLES.SENT, "Sent Items": ROLES.OTHER, "Junk": ROLES.ARCHIVE}


def test_xlist_names_roles_the_old_way():
    text = b'* XLIST (\\Inbox) "/" "INBOX"\n* XLIST (\\Spam) "/" "Bulk"\n* XLIST (\\Sent) "/" "S"'
    assert chosen(text) == {"INBOX": ROLES.INBOX, "S": ROLES.SENT}


def test_duplicates_and_both_spellings_of_inbox_count_once():
    text = b'* LIST () "/" "INBOX"\n* LIST () "/" "Inbox"\n* LIST () "/" "A"\n* LIST () "/" A'
    assert chosen(text) == {"INBOX": ROLES.INBOX, "A": ROLES.OTHER}


def test_folders_that_cannot_be_opened_are_left_out():
    assert chosen(b'* LIST (\\Noselect) "/" "A"\n* LIST (\\NonExistent) "/" "B"\n* LIST () "/" "A/C"') == {
        "A/C": ROLES.OTHER
    }


@pytest.mark.parametrize(
    ("line", "raw", "name"),
    [
        (b'* LIST () "/" "&Broken"', b"&Broken", "&Broken"),
        (b'* LIST () "/" "&AAA-x"', b"&AAA-x", None),
        (b'* LIST () "/" "\xe8\xa6\x8b\xe7\xa9\x8d"', b"\xe8\xa6\x8b\xe7\xa9\x8d", "見積"),
        (b'* LIST () "/" "\x8c\xa9\x90\xcf"', b"\x8c\xa9\x90\xcf", None),
        (b'* LIST () "/" "&2D0-"', b"&2D0-", None),
        (b'* LIST () "/" 2026', b"2026", "2026"),
        (b'* LIST () NIL "A/B"', b"A/B", "A/B"),
        (b'* LIST () "\\\\" "A\\\\B"', b"A\\B", "A/B"),
        (b'* LIST () "/" "say \\"hi\\""', b'say "hi"', 'say "hi"'),
        (b'* list () "/" "lower"', b"lower", "lower"),
    ],
)
def test_names_that_break_the_rules_keep_their_identity_and_can_be_stored(line, raw, name):
    ((listed,),) = ([parsed] for parsed in parse_list([[line]]))
    (folder,) = choose([listed], gmail=False, exchange=False)
    assert raw_name(folder.remote_id) == raw
    assert name is None or folder.name == name
    folder.name.encode("utf-8")
    folder.remote_id.encode("utf-8")


def test_a_name_as_a_literal_is_read():
    (listed,) = parse_list([[b'* LIST () "/" {5}', b'a"b\\c', b""]])
    assert listed.raw == b'a"b\\c'


def test_a_line_that_makes_no_sense_does_not_hide_the_others():
    text = b'* LIST what\n* LIST () "/" ""\n* OK hello\n* LIST () "/" "A"'
    assert chosen(text) == {"A": ROLES.OTHER}


def test_identity_survives_any_bytes():
    assert raw_name(folder_id(bytes(range(1, 256)))) == bytes(range(1, 256))


def test_names_are_shown_composed():
    assert decode_name("か\u3099".encode("utf-8")) == "が"


def test_a_search_also_reaches_drafts_junk_and_trash_with_what_lies_below_them():
    text = b"""
* LIST (\\HasNoChildren) "/" INBOX
* LIST (\\Trash) "/" Trash
* LIST () "/" "Trash/Old quotes"
* LIST (\\Junk) "/" Spam
* LIST () "/" Projects
* LIST (\\All) "/" "All Mail"
"""
    listed = parse_list([[line] for line in text.strip().splitlines()])
    found = choose(listed, gmail=False, exchange=False, behind=NOT_MAIL_ROLES)
    assert [(folder.name, folder.role) for folder in found] == [
        ("INBOX", ROLES.INBOX),
        ("Projects", ROLES.OTHER),
        ("Spam", ROLES.JUNK),
        ("Trash", ROLES.TRASH),
        ("Trash/Old quotes", ROLES.TRASH),
    ]


def test_a_search_of_gmail_reaches_all_mail_spam_and_trash():
    listed = parse_list([[line] for line in GMAIL_JP.strip().splitlines()])
    found = choose(listed, gmail=True, exchange=False, behind=NOT_MAIL_ROLES)
    assert [folder.role for folder in found] == [ROLES.ALL, ROLES.JUNK, ROLES.TRASH]
