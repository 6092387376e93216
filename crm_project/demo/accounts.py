"""The account of the demo on its own mail server: Yuki's. Those at the stand-ins for Google and Microsoft are filled by them."""

import shutil

from crm_project.demo import yuki
from crm_project.demo.home import Home
from crm_project.demo.people import PASSWORD, YUKI
from crm_project.demo.server import MailFolders


def fill(home: Home) -> None:
    """Does nothing once it has; what an interrupted start left behind is thrown away."""
    if home.mail.exists():
        return
    begun = home.folder / "mail.new"
    shutil.rmtree(begun, ignore_errors=True)
    folders = MailFolders(begun)
    folders.create({YUKI.email: PASSWORD})
    folders.add(YUKI.email, yuki.mailbox(home.began))
    begun.rename(home.mail)
