"""Settings, from the environment alone (config/env.py); .env.example describes each."""

import os
from pathlib import Path
from typing import Any

import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

from config import embedded
from config.backends import caches_of, database_of
from config.env import BASE_DIR, env, stripped
from config.logs.configuration import logging_of, read_log_format, read_log_level
from config.sign_in import *  # noqa: F403 - all of the settings that are about signing in
from config.values import parse_rate

# ModelAdmin[Booking] and its like mean something to the type checker alone; Django does not know them.
django_stubs_ext.monkeypatch()

# What runs on the embedded database is a demo on this machine: only there do a made-up key,
# plain http and no throttling do as defaults.
IS_EMBEDDED = embedded.is_configured()

# Identity and trust

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or (embedded.DEMO.secret_key if IS_EMBEDDED else "")
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY must be set where DATABASE_URL is set")
MANAGE_TOKEN_KEY = env.str("MANAGE_TOKEN_KEY", default="") or SECRET_KEY
ALLOWED_HOSTS = stripped(env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"]))
CSRF_TRUSTED_ORIGINS = stripped(env.list("CSRF_TRUSTED_ORIGINS", default=[]))
CORS_ALLOWED_ORIGINS = stripped(env.list("CORS_ALLOWED_ORIGINS", default=[]))
CORS_EXPOSE_HEADERS = ["ETag", "Retry-After", "Idempotency-Replayed", "X-Request-ID"]
CORS_ALLOW_HEADERS = [
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "x-manage-token",
    "x-request-id",
]
CORS_URLS_REGEX = r"^/api/"

# A proxy may say over which protocol the guest came and from where: it is believed only
# where there is one, since anybody can send these headers.
NUM_PROXIES = env.int("NUM_PROXIES", default=0)
if NUM_PROXIES < 0:
    raise ImproperlyConfigured("NUM_PROXIES is a whole number from 0 on")
if NUM_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

HTTPS_ONLY = env.bool("HTTPS_ONLY", default=not IS_EMBEDDED)
SECURE_SSL_REDIRECT = HTTPS_ONLY
# Probes and scrapers inside the network speak plain http.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)/?$"]
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=365 * 24 * 3600) if HTTPS_ONLY else 0
# Both speak for hosts that this one knows nothing of, and a browser's list of preloaded names is hard to leave again.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HSTS_INCLUDE_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = env.bool("HSTS_PRELOAD", default=False)
if SECURE_HSTS_PRELOAD and not SECURE_HSTS_INCLUDE_SUBDOMAINS:
    raise ImproperlyConfigured("HSTS_PRELOAD needs HSTS_INCLUDE_SUBDOMAINS: the list takes no other names")
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SESSION_COOKIE_SECURE = HTTPS_ONLY
CSRF_COOKIE_SECURE = HTTPS_ONLY

# Applications

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "config.console.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_prometheus",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "procrastinate.contrib.django",
    "tables",
    "capacity",
    "bookings",
]

MIDDLEWARE = [
    "config.middleware.RequestIds",
    "config.middleware.BrowserLimits",
    "config.middleware.HealthProbes",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.ApiHabits",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.middleware.KeptSessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "bookings.admin.parts.second_factor.SecondFactorAsked",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

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
            ],
            "builtins": ["bookings.admin.parts.shown"],
        },
    }
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Database and caches

DATABASE_URL = env.str("DATABASE_URL", default="") or embedded.DEMO.url
DATABASES: dict[str, dict[str, Any]] = {"default": database_of(DATABASE_URL)}
# Read by views that only show (config/replica.py), as long as it is no older than the bound.
if DATABASE_REPLICA_URL := env.str("DATABASE_REPLICA_URL", default=""):
    DATABASES["replica"] = database_of(DATABASE_REPLICA_URL) | {"TEST": {"MIRROR": "default"}}
DATABASE_REPLICA_MAX_LAG_SECONDS = env.float("DATABASE_REPLICA_MAX_LAG_SECONDS", default=1.0)
if not 0 < DATABASE_REPLICA_MAX_LAG_SECONDS <= 60:
    raise ImproperlyConfigured("DATABASE_REPLICA_MAX_LAG_SECONDS is a number of seconds above 0, at most 60")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
CACHES = caches_of(REDIS_URL)

# Booking engine

# The gate, without which waiters start over at serializable, needs sessions: a transaction pooler keeps none.
_default_isolation = "read committed" if DATABASES["default"].get("DISABLE_SERVER_SIDE_CURSORS") else "serializable"
BOOKING_ISOLATION = env.str("BOOKING_ISOLATION", default=_default_isolation)
if BOOKING_ISOLATION not in ("serializable", "read committed"):
    raise ImproperlyConfigured("BOOKING_ISOLATION is 'serializable' or 'read committed'")
BOOKING_GATE = env.bool("BOOKING_GATE", default=True)
BOOKING_GROUP_COMMIT = env.bool("BOOKING_GROUP_COMMIT", default=True)
BOOKING_DEADLINE_SECONDS = env.float("BOOKING_DEADLINE_SECONDS", default=5.0)
if not 0 < BOOKING_DEADLINE_SECONDS <= 600:
    raise ImproperlyConfigured("BOOKING_DEADLINE_SECONDS is a number of seconds above 0, at most 600")
ENABLE_CAPACITY_ENFORCEMENT = env.bool("ENABLE_CAPACITY_ENFORCEMENT", default=True)
# Off only to measure what it costs: without it no report, no what-if, no replay.
DECISION_LEDGER = env.bool("DECISION_LEDGER", default=True)
LEDGER_DAYS = env.int("LEDGER_DAYS", default=90)
if not 1 <= LEDGER_DAYS <= 3650:
    # The night deletes what is older: with 0 all of it.
    raise ImproperlyConfigured("LEDGER_DAYS is a whole number from 1 to 3650")
PUBLIC_CAPACITY_DETAILS = env.bool("PUBLIC_CAPACITY_DETAILS", default=True)
THROTTLE_BOOKINGS = env.str("THROTTLE_BOOKINGS", default="off" if IS_EMBEDDED else "60/min")
THROTTLE_AVAILABILITY = env.str("THROTTLE_AVAILABILITY", default="off" if IS_EMBEDDED else "120/min")
for rate in (THROTTLE_BOOKINGS, THROTTLE_AVAILABILITY):
    parse_rate(rate)  # A limit that cannot be read must not come to light with the first guest.

# Reverse migrations

# Guarded tables that a reverse migration may drop with their rows (config/migration_guard.py).
ALLOW_DROP_TABLES = stripped(env.list("ALLOW_DROP_TABLES", default=[]))

# Jobs

# Whoever runs jobs says so this often; after three times as long in silence its jobs are given back.
WORKER_HEARTBEAT_SECONDS = env.float("WORKER_HEARTBEAT_SECONDS", default=10.0)
if not 0 < WORKER_HEARTBEAT_SECONDS <= 300:
    raise ImproperlyConfigured("WORKER_HEARTBEAT_SECONDS is a number of seconds above 0, at most 300")
# There is one place for tasks: no module named `tasks` in every app.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
PROCRASTINATE_IMPORT_PATHS = ["bookings.jobs.tasks"]
# A worker that was away at night catches up with the night when it starts.
PROCRASTINATE_PERIODIC_DEFAULTS = {"max_delay": 24 * 3600}

# HTTP

PORT = env.int("PORT", default=8000)

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.parsers.StrictJSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "bookings.api.base.exception_handler",
    "NON_FIELD_ERRORS_KEY": "body",
    "NUM_PROXIES": NUM_PROXIES,
    "URL_FORMAT_OVERRIDE": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Maitre",
    "DESCRIPTION": "Restaurant capacity and availability: look for a table, book it, cancel it.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENFORCE_NON_BLANK_FIELDS": True,
    # A wish that is asked may also be `any`; one that is answered may not.
    "ENUM_NAME_OVERRIDES": {"SeatingTypeEnum": "tables.choices.SeatingType.values"},
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# Empty: whitenoise reads the packages' own static files at start, no step that a deployment can forget. Collected here,
# as the image has them, they are compressed, and under names that a browser may keep for ever.
STATIC_ROOT = env.str("STATIC_ROOT", default="") or None
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
_COLLECTED = "whitenoise.storage.CompressedManifestStaticFilesStorage"
_AS_THEY_ARE = "django.contrib.staticfiles.storage.StaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _COLLECTED if STATIC_ROOT else _AS_THEY_ARE},
}

# Covers on a tray, as an address of its own: no file to serve.
FAVICON = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16' fill='%239810fa'>"
    "<path d='M2 11a6 6 0 0 1 12 0z'/><path d='M1 12h14v1.5H1z'/><circle cx='8' cy='4' r='1'/></svg>"
)
UNFOLD = {
    "SITE_TITLE": "Maitre",
    "SITE_HEADER": "Maitre",
    "SITE_SUBHEADER": "bookings.admin.parts.house.name_of_house",
    "SITE_DROPDOWN": "bookings.admin.parts.house.list_choices",
    "SITE_SYMBOL": "restaurant",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: FAVICON}],
    "STYLES": [lambda request: static("bookings/theme.css")],
    "SCRIPTS": [lambda request: static("bookings/theme.js")],
    "SHOW_VIEW_ON_SITE": False,
    "GLOBAL_CALLBACK": "bookings.admin.parts.banners.add_banners",
    "DASHBOARD_CALLBACK": "bookings.admin.today.page.add_today",
    "ACCOUNT": {"navigation": "bookings.admin.parts.second_factor.list_account_links"},
    # What the palette finds, see `bookings.admin.search`.
    "SIDEBAR": {"show_search": True, "navigation": "bookings.admin.parts.navigation.list_navigation"},
}

# A grid of limits has an input for each: of every five minutes of a day, or of forty services by weekday.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3000

# Language, time, mail, logs

LANGUAGE_CODE = "en-gb"
# One: unfold makes a list of all of them on each page.
LANGUAGES = [(LANGUAGE_CODE, "British English")]
# As the language has it: the date filters of unfold read them from here.
DATE_INPUT_FORMATS = ["%d/%m/%Y", "%Y-%m-%d"]
TIME_ZONE = "UTC"
USE_TZ = True

vars().update(env.email_url("EMAIL_URL", default="consolemail://"))

LOGGING = logging_of(log_format=read_log_format(), level=read_log_level())

METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
PROMETHEUS_EXPORT_MIGRATIONS = False
# prometheus_client looks at this variable when it is imported: set to nothing, it would take the
# working directory, and it does not make a directory that is not there.
if _metrics_directory := env.str("PROMETHEUS_MULTIPROC_DIR", default=""):
    Path(_metrics_directory).mkdir(parents=True, exist_ok=True)
else:
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
