"""James Park's mailbox: a second personal inbox with a narrower preset, so that only answers to logged mail appear."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from crm_project.demo.mail import DemoMail, days_before, pdf
from crm_project.demo.people import EMMA, JAMES, LINA, NGUYEN, TOM
from crm_project.demo.yuki import visit_to_the_lab

ME = JAMES.header
SENT = "Sent"


def mailbox(now: datetime) -> Iterator[DemoMail]:
    ago = days_before(now)
    tender = DemoMail(
        ago(25.4), TOM.header, [ME], "Tender for the swimming pool sensors",
        "Dear Mr Park,\n\nthe tender documents are attached. Questions are open until the 14th.\n\nTom Ellis",
        files=[("tender.pdf", "application/pdf", pdf("Tender"))],
    )  # fmt: skip
    yield tender
    yield DemoMail(
        ago(24.9), ME, [TOM.header], "Re: Tender for the swimming pool sensors",
        "Dear Tom,\n\nthank you. Two questions: is chlorine resistance required, and who carries out the wiring?\n\nJames",
        folder=SENT, reply_to=tender,
    )  # fmt: skip
    yield DemoMail(
        ago(13.2), LINA.header, [ME], "Framework agreement 2027",
        "Hi James,\n\nwe would like to renew for two years. Can you send the new price list?\n\nLina Berg\nNordlys AB",
    )  # fmt: skip
    yield DemoMail(
        ago(4.2), NGUYEN.header, [ME], "Samples shipped",
        "Dear James,\n\nthe samples left Hai Phong this morning.\n\nLinh",
    )  # fmt: skip
    _visit, answer, confirmed = visit_to_the_lab(now)
    yield replace(answer, folder="INBOX")
    yield confirmed
    landlord, club = ("Letting agent", "agent@lettings.example"), ("Rowing club", "secretary@rowing.example")
    yield DemoMail(
        ago(9.9),
        landlord,
        [ME],
        "[Private] Notice to leave the flat",
        "Dear Mr Park,\n\nas agreed, your tenancy ends in March.",
    )
    yield DemoMail(
        ago(6.1), club, [ME], "[Private] Club fees are overdue", "James, the fees are still open. See you on Sunday!"
    )
    yield DemoMail(
        ago(3.7),
        ("Recruiter", "jo@talent.example"),
        [ME],
        "[Private] Your application",
        "Hi James,\n\nthey liked you. Are you free for a second talk?",
    )
    for number in range(40):
        yield DemoMail(
            ago(0.9 * number + 0.2), EMMA.header, [ME], f"Expenses {number + 1}", "Please approve.\n\nEmma",
        )  # fmt: skip
