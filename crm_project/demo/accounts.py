"""The accounts of the demo on its own mail server: Yuki's, and the team's. Those at the stand-ins for Google and Microsoft are filled
by them."""

import shutil

from crm_project.demo import support, yuki
from crm_project.demo.home import Home
from crm_project.demo.people import PASSWORD, SUPPORT, YUKI
from crm_project.demo.server import MailFolders

MAILBOXES = {YUKI.email: yuki.mailbox, SUPPORT.email: support.mailbox}


def fill(home: Home) -> None:
    """Adds the mailboxes that are missing; what an interrupted start left behind is thrown away."""
    folders, begun = MailFolders(home.mail), MailFolders(home.folder / "mail.new")
    for address in MAILBOXES.keys() - folders.filled():
        shutil.rmtree(begun.home, ignore_errors=True)
        begun.create({address: PASSWORD})
        begun.add(address, MAILBOXES[address](home.began))
        folders.take_over(address, begun)
        shutil.rmtree(begun.home)
    folders.create(dict.fromkeys(MAILBOXES, PASSWORD))
