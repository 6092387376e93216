"""The formatted body of a logged e-mail as a document that can do nothing but be looked at.

The HTML was sanitised when it was stored; the document's own Content-Security-Policy keeps it harmless even if that failed.
Its frame has no cookies, so images that came with the e-mail are written into the document instead of being fetched.
"""

from base64 import b64encode

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from inboxes.attachments import read_attachments
from inboxes.mime.html import show_inline_images, show_remote_images
from inboxes.models import Attachment, Message

EMBEDDABLE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
EMBEDDED_BYTES = 8_000_000
"""All images of one body together; the attachments list has the others."""


def body_policy(*, remote_images: bool) -> str:
    """The document's own policy: nothing but our style sheet is fetched, nothing run or submitted; links open elsewhere."""
    images = "data: https:" if remote_images else "data:"
    return (
        f"default-src 'none'; style-src 'self' 'unsafe-inline'; img-src {images}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
    )


def body_document(message: Message, *, remote_images: bool) -> str:
    """A whole HTML document. Expects the message's attachments to be loaded."""
    html = show_inline_images(message.body_html, _embedded_images(message))
    if remote_images:
        html = show_remote_images(html)
    context = {"message": message, "html": mark_safe(html)}  # noqa: S308 - sanitised by inboxes.mime.html when stored
    return render_to_string("contacts/message_body.html", context)


def _embedded_images(message: Message) -> dict[str, str]:
    """As data URLs by content id; an image that can no longer be read stays blank."""
    left = EMBEDDED_BYTES
    chosen: list[Attachment] = []
    for attachment in message.attachments.all():
        if attachment.content_id and attachment.content_type in EMBEDDABLE and attachment.size <= left:
            left -= attachment.size
            chosen.append(attachment)
    contents = read_attachments(message, chosen) if chosen else {}
    return {image.content_id: _data_url(image, contents.get(image.position, b"")) for image in chosen}


def _data_url(image: Attachment, content: bytes) -> str:
    return f"data:{image.content_type};base64,{b64encode(content).decode('ascii')}" if content else ""
