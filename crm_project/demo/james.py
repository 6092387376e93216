"""James Park's mailbox at Gmail: a narrower preset, so that answers to logged mail appear, and what he files under CRM/Log."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from crm_project.demo.mail import INBOX, SENT, DemoMail, days_before, pdf
from crm_project.demo.people import EMMA, JAMES, LINA, NGUYEN, TOM
from crm_project.demo.yuki import visit_to_the_lab
from inboxes.marks import DEFAULT_LOG_NAME, DEFAULT_PRIVATE_NAME

ME = JAMES.header


def tender(now: datetime) -> Iterator[DemoMail]:
    """A conversation that James filed under CRM/Log, but for one mail that he filed under CRM/Private."""
    ago = days_before(now)
    invitation = DemoMail(
        ago(25.4), TOM.header, [ME], "Tender for the swimming pool sensors",
        "Dear Mr Park,\n\nthe tender documents are attached. Questions are open until the 14th.\n\nTom Ellis",
        labels=["Tenders", DEFAULT_LOG_NAME], files=[("tender.pdf", "application/pdf", pdf("Tender"))],
    )  # fmt: skip
    questions = DemoMail(
        ago(24.9), ME, [TOM.header], "Re: Tender for the swimming pool sensors",
        "Dear Tom,\n\nthank you. Two questions: is chlorine resistance required, and who carries out the wiring?\n\nJames",
        folder=SENT, labels=["Tenders"], reply_to=invitation,
    )  # fmt: skip
    answers = DemoMail(
        ago(23.6), TOM.header, [ME], "Re: Tender for the swimming pool sensors",
        "Dear James,\n\nyes, chlorine resistance is required up to 5 mg/l. The wiring is ours.\n\nTom",
        labels=["Tenders"], reply_to=questions,
    )  # fmt: skip
    rowing = DemoMail(
        ago(23.1), TOM.header, [ME], "[Private] Rowing on Saturday",
        "James, leaving the tender aside: are you in the boat on Saturday?\n\nTom",
        labels=[DEFAULT_PRIVATE_NAME], reply_to=answers,
    )  # fmt: skip
    yield from (invitation, questions, answers, rowing)


def other_customers(now: datetime) -> Iterator[DemoMail]:
    ago = days_before(now)
    yield DemoMail(
        ago(13.2), LINA.header, [ME], "Framework agreement 2027",
        "Hi James,\n\nwe would like to renew for two years. Can you send the new price list?\n\nLina Berg\nNordlys AB",
    )  # fmt: skip
    yield DemoMail(
        ago(4.2), NGUYEN.header, [ME], "Samples shipped",
        "Dear James,\n\nthe samples left Hai Phong this morning.\n\nLinh", labels=[DEFAULT_LOG_NAME],
    )  # fmt: skip
    _visit, answer, confirmed = visit_to_the_lab(now)
    yield replace(answer, folder=INBOX)
    yield confirmed


def private(now: datetime) -> Iterator[DemoMail]:
    """Private mail: it appears nowhere in the product. The mark in the subject is for the visitor who looks for it."""
    ago = days_before(now)
    landlord, club = ("Letting agent", "agent@lettings.example"), ("Rowing club", "secretary@rowing.example")
    yield DemoMail(
        ago(9.9), landlord, [ME], "[Private] Notice to leave the flat",
        "Dear Mr Park,\n\nas agreed, your tenancy ends in March.",
    )  # fmt: skip
    yield DemoMail(
        ago(6.1), club, [ME], "[Private] Club fees are overdue", "James, the fees are still open. See you on Sunday!",
        labels=["Rowing"],
    )  # fmt: skip
    yield DemoMail(
        ago(3.7), ("Recruiter", "jo@talent.example"), [ME], "[Private] Your application",
        "Hi James,\n\nthey liked you. Are you free for a second talk?",
    )  # fmt: skip


def colleagues(now: datetime) -> Iterator[DemoMail]:
    """Internal mail, never logged."""
    ago = days_before(now)
    for number in range(40):
        yield DemoMail(
            ago(0.9 * number + 0.2), EMMA.header, [ME], f"Expenses {number + 1}", "Please approve.\n\nEmma",
            labels=["Expenses"],
        )  # fmt: skip


def mailbox(now: datetime) -> Iterator[DemoMail]:
    for part in (tender, other_customers, private, colleagues):
        yield from part(now)
