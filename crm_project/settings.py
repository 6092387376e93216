"""All settings, read from the environment once; every wrong or missing value is reported together."""

import resource
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from environs import validate

from crm_project import logs
from crm_project.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent

env = Environment()
DEBUG: bool = env.bool("DEBUG", False)
SECRET_KEY: str = env.str("SECRET_KEY", validate=validate.Length(min=32))
DATABASES = {"default": env.database("DATABASE_URL")}
REDIS_URL: str = env.broker("REDIS_URL")
# Comma-separated Fernet keys, newest first; older ones only decrypt (`manage.py keys rotate`).
FIELD_KEYS: list[str] = env.field_keys("FIELD_KEYS")
# The address people open. Everything about cookies and hosts follows from it.
BASE_URL: str = env.base_url("BASE_URL", "http://127.0.0.1:8000")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", [])
# Only behind a proxy that sets X-Forwarded-Proto itself: anybody could send that header otherwise.
TRUST_PROXY: bool = env.bool("TRUST_PROXY", False)
DATA_DIR: Path = env.path("DATA_DIR", BASE_DIR / ".genkan")
LOG_FORMAT: str = env.str("LOG_FORMAT", "console" if DEBUG else "json", validate=validate.OneOf(["console", "json"]))
# Hosts or networks that mail servers may have although they are private or loopback addresses (SSRF guard).
MAIL_HOSTS_ALLOWED: list[str] = env.list("MAIL_HOSTS_ALLOWED", [])
# How many workers may talk to one mail host at a time.
MAIL_HOST_SLOTS: int = env.int("MAIL_HOST_SLOTS", 4)
# The same for an API: it has room for everybody, but a dead one must not hold all workers.
API_HOST_SLOTS: int = env.int("API_HOST_SLOTS", 32)
# The client that was registered at Google or Microsoft. Without one, inboxes there cannot be connected through their APIs.
GOOGLE_CLIENT_ID: str = env.str("GOOGLE_CLIENT_ID", "")
GOOGLE_CLIENT_SECRET: str = env.str("GOOGLE_CLIENT_SECRET", "")
MICROSOFT_CLIENT_ID: str = env.str("MICROSOFT_CLIENT_ID", "")
MICROSOFT_CLIENT_SECRET: str = env.str("MICROSOFT_CLIENT_SECRET", "")
# The last day of each secret, as 2027-03-31: super admins are warned before. Microsoft's always have one; Google's may.
GOOGLE_CLIENT_SECRET_EXPIRES_ON: date | None = env.day("GOOGLE_CLIENT_SECRET_EXPIRES_ON", "")
MICROSOFT_CLIENT_SECRET_EXPIRES_ON: date | None = env.day("MICROSOFT_CLIENT_SECRET_EXPIRES_ON", "")
# Pub/Sub push is optional: the topic to announce new mail on, and the account whose signature its requests carry.
GOOGLE_PUBSUB_TOPIC: str = env.str("GOOGLE_PUBSUB_TOPIC", "")
GOOGLE_PUSH_ACCOUNT: str = env.str("GOOGLE_PUSH_ACCOUNT", "")
# What Google allows the project; older projects have 15,000 a minute for each mailbox.
GMAIL_UNITS_PER_MINUTE: int = env.int("GMAIL_UNITS_PER_MINUTE", 6_000)
GMAIL_PROJECT_UNITS_PER_MINUTE: int = env.int("GMAIL_PROJECT_UNITS_PER_MINUTE", 1_200_000)
# Microsoft allows 10,000 requests in ten minutes for each mailbox.
GRAPH_REQUESTS_PER_MINUTE: int = env.int("GRAPH_REQUESTS_PER_MINUTE", 900)
# A proxy, a sovereign cloud or a test server can stand in for each of these.
GOOGLE_API_ROOT: str = env.endpoint("GOOGLE_API_ROOT", "https://gmail.googleapis.com")
GOOGLE_AUTHORIZE_URL: str = env.endpoint("GOOGLE_AUTHORIZE_URL", "https://accounts.google.com/o/oauth2/v2/auth")
GOOGLE_TOKEN_URL: str = env.endpoint("GOOGLE_TOKEN_URL", "https://oauth2.googleapis.com/token")
GOOGLE_REVOKE_URL: str = env.endpoint("GOOGLE_REVOKE_URL", "https://oauth2.googleapis.com/revoke")
GOOGLE_CERTS_URL: str = env.endpoint("GOOGLE_CERTS_URL", "https://www.googleapis.com/oauth2/v1/certs")
MICROSOFT_AUTHORITY: str = env.endpoint("MICROSOFT_AUTHORITY", "https://login.microsoftonline.com/common")
GRAPH_ROOT: str = env.endpoint("GRAPH_ROOT", "https://graph.microsoft.com/v1.0")
MAIL_SERVER = env.mail_server("EMAIL_URL", "consolemail://")
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", "Genkan <genkan@localhost>")
env.seal()

globals().update(MAIL_SERVER)  # EMAIL_BACKEND, EMAIL_HOST, …

# By the last three the machine itself asks, for its health check.
ALLOWED_HOSTS = [*(ALLOWED_HOSTS or [urlsplit(BASE_URL).hostname or ""]), "127.0.0.1", "localhost", "[::1]"]
IS_HTTPS = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    # First, so that our words win over the same English in a library's catalogue.
    "crm_project",
    "users",
    "notifications",
    "audit",
    "inboxes",
    "contacts",
    "logging_rules",
    "conversations",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
    "django_structlog",
    "pgtrigger",
    "template_partials",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "users.middleware.ViewerMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "inboxes.middleware.GoneMeanwhile",
]

ROOT_URLCONF = "crm_project.urls"
WSGI_APPLICATION = "crm_project.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "crm_project.context_processors.shell",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "crm_project.templatetags.translating",
                "crm_project.templatetags.ui",
            ],
        },
    },
]

# Fields are drawn by templates/django/forms/, which know our components.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CSRF_FAILURE_VIEW = "crm_project.views.csrf_failure"

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "crm_project.cache.ForgetfulCache", "LOCATION": REDIS_URL}}

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "users.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "crm_project.account_forms.LoginForm",
    "change_password": "crm_project.account_forms.ChangePasswordForm",
    "set_password": "crm_project.account_forms.SetPasswordForm",
    "reset_password": "crm_project.account_forms.ResetPasswordForm",
    "reset_password_from_key": "crm_project.account_forms.ResetPasswordKeyForm",
    "reauthenticate": "crm_project.account_forms.ReauthenticateForm",
}
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
# Nobody gets mail for an address that has no account here.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 3600
ACCOUNT_SESSION_REMEMBER = None
# Beside allauth's own limits: what makes us ask mail servers on a person's behalf.
ACCOUNT_RATE_LIMITS = {
    "try_mail_servers": "5/m/user,30/h/user",
    "sign_in_at_provider": "10/m/user,60/h/user",
    "read_mailbox": "120/m/user",
    "suggest_contacts": "60/m/user",
    "ask_access": "20/h/user",
}
ACCOUNT_USER_DISPLAY = str
# Whose attempts to sign in are counted: behind a proxy the visitor's address is the last that it noted.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if TRUST_PROXY else 0
WORKSPACE_DOMAIN_VALIDATORS = ["inboxes.validators.refuse_free_mail"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ja", "日本語")]
LOCALE_PATHS = [BASE_DIR / "crm_project" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "mail": {"BACKEND": "inboxes.files.MailFiles"},  # never under a public URL
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# A core dump would hold whatever mail was in memory, mail that is stored nowhere included.
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

LOGGING = logs.settings(LOG_FORMAT)
logs.configure(LOG_FORMAT)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # says where people are

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_TIME_LIMIT = 300
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
