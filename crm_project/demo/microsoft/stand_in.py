"""What the stand-in answers that Microsoft does not: who is here, and mail that another process brings."""

from http import HTTPStatus

from werkzeug.wrappers import Request, Response

from crm_project.demo.microsoft import pages
from crm_project.demo.microsoft.world import World

DELIVER = "/stand-in/deliver"


def answer(world: World, request: Request) -> Response:
    if request.path == DELIVER and request.method == "POST":
        return _deliver(world, request)
    if request.path == "/":
        return pages.home([(box.address, len(box.messages)) for box in world.mailboxes.values()])
    return Response("Not found.", HTTPStatus.NOT_FOUND)


def _deliver(world: World, request: Request) -> Response:
    """The body is a mail, `to` an address here, `folder` where it goes."""
    mailbox = world.find_mailbox(request.args.get("to", ""))
    if mailbox is None:
        return Response("Nobody here has this address.", HTTPStatus.NOT_FOUND)
    return Response(mailbox.deliver(request.get_data(), folder=request.args.get("folder", "inbox")))
