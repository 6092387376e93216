"""E-mail addresses and domains as values to compare: normalising, validity, the organisation behind a domain."""

import re
import unicodedata
from functools import cache

import idna
from publicsuffixlist import PublicSuffixList

# Anything an ASCII mail system delivers to, leading, trailing and doubled dots included: Japanese carriers issued such
# addresses for years (`taro..y.@docomo.ne.jp`), so a strict reading of RFC 5322 would lose real people.
_LABEL = "[a-z0-9_]+(?:-+[a-z0-9_]+)*"
_PLAIN = re.compile(rf"[a-z0-9!#$%&'*+/=?^_`{{|}}~.-]+@{_LABEL}(?:\.{_LABEL})*").fullmatch
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*").fullmatch
_DOMAIN_LITERAL = re.compile(r"\[[0-9a-z.:]{2,64}\]").fullmatch
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"').fullmatch
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\ud800-\udfff<>,;@]").search
_MAX_LENGTH = 254  # with the angle brackets a path has 256, RFC 5321 section 4.5.3.1.3; columns are as long
_MAX_LABEL = 63

FREE_MAIL_DOMAINS = frozenset(
    """
    gmail.com googlemail.com outlook.com outlook.jp hotmail.com hotmail.co.jp hotmail.co.uk hotmail.fr hotmail.de hotmail.it
    live.com live.jp live.co.uk live.fr msn.com passport.com windowslive.com
    yahoo.com yahoo.co.jp ymail.ne.jp ymail.com yahoo.co.uk yahoo.fr yahoo.de yahoo.it yahoo.es yahoo.ca yahoo.co.in
    yahoo.com.au yahoo.com.br yahoo.com.tw yahoo.com.hk yahoo.com.sg rocketmail.com aol.com aol.jp aim.com
    icloud.com me.com mac.com proton.me protonmail.com protonmail.ch pm.me tutanota.com tutanota.de tuta.com tuta.io
    fastmail.com fastmail.fm hey.com zoho.com zohomail.com mail.com email.com gmx.com gmx.de gmx.net gmx.at gmx.ch web.de
    t-online.de freenet.de arcor.de posteo.de mailbox.org orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr libero.it
    virgilio.it tiscali.it alice.it tin.it telefonica.net bluewin.ch hispeed.ch seznam.cz centrum.cz wp.pl o2.pl onet.pl
    interia.pl yandex.ru yandex.com ya.ru mail.ru bk.ru list.ru inbox.ru rambler.ru ukr.net abv.bg
    qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com 139.com 189.cn aliyun.com
    naver.com hanmail.net daum.net nate.com kakao.com rediffmail.com bol.com.br uol.com.br terra.com.br
    comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net juno.com
    btinternet.com sky.com virginmedia.com ntlworld.com talktalk.net bigpond.com optusnet.com.au xtra.co.nz shaw.ca rogers.com
    sympatico.ca
    docomo.ne.jp ezweb.ne.jp au.com softbank.ne.jp i.softbank.jp vodafone.ne.jp disney.ne.jp ymobile.ne.jp y-mobile.ne.jp
    willcom.com pdx.ne.jp emobile.ne.jp emnet.ne.jp uqmobile.jp rakumail.jp
    goo.jp mail.goo.ne.jp excite.co.jp infoseek.jp nifty.com nifty.ne.jp biglobe.ne.jp mbm.nifty.com livedoor.com inter7.jp
    so-net.ne.jp ocn.ne.jp plala.or.jp dion.ne.jp odn.ne.jp hi-ho.ne.jp asahi-net.or.jp asahinet.jp wakwak.com dti.ne.jp
    sannet.ne.jp eonet.ne.jp zaq.ne.jp zaq.jp jcom.home.ne.jp jcom.zaq.ne.jp home.ne.jp tnc.ne.jp commufa.jp
    mopera.net tiki.ne.jp bbiq.jp pikara.ne.jp megaegg.ne.jp enjoy.ne.jp auone-net.jp kcn.jp kcn.ne.jp ctk.ne.jp
    iijmio-mail.jp iij4u.or.jp mineo.jp freeml.com
    """.split()
)
"""Domains anybody can have an address at: they never name an organisation. Mobile carriers and access providers included."""

# The mark needs borders, so that a person whose name happens to contain it is not taken for a machine.
_NO_REPLY = re.compile(
    r"(?:^|[._+=-])(?:(?:no|non|not|do[._-]?not|dont|never)[._-]?(?:reply|replay|response|respond)|ne[._-]?pas[._-]?repondre|"
    r"nicht[._-]?antworten|no[._-]?responder|(?:mailer|mail)[._-]?daemon|mdaemon|postmaster|bounces?|auto[._-]?(?:reply|response)|"
    r"sou?shin[._-]?senyou?|henshin[._-]?fuka)(?:$|[._+=\d-])|noreply|donotreply"
).search


class InvalidAddress(ValueError):
    """The text is not an e-mail address or domain. Carries no text of it: addresses are not for logs."""


def normalise(text: str) -> str:
    """The one form an address is stored and compared in: trimmed, case-folded, domain as A-labels.

    A plus-tag is part of the address and stays. Single-label domains and domain literals, which appear in real headers,
    are accepted; `is_valid` is the test for what a person types. Raises `InvalidAddress`.
    """
    address = text.strip().lower()
    # Within 63 characters no part of it can be too long.
    if len(address) <= _MAX_LABEL and _PLAIN(address):
        return address
    local, at, domain = address.rpartition("@")
    if not at or len(address) > _MAX_LENGTH:
        raise InvalidAddress
    normal = f"{_normalise_local(local)}@{domain if _DOMAIN_LITERAL(domain) else normalise_domain(domain)}"
    if len(normal) > _MAX_LENGTH:  # ligatures and A-labels are longer than what was written
        raise InvalidAddress
    return normal


def normalise_domain(text: str) -> str:
    """The A-label form of a domain, lower case, without a final dot. Raises `InvalidAddress`."""
    domain = text.strip().lower().removesuffix(".")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError) as error:
            raise InvalidAddress from error
    if not _DOMAIN(domain) or len(domain) > 255 or any(len(label) > _MAX_LABEL for label in domain.split(".")):
        raise InvalidAddress
    return domain


def as_in_headers(email: str) -> str:
    """The form that mail would have of an address people sign in with, which they write as they like, 例え.jp included."""
    try:
        return normalise(email)
    except InvalidAddress:
        return email


def readable(text: str) -> str:
    """A normalised address or domain as people write it: 日本語.example instead of xn--wgv71a119e.example."""
    if "xn--" not in text:
        return text
    local, at, domain = text.rpartition("@")
    try:
        return f"{local}{at}{idna.decode(domain)}"
    except (idna.IDNAError, UnicodeError):
        return text


def _normalise_local(local: str) -> str:
    quoted = _QUOTED(local)
    if quoted:
        inner = re.sub(r"\\(.)", r"\1", quoted[1])
        # Quotes that only protect dots name the same mailbox as the bare form.
        if not _PLAIN(f"{inner}@x"):
            if not inner or any(unicodedata.category(character) in ("Cc", "Cs") for character in inner):
                raise InvalidAddress
            return local
        local = inner
    # Cherokee folds to capitals, which PostgreSQL would not take for lower case.
    folded = unicodedata.normalize("NFC", local.casefold().lower())
    if not folded or _FORBIDDEN(folded) or '"' in folded:  # asked last: the Greek question mark becomes a semicolon
        raise InvalidAddress
    return folded


def is_valid(text: str) -> bool:
    """Whether a person may enter this as somebody's address: normalises, and its domain has a dot."""
    try:
        domain = domain_of(normalise(text))
    except InvalidAddress:
        return False
    return "." in domain and not domain.startswith("[")


def domain_of(address: str) -> str:
    """The domain of a normalised address."""
    return address.rpartition("@")[2]


def organisation_domain(domain: str) -> str | None:
    """The registrable domain an organisation owns (`mail.example.co.jp` → `example.co.jp`), by the public suffix list.

    None where a domain says nothing about an organisation: free mail and carriers, a bare public suffix, an IP literal,
    a single label. `domain` is normalised.
    """
    if domain in FREE_MAIL_DOMAINS or domain.startswith("[") or domain[-1:].isdigit():
        return None
    organisation = _public_suffixes().privatesuffix(domain)
    return None if organisation in FREE_MAIL_DOMAINS else organisation


def is_public_suffix(domain: str) -> bool:
    """Whether anybody can register below it (`com`, `co.jp`), so that it stands for nobody. `domain` is normalised."""
    return _public_suffixes().is_public(domain)


@cache
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def is_no_reply(address: str) -> bool:
    """Whether the local part of a normalised address says that no person reads or writes there."""
    return _NO_REPLY(address.rpartition("@")[0]) is not None


def is_same_mailbox(one: str, other: str) -> bool:
    return _mailbox(one) == _mailbox(other)


def _mailbox(address: str) -> str:
    """Google reads no dots in the names of its free addresses, and has two domains for them."""
    name, _, domain = address.partition("@")
    if domain in {"gmail.com", "googlemail.com"}:
        return f"{name.replace('.', '')}@gmail.com"
    return address
