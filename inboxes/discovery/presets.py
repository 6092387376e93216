"""Mail servers of well-known providers, as data.

Sources: the public autoconfiguration database of mail programs and the providers' own help pages; a provider that has changed its
servers is corrected here. Hints are codes of `inboxes.causes.HINTS`.
"""

from inboxes.discovery.preset import Preset, Server, SignIn, Username
from inboxes.providers.network import Security


def _tls(host: str, port: int = 993) -> Server:
    return Server(host, port, Security.TLS)


def _smtps(host: str) -> Server:
    return Server(host, 465, Security.TLS)


def _submission(host: str) -> Server:
    return Server(host, 587, Security.STARTTLS)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


PRESETS: tuple[Preset, ...] = (
    Preset(
        "Gmail",
        _tls("imap.gmail.com"),
        _smtps("smtp.gmail.com"),
        domains=_words("gmail.com googlemail.com"),
        mail_hosts=_words("google.com googlemail.com"),
        hints=("gmail_app_password",),
        help_url="https://myaccount.google.com/apppasswords",
        sign_in=SignIn.GOOGLE,
    ),
    Preset(
        "Outlook.com",
        _tls("outlook.office365.com"),
        _submission("smtp-mail.outlook.com"),
        domains=_words(
            "outlook.* hotmail.* msn.com live.com live.jp live.co.uk live.fr live.de live.it live.nl live.be live.se live.dk live.no"
            " live.ca live.cn live.in live.com.au live.com.mx"
        ),
        mail_hosts=_words("olc.protection.outlook.com"),
        hints=("microsoft_password_off",),
        password_works=False,
        sign_in=SignIn.MICROSOFT,
    ),
    Preset(
        "Microsoft 365",
        _tls("outlook.office365.com"),
        _submission("smtp.office365.com"),
        mail_hosts=_words("mail.protection.outlook.com mx.microsoft"),
        hints=("microsoft_password_off",),
        password_works=False,
        sign_in=SignIn.MICROSOFT,
    ),
    Preset(
        "Yahoo! JAPAN",
        _tls("imap.mail.yahoo.co.jp"),
        _smtps("smtp.mail.yahoo.co.jp"),
        domains=_words("yahoo.co.jp ymail.ne.jp"),
        hints=("enable_imap_yahoo_japan",),
        imap_username=Username.LOCAL_PART,
    ),
    Preset(
        "Yahoo",
        _tls("imap.mail.yahoo.com"),
        _smtps("smtp.mail.yahoo.com"),
        domains=_words("yahoo.* ymail.com rocketmail.com"),
        mail_hosts=_words("yahoodns.net"),
        hints=("app_password",),
        help_url="https://login.yahoo.com/account/security",
    ),
    Preset(
        "AOL",
        _tls("imap.aol.com"),
        _smtps("smtp.aol.com"),
        domains=_words("aol.* aim.com"),
        hints=("app_password",),
        help_url="https://login.aol.com/account/security",
    ),
    Preset(
        "iCloud",
        _tls("imap.mail.me.com"),
        _submission("smtp.mail.me.com"),
        domains=_words("icloud.com me.com mac.com"),
        imap_username=Username.LOCAL_PART,
        smtp_username=Username.ADDRESS,
        hints=("apple_app_password",),
        help_url="https://account.apple.com",
    ),
    Preset(
        "iCloud",  # own domains: Apple takes the whole address there
        _tls("imap.mail.me.com"),
        _submission("smtp.mail.me.com"),
        mail_hosts=_words("mail.icloud.com"),
        hints=("apple_app_password",),
        help_url="https://account.apple.com",
    ),
    Preset(
        "Fastmail",
        _tls("imap.fastmail.com"),
        _smtps("smtp.fastmail.com"),
        domains=_words("fastmail.com fastmail.fm fastmail.* messagingengine.com"),
        mail_hosts=_words("messagingengine.com"),
        hints=("app_password",),
        help_url="https://app.fastmail.com/settings/security",
    ),
    *(
        Preset(
            "Zoho",
            _tls(f"{'imap' if free else 'imappro'}.zoho.{region}"),
            _smtps(f"{'smtp' if free else 'smtppro'}.zoho.{region}"),
            domains=(f"zoho.{region}", f"zohomail.{region}") if free else (),
            mail_hosts=() if free else (f"zoho.{region}",),
            hints=("enable_imap", "app_password", "region_host"),
        )
        for region in ("com", "eu", "in", "jp", "com.au")
        for free in (True, False)
    ),
    Preset(
        "GMX", _tls("imap.gmx.com"), _smtps("mail.gmx.com"), domains=_words("gmx.com gmx.us"), hints=("enable_imap",)
    ),
    Preset(
        "GMX",
        _tls("imap.gmx.net"),
        _smtps("mail.gmx.net"),
        domains=_words("gmx.net gmx.de gmx.at gmx.ch gmx.eu"),
        mail_hosts=_words("gmx.net"),
        hints=("enable_imap",),
    ),
    Preset(
        "WEB.DE",
        _tls("imap.web.de"),
        _smtps("smtp.web.de"),
        domains=_words("web.de"),
        hints=("enable_imap",),
        imap_username=Username.LOCAL_PART,
    ),
    Preset(
        "T-Online",
        _tls("secureimap.t-online.de"),
        _smtps("securesmtp.t-online.de"),
        domains=_words("t-online.de magenta.de"),
        hints=("mail_password",),
    ),
    Preset("IONOS", _tls("imap.ionos.de"), _smtps("smtp.ionos.de"), mail_hosts=_words("ionos.de kundenserver.de")),
    Preset("IONOS", _tls("imap.ionos.com"), _smtps("smtp.ionos.com"), mail_hosts=_words("ionos.com 1and1.com")),
    Preset(
        "OVHcloud",
        _tls("ssl0.ovh.net"),
        _smtps("ssl0.ovh.net"),
        domains=_words("ovh.net"),
        mail_hosts=_words("mail.ovh.net"),
    ),
    Preset(
        "Gandi",
        _tls("mail.gandi.net"),
        _smtps("mail.gandi.net"),
        domains=_words("gandi.net"),
        mail_hosts=_words("mail.gandi.net"),
    ),
    Preset(
        "Orange",
        _tls("imap.orange.fr"),
        _smtps("smtp.orange.fr"),
        domains=_words("orange.fr wanadoo.fr"),
        hints=("enable_imap",),
    ),
    Preset(
        "Free",
        _tls("imap.free.fr"),
        _smtps("smtp.free.fr"),
        domains=_words("free.fr"),
        imap_username=Username.LOCAL_PART,
    ),
    Preset(
        "La Poste",
        _tls("imap.laposte.net"),
        _smtps("smtp.laposte.net"),
        domains=_words("laposte.net"),
        imap_username=Username.LOCAL_PART,
    ),
    Preset(
        "mailbox.org",
        _tls("imap.mailbox.org"),
        _smtps("smtp.mailbox.org"),
        domains=_words("mailbox.org"),
        mail_hosts=_words("mailbox.org"),
    ),
    Preset(
        "Posteo",
        _tls("posteo.de"),
        _smtps("posteo.de"),
        domains=_words("posteo.* posteo.de"),
        mail_hosts=_words("posteo.de"),
    ),
    Preset(
        "Yandex",
        _tls("imap.yandex.com"),
        _smtps("smtp.yandex.com"),
        domains=_words("yandex.* ya.ru"),
        mail_hosts=_words("mx.yandex.net mx.yandex.ru"),
        hints=("enable_imap", "app_password"),
    ),
    Preset(
        "Mail.ru",
        _tls("imap.mail.ru"),
        _smtps("smtp.mail.ru"),
        domains=_words("mail.ru bk.ru list.ru inbox.ru internet.ru"),
        mail_hosts=_words("mail.ru"),
        hints=("app_password",),
    ),
    Preset(
        "Comcast",
        _tls("imap.comcast.net"),
        _smtps("smtp.comcast.net"),
        domains=_words("comcast.net"),
        hints=("enable_imap",),
    ),
    Preset(
        "GoDaddy",
        _tls("imap.secureserver.net"),
        _smtps("smtpout.secureserver.net"),
        mail_hosts=_words("secureserver.net"),
    ),
    Preset(
        "Rackspace", _tls("secure.emailsrvr.com"), _smtps("secure.emailsrvr.com"), mail_hosts=_words("emailsrvr.com")
    ),
    Preset("Hetzner", _tls("mail.your-server.de"), _smtps("mail.your-server.de"), mail_hosts=_words("your-server.de")),
    Preset(
        "Proton Mail",
        Server("127.0.0.1", 1143, Security.STARTTLS),
        Server("127.0.0.1", 1025, Security.STARTTLS),
        domains=_words("proton.me protonmail.com protonmail.ch pm.me"),
        mail_hosts=_words("protonmail.ch"),
        hints=("bridge_only",),
        password_works=False,
    ),
    Preset(
        "さくらインターネット",
        _tls("{domain}"),
        _submission("{domain}"),
        domains=_words("*.sakura.ne.jp"),
        hints=("initial_domain",),
    ),
    Preset(
        "さくらインターネット",
        _tls("{mx}"),
        _submission("{mx}"),
        mail_hosts=_words("sakura.ne.jp"),
        hints=("initial_domain", "panel_host"),
    ),
    Preset("エックスサーバー", _tls("{mx}"), _smtps("{mx}"), mail_hosts=_words("xserver.jp"), hints=("panel_host",)),
    Preset("ロリポップ！", _tls("imap.lolipop.jp"), _smtps("smtp.lolipop.jp"), mail_hosts=_words("lolipop.jp")),
    Preset(
        "お名前.com",
        _tls("imap.{domain}"),
        _smtps("smtp.{domain}"),
        mail_hosts=_words("onamae.ne.jp gmoserver.jp"),
        hints=("panel_host",),
    ),
    Preset(
        "So-net",
        _tls("imap.so-net.ne.jp"),
        _submission("mail.so-net.ne.jp"),
        domains=_words("so-net.ne.jp *.so-net.ne.jp"),
        hints=("sonet_option",),
    ),
    Preset(
        "OCN",
        _tls("imap.ocn.ne.jp"),
        _smtps("smtp.ocn.ne.jp"),
        domains=_words("ocn.ne.jp *.ocn.ne.jp"),
        hints=("mail_password",),
    ),
    Preset(
        "BIGLOBE",
        _tls("mail.biglobe.ne.jp"),
        _smtps("mail.biglobe.ne.jp"),
        domains=_words("biglobe.ne.jp *.biglobe.ne.jp"),
        hints=("mail_password",),
    ),
    Preset(
        "@nifty",
        _tls("imap.nifty.com"),
        _smtps("smtp.nifty.com"),
        domains=_words("nifty.com nifty.ne.jp"),
        hints=("mail_password",),
        imap_username=Username.LOCAL_PART,
    ),
    Preset(
        "ドコモメール",
        _tls("imap.spmode.ne.jp"),
        _smtps("smtp.spmode.ne.jp"),
        domains=_words("docomo.ne.jp"),
        imap_username=Username.OWN,
        hints=("docomo_password",),
    ),
    Preset(
        "ソフトバンク",
        _tls("imap.softbank.jp"),
        _smtps("smtp.softbank.jp"),
        domains=_words("i.softbank.jp"),
        hints=("mail_password",),
        imap_username=Username.LOCAL_PART,
    ),
    Preset(
        "Lark",
        _tls("imap.larksuite.com"),
        _smtps("smtp.larksuite.com"),
        mail_hosts=_words("larksuite.com"),
        hints=("generated_password",),
    ),
    Preset(
        "Feishu",
        _tls("imap.feishu.cn"),
        _smtps("smtp.feishu.cn"),
        mail_hosts=_words("feishu.cn"),
        hints=("generated_password",),
    ),
    Preset(
        "QQ",
        _tls("imap.qq.com"),
        _smtps("smtp.qq.com"),
        domains=_words("qq.com foxmail.com"),
        hints=("authorisation_code",),
    ),
    Preset(
        "Tencent Exmail",
        _tls("imap.exmail.qq.com"),
        _smtps("smtp.exmail.qq.com"),
        mail_hosts=_words("qq.com"),
        hints=("authorisation_code",),
    ),
    *(
        Preset(
            "NetEase",
            _tls(f"imap.{domain}"),
            _smtps(f"smtp.{domain}"),
            domains=(domain,),
            hints=("authorisation_code",),
        )
        for domain in ("163.com", "126.com", "yeah.net")
    ),
    Preset(
        "Naver",
        _tls("imap.naver.com"),
        _smtps("smtp.naver.com"),
        domains=_words("naver.com"),
        hints=("enable_imap", "app_password"),
    ),
    Preset(
        "Daum",
        _tls("imap.daum.net"),
        _smtps("smtp.daum.net"),
        domains=_words("daum.net hanmail.net kakao.com"),
        hints=("enable_imap", "app_password"),
    ),
)
