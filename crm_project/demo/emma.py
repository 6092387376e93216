"""Emma Wilson's mailbox at Microsoft 365: a small one. Colleagues see who wrote when about what; what may be private waits for her."""

from collections.abc import Iterator
from datetime import datetime

from crm_project.demo.mail import INBOX, SENT, DemoMail, days_before, pdf
from crm_project.demo.people import EMMA, JAMES, LINA, OMAR, PRIYA, SARAH, TOM, YUKI
from crm_project.demo.yuki import colleagues
from inboxes.marks import DEFAULT_LOG_NAME, DEFAULT_PRIVATE_NAME

ME = EMMA.header
NORDLYS = "Customers/Nordlys"


def nordlys(now: datetime) -> Iterator[DemoMail]:
    """A conversation in a folder of its own, with categories."""
    ago = days_before(now)
    renewal = DemoMail(
        ago(18.3), LINA.header, [ME], "Renewal of our service contract",
        "Dear Emma,\n\nour service contract ends in June. Before we renew I would like to talk about response times.\n\n"
        "Kind regards\nLina Berg\nNordlys AB",
        folder=NORDLYS, labels=["Contracts"],
    )  # fmt: skip
    answer = DemoMail(
        ago(17.8), ME, [LINA.header], "Re: Renewal of our service contract",
        "Dear Lina,\n\nthank you for bringing this up early. I suggest four hours in working time, and the next morning "
        "otherwise. A draft is attached.\n\nBest wishes\nEmma",
        folder=SENT, reply_to=renewal, files=[("service-levels.pdf", "application/pdf", pdf("Service levels"))],
    )  # fmt: skip
    agreed = DemoMail(
        ago(16.4), LINA.header, [ME], "Re: Renewal of our service contract",
        "Dear Emma,\n\nfour hours will do. Please send two copies to sign.\n\nLina",
        folder=NORDLYS, labels=["Contracts", "Follow up"], reply_to=answer,
        html="<p>Dear Emma,</p><p>four hours will do. Please send <b>two copies</b> to sign.</p><p>Lina</p>",
    )  # fmt: skip
    yield from (renewal, answer, agreed)


def other_customers(now: datetime) -> Iterator[DemoMail]:
    ago = days_before(now)
    board = DemoMail(
        ago(11.4), SARAH.header, [ME], "Our board would like to meet you",
        "Hello Emma,\n\nbefore we sign for all six depots, two members of our board would like to meet you. Would the week "
        "of the 9th suit you?\n\nSarah Okafor",
    )  # fmt: skip
    yield board
    yield DemoMail(
        ago(11.1), ME, [SARAH.header], "Re: Our board would like to meet you",
        "Hello Sarah,\n\nwith pleasure. Tuesday the 10th at eleven, at your office?\n\nEmma", folder=SENT, reply_to=board,
    )  # fmt: skip
    yield DemoMail(
        ago(7.3), OMAR.header, [ME], "Supplier form for Meridian",
        "Hello Ms Wilson,\n\nplease fill in the attached form so that we can set you up as a supplier.\n\nOmar Haddad\nFinance",
        files=[("supplier-form.pdf", "application/pdf", pdf("Supplier form"))],
    )  # fmt: skip
    yield DemoMail(
        ago(3.1), PRIYA.header, [ME], "A reference customer for your website",
        "Hi Emma,\n\nwe would be happy to be named as a customer. Our logo guidelines are attached.\n\nPriya Raman",
        folder="archive", files=[("guidelines.pdf", "application/pdf", pdf("Guidelines"))],
    )  # fmt: skip
    yield DemoMail(
        ago(5.8), ("Hanna Lind", "hanna.lind@nordlys.example"), [ME, LINA.header], "Minutes of our call",
        "Dear all,\n\nthe minutes are attached.\n\nHanna Lind\nAssistant to Lina Berg",
        labels=[DEFAULT_LOG_NAME], files=[("minutes.pdf", "application/pdf", pdf("Minutes"))],
    )  # fmt: skip


def for_her_to_decide(now: datetime) -> Iterator[DemoMail]:
    """Mail with contacts that may be private all the same: it is held until she says."""
    ago = days_before(now)
    yield DemoMail(
        ago(1.6), PRIYA.header, [ME], "My resignation, before you hear it elsewhere",
        "Dear Emma,\n\nI am leaving Brightpath at the end of next month. Nobody there knows yet.\n\nPriya",
    )  # fmt: skip
    yield DemoMail(
        ago(2.7), TOM.header, [ME, JAMES.header], "Parking during the installation",
        "Dear both,\n\nplease use the car park behind the pool.\n\nTom Ellis",
    )  # fmt: skip
    yield DemoMail(
        ago(0.6), LINA.header, [ME], "Settlement of last year's claim",
        "Dear Emma,\n\nour legal team accepts your offer. Can we keep this between the two of us for now?\n\nLina",
    )  # fmt: skip


def private(now: datetime) -> Iterator[DemoMail]:
    """Private mail: it appears nowhere in the product. The mark in the subject is for the visitor who looks for it."""
    ago = days_before(now)
    school, sister = ("St Anne's School", "office@st-annes.example"), ("Kate Wilson", "kate@wilson-family.example")
    yield DemoMail(
        ago(15.2), school, [ME], "[Private] Parents' evening", "Dear Ms Wilson,\n\nyour slot is Thursday at six.",
        folder="Family",
    )  # fmt: skip
    yield DemoMail(
        ago(12.6), sister, [ME], "[Private] Mum's seventieth", "Em, shall we book the lake house? It is 900 for the weekend.\n\nKate",
        folder="Family",
    )  # fmt: skip
    yield DemoMail(
        ago(12.4), ME, [sister], "Re: [Private] Mum's seventieth", "Yes, book it. I will pay half.\n\nEmma", folder=SENT
    )  # fmt: skip
    yield DemoMail(
        ago(8.2), LINA.header, [ME], "[Private] Concert tickets",
        "Emma, I have two tickets for Friday. Will you come along?\n\nLina", labels=[DEFAULT_PRIVATE_NAME],
    )  # fmt: skip
    yield DemoMail(
        ago(4.4), ("Dr Hughes", "reception@hughes-dental.example"), [ME], "[Private] Your appointment",
        "Dear Ms Wilson,\n\nwe look forward to seeing you on the 3rd.",
    )  # fmt: skip


def bulk(now: datetime) -> Iterator[DemoMail]:
    """Automatic mail."""
    ago = days_before(now)
    for number in range(12):
        yield DemoMail(
            ago(6.5 * number + 1.2), ("Instruments Weekly", "news@instruments-weekly.example"), [ME],
            f"Instruments Weekly, no. {412 - number}", "This week: calibration in the field.\n\nUnsubscribe here",
            headers={"List-Id": "<news.instruments-weekly.example>", "Precedence": "bulk"},
        )  # fmt: skip


def internal(now: datetime) -> Iterator[DemoMail]:
    """Her side of the mail with her colleagues."""
    for mail in colleagues(now):
        mail.folder = SENT if mail.from_ == ME else INBOX
        yield mail
    ago = days_before(now)
    yield DemoMail(ago(0.9), YUKI.header, [ME], "Leeds", "Sarah asks about Leeds again. Can I promise March?\n\nYuki")


def mailbox(now: datetime) -> Iterator[DemoMail]:
    for part in (nordlys, other_customers, for_her_to_decide, private, bulk, internal):
        yield from part(now)
