"""Bytes by their hash: kept once, complete or not at all, gone when nobody refers to them."""

import hashlib
import os
from datetime import timedelta

import pytest
from django.utils import timezone

from inboxes import files
from inboxes.erasure import erase_messages
from tests.factories.contacts import make_message

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def paths(media):
    return sorted(path for path in media.rglob("*") if path.is_file())


def later():
    return timezone.now() + files.GRACE + timedelta(seconds=1)


def test_content_is_found_again_by_its_hash_and_kept_once(media):
    key = files.store(b"hello")
    assert key == hashlib.sha256(b"hello").hexdigest() == files.store(b"hello")
    assert files.read(key) == b"hello"
    assert len(paths(media)) == 1


def test_files_are_for_this_account_only(media):
    files.store(b"hello")
    (path,) = paths(media)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_write_that_fails_leaves_nothing(media, monkeypatch):
    files.store(b"the folder is there")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(OSError, match="No space"):
        files.store(b"hello")
    monkeypatch.undo()
    assert len(paths(media)) == 1
    with pytest.raises(FileNotFoundError):
        files.read(hashlib.sha256(b"hello").hexdigest())


def test_a_file_that_is_kept_again_while_it_is_being_removed_stays(media):
    key = files.store(b"hello")
    (path,) = paths(media)
    name, storage = str(path.relative_to(media)), files.MailFiles(str(media))
    before = timezone.now() - timedelta(hours=1)

    files.store(b"hello")  # somebody has just seen that nobody used it for an hour
    assert not storage.discard(name, unless_used_since=before)
    assert (files.read(key), paths(media)) == (b"hello", [path])

    os.utime(path, (0, 0))
    assert storage.discard(name, unless_used_since=before)
    assert paths(media) == []
    assert not storage.discard(name, unless_used_since=before)


def test_a_file_nobody_refers_to_is_removed_and_one_in_use_is_kept():
    used, unused = files.store(b"used"), files.store(b"unused")
    make_message(raw_key=used)
    assert files.delete_unreferenced({used, unused}, now=later()) == 1
    assert files.read(used) == b"used"
    with pytest.raises(FileNotFoundError):
        files.read(unused)


def test_a_file_that_may_be_about_to_be_used_is_left_for_the_sweep(media):
    key = files.store(b"fresh")
    assert files.delete_unreferenced({key}, now=timezone.now()) == 0
    assert files.sweep(now=timezone.now()) == 0
    assert files.sweep(now=later()) == 1
    assert paths(media) == []


def test_storing_content_again_makes_it_fresh(media):
    key = files.store(b"old")
    (path,) = paths(media)
    os.utime(path, (0, 0))
    files.store(b"old")
    assert files.delete_unreferenced({key}, now=timezone.now()) == 0


def test_sweeping_an_empty_store_is_nothing():
    assert files.sweep(now=later()) == 0


@pytest.mark.django_db(transaction=True)
def test_erasing_an_e_mail_erases_its_bytes(media):
    key = files.store(b"raw")
    message = make_message(raw_key=key)
    for path in paths(media):
        os.utime(path, (0, 0))
    assert erase_messages(message_ids=[message.pk]) == 1
    assert paths(media) == []


def test_a_draft_of_a_killed_worker_is_swept(media):
    files.store(b"whole")
    (path,) = paths(media)
    draft = media / files.DRAFTS / f"{files.DRAFT}7-7"
    draft.write_bytes(b"half of a mail")
    make_message(raw_key=path.name)
    assert files.sweep(now=timezone.now()) == 0
    assert files.sweep(now=later()) == 1
    assert paths(media) == [path]
