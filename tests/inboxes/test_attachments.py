"""Files are read from the originals: each of them, at its place, exactly the bytes that came."""

import pytest

from inboxes import files
from inboxes.attachments import FileUnreadable, read_attachment, read_attachments
from inboxes.mime import guard, parse
from inboxes.mime.content import Unread
from inboxes.models import Attachment, Message
from inboxes.sync.reading import Reader
from tests.samples.broken_mail import HEAD, PDF, SAMPLES, TEXT, multipart
from tests.samples.japanese_mail import LABELLED
from tests.samples.well_formed_mail import WELL_FORMED

ALL = [*SAMPLES.values(), *WELL_FORMED.values(), *(sample.raw for sample in LABELLED)]
BOMB = HEAD + multipart("mixed", TEXT, PDF, *[b"Content-Type: a/b; name=e\r\n\r\nboundary " * 9] * 100)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def listed(raw):
    """What storing the e-mail says of its files."""
    with Reader(inbox_id=1) as reader:
        [content] = reader.read([Unread(raw)])
    message = Message(raw_key=content.raw_key)
    return message, [
        Attachment(message=message, position=position, filename=file.filename, size=file.size)
        for position, file in enumerate(content.attachments)
    ]


def test_every_file_of_every_sample_is_read_as_it_came():
    seen = 0
    for raw in ALL:
        if not guard.looks_hostile(raw):
            message, attachments = listed(raw)
            contents = [file.content for file in parse.parse(raw).attachments]
            assert read_attachments(message, attachments) == dict(enumerate(contents))
            seen += len(contents)
    assert seen > 50


def test_files_of_a_mail_that_is_read_in_a_process_of_its_own_are_the_same():
    assert guard.looks_hostile(BOMB)
    message, attachments = listed(BOMB)
    contents = [file.content for file in parse.parse(BOMB).attachments]
    assert contents
    assert read_attachments(message, attachments) == dict(enumerate(contents))


def test_a_file_is_not_kept_beside_its_original(tmp_path):
    listed(HEAD + multipart("mixed", TEXT, PDF))
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize("original", [HEAD + b"\r\nno file", HEAD + multipart("mixed", TEXT, TEXT, PDF + b"eA==")])
def test_an_original_that_holds_something_else_is_damaged(original):
    _, (attachment,) = listed(HEAD + multipart("mixed", TEXT, PDF))
    attachment.message.raw_key = files.store(original)
    with pytest.raises(FileUnreadable):
        read_attachment(attachment)


def test_an_original_that_is_gone_is_damaged():
    _, (attachment,) = listed(HEAD + multipart("mixed", TEXT, PDF))
    attachment.message.raw_key = "0" * 64
    with pytest.raises(FileUnreadable):
        read_attachment(attachment)
