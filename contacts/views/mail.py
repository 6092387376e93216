"""One logged e-mail: its page, its body in a sandbox, its original, its files."""

from io import BytesIO
from typing import IO
from uuid import UUID

from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from contacts import queries
from contacts.actions import record_opening
from contacts.bodies import body_document, body_policy
from inboxes import files
from inboxes.access import closures, let_in_until
from inboxes.attachments import FileUnreadable, read_attachment
from inboxes.models import Attachment, Message, OpenedPart
from users.http import SignedInRequest

SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
DECLARED = SHOWN_INLINE | {
    "application/pdf",
    "application/zip",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "text/calendar",
    "text/csv",
    "text/plain",
}
"""Types that no browser runs; any other file is sent as bytes without a type."""
FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


@require_GET
def message(request: SignedInRequest, code: UUID) -> HttpResponse:
    mail = queries.mail_in_full(request.user).filter(code=code).first()
    if mail is None:
        return _message_outline(request, code)
    _put_on_record(request, mail, OpenedPart.TEXT)
    until = None if mail.is_shown else let_in_until(mail, request.user)
    context = _surroundings(mail) | {"images": "images" in request.GET, "until": until}
    return render(request, "contacts/message.html", context)


def _message_outline(request: SignedInRequest, code: UUID) -> HttpResponse:
    """What stands in for an e-mail that the person may know of but not open."""
    mail = get_object_or_404(queries.mail_in_outline(request.user), code=code)
    closed_by = closures(mail, request.user)
    can_ask = any(closure.can_be_asked for closure in closed_by)
    context = _surroundings(mail) | {"closures": closed_by, "can_ask": can_ask}
    return render(request, "contacts/message_outline.html", context)


def _surroundings(mail: Message) -> dict[str, object]:
    return {
        "mail": mail,
        "timelines": [entry.contact for entry in mail.timeline_entries.all()],
        "inboxes": sorted({sighting.inbox.holder for sighting in mail.sightings.all()}),
        "is_logged": bool(mail.sightings.all()),
    }


@require_GET
@xframe_options_sameorigin
def message_body(request: SignedInRequest, code: UUID) -> HttpResponse:
    """The formatted body as a document of its own, for a sandboxed frame. Remote images only with `?images`."""
    mail = _readable_mail(request, code)
    _put_on_record(request, mail, OpenedPart.TEXT)
    images = "images" in request.GET
    response = HttpResponse(body_document(mail, remote_images=images))
    response["Content-Security-Policy"] = body_policy(remote_images=images)
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_GET
def message_original(request: SignedInRequest, code: UUID) -> FileResponse:
    mail = _readable_mail(request, code)
    _put_on_record(request, mail, OpenedPart.ORIGINAL)
    return download(stored(mail.raw_key), filename=f"{mail.code}.eml", content_type="message/rfc822")


@require_GET
def attachment(request: SignedInRequest, code: UUID) -> HttpResponseBase:
    attachments = Attachment.objects.select_related("message").defer("message__body_html", "message__body_text")
    file = get_object_or_404(attachments, code=code, message__in=Message.objects.readable_by(request.user))
    _put_on_record(request, file.message, OpenedPart.FILE)
    try:
        content = read_attachment(file)
    except FileUnreadable:
        return render(request, "contacts/file_unreadable.html", {"file": file, "mail": file.message}, status=404)
    declared = file.content_type if file.content_type in DECLARED else "application/octet-stream"
    inline = "inline" in request.GET and declared in SHOWN_INLINE
    return download(BytesIO(content), filename=file.filename, content_type=declared, inline=inline)


def _readable_mail(request: SignedInRequest, code: UUID) -> Message:
    return get_object_or_404(Message.objects.readable_by(request.user).prefetch_related("attachments"), code=code)


def _put_on_record(request: SignedInRequest, mail: Message, part: OpenedPart) -> None:
    record_opening(message=mail, part=part, by=request.user, now=timezone.now())


def download(content: IO[bytes], *, filename: str, content_type: str, inline: bool = False) -> FileResponse:
    response = FileResponse(content, as_attachment=not inline, filename=filename, content_type=content_type)
    response["Content-Security-Policy"] = FILE_POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def stored(key: str) -> IO[bytes]:
    try:
        return files.open_file(key)
    except FileNotFoundError as error:
        raise Http404 from error
