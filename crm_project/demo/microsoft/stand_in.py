"""What the stand-in answers that Microsoft does not: who is here, mail that another process brings, access without the pages."""

import json
from http import HTTPStatus

from werkzeug.wrappers import Request, Response

from crm_project.demo.microsoft import pages
from crm_project.demo.microsoft.world import World

DELIVER = "/stand-in/deliver"
GRANT = "/stand-in/grant"


def answer(world: World, request: Request) -> Response:
    if request.path == DELIVER and request.method == "POST":
        return _deliver(world, request)
    if request.path == GRANT and request.method == "POST":
        return _grant(world, request)
    if request.path == "/":
        return pages.home([(box.address, len(box.messages)) for box in world.mailboxes.values()])
    return Response("Not found.", HTTPStatus.NOT_FOUND)


def _deliver(world: World, request: Request) -> Response:
    """The body is a mail, `to` an address here, `folder` where it goes, each `category` one of it."""
    mailbox = world.find_mailbox(request.args.get("to", ""))
    if mailbox is None:
        return Response("Nobody here has this address.", HTTPStatus.NOT_FOUND)
    folder, categories = request.args.get("folder", "inbox"), request.args.getlist("category")
    return Response(mailbox.deliver(request.get_data(), folder=folder, categories=categories))


def _grant(world: World, request: Request) -> Response:
    """What the token endpoint answers when `to` has agreed to each `scope`."""
    # A page of another site cannot send this type without being allowed to.
    if not request.is_json:
        return Response("An application/json is needed.", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    address = request.args.get("to", "")
    if world.directory.find(address) is None:
        return Response("Nobody here has this address.", HTTPStatus.NOT_FOUND)
    return Response(json.dumps(world.grant(address, request.args.getlist("scope"))), content_type="application/json")
