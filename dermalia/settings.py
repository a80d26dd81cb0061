"""One file, read from the environment; it refuses to start on nonsense.

``DERMALIA_MODE`` is ``embedded`` (one machine, services from wheels, secrets made on first
start) or ``production`` (everything named by the operator, any value also as ``NAME_FILE``).
"""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from dermalia import content_policy, timetable
from dermalia.embedded import environment, prepare
from dermalia.embedded.local import LocalSetup, load, local_environment, require_undisputed
from dermalia.environment import Environment
from dermalia.operations.logs.configuration import logging_by
from dermalia.storages import storages

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()

MODE: str = env("DERMALIA_MODE")
if MODE not in {"embedded", "production"}:
    raise ImproperlyConfigured(f"DERMALIA_MODE is {MODE!r}; it must be embedded or production.")
EMBEDDED = MODE == "embedded"  # Postgres, Redis and S3 come from wheels, on this machine

DATA_DIR = Path(env("DERMALIA_DATA", default=str(BASE_DIR / "data"))).resolve()
LOCAL_SETUP: LocalSetup | None = None
if EMBEDDED:
    for name, value in prepare(DATA_DIR).items():
        env.ENVIRON.setdefault(name, value)
    LOCAL_SETUP = load(DATA_DIR)
# A practice's own server works with patients: production's protections on embedded services.
LOCAL = LOCAL_SETUP is not None
# For trying out, on this machine alone. Nothing that protects a patient may rest on EMBEDDED.
TRIAL = EMBEDDED and not LOCAL
if LOCAL_SETUP is not None:
    decided = {**environment(DATA_DIR), **local_environment(LOCAL_SETUP)}
    require_undisputed(decided, env.ENVIRON)

DEBUG: bool = env.bool("DERMALIA_DEBUG", default=False)
if DEBUG and not TRIAL:
    raise ImproperlyConfigured("DERMALIA_DEBUG is on: debug pages would show health data.")

SECRET_KEY: str = env("DERMALIA_SECRET_KEY")
LINK_PEPPER: str = env("DERMALIA_LINK_PEPPER")
if min(len(SECRET_KEY), len(LINK_PEPPER)) < 32:
    raise ImproperlyConfigured(
        "DERMALIA_SECRET_KEY and DERMALIA_LINK_PEPPER need at least 32 characters each."
    )
# Root keys: a file of this installation's own, a key management service, or both while moving.
KMS_KEYS: str = env("DERMALIA_KMS_KEYS", default="")
KMS_ACCESS_KEY: str = env("DERMALIA_KMS_ACCESS_KEY") if KMS_KEYS else ""
KMS_SECRET_KEY: str = env("DERMALIA_KMS_SECRET_KEY") if KMS_KEYS else ""
KMS_ENDPOINT: str = env("DERMALIA_KMS_ENDPOINT", default="")
if not KMS_KEYS or env("DERMALIA_KEYRING_FILE", default=""):
    KEYRING_FILE: Path | None = Path(env("DERMALIA_KEYRING_FILE"))
else:
    KEYRING_FILE = None
AUDIT_SIGNING_KEY_FILE = Path(env("DERMALIA_AUDIT_SIGNING_KEY_FILE"))

PUBLIC_URL: str = env("DERMALIA_PUBLIC_URL", default="http://localhost:8000" if TRIAL else "")
if not TRIAL and not PUBLIC_URL.startswith("https://"):
    raise ImproperlyConfigured("DERMALIA_PUBLIC_URL must be the https address patients open.")
ALLOWED_HOSTS: list[str] = env.list(
    "DERMALIA_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if TRIAL else []
)
# The admin's own origin; without one there is no admin. Browsers reach any name below localhost.
ADMIN_URL: str = env(
    "DERMALIA_ADMIN_URL",
    default=PUBLIC_URL.replace("//localhost", "//admin.localhost") if TRIAL else "",
)
ADMIN_HOST: str = urlsplit(ADMIN_URL).hostname or ""
PUBLIC_HOST: str = urlsplit(PUBLIC_URL).hostname or ""
if ADMIN_HOST == PUBLIC_HOST and TRIAL:
    ADMIN_URL = ADMIN_HOST = ""  # not on localhost and nothing said: no admin
if ADMIN_HOST:
    if not TRIAL and not ADMIN_URL.startswith("https://"):
        raise ImproperlyConfigured("DERMALIA_ADMIN_URL must be an https address.")
    # Pages of a host may ask for the passkeys of any host above it.
    if f".{PUBLIC_HOST}".endswith(f".{ADMIN_HOST}"):
        raise ImproperlyConfigured(
            "DERMALIA_ADMIN_URL must be on a host of its own, not on or above the public one."
        )
    ALLOWED_HOSTS = [*ALLOWED_HOSTS, ADMIN_HOST]

# --- Where data may be (R1): checked against the register when the applications load.

S3_REGION: str = env("DERMALIA_S3_REGION")
S3_BACKUP_REGION: str = env("DERMALIA_S3_BACKUP_REGION", default=S3_REGION)
DECLARED_REGIONS: dict[str, str] = {
    "object storage": S3_REGION,
    "backup storage": S3_BACKUP_REGION,
    **(
        {}
        if EMBEDDED
        else {
            "database": env("DERMALIA_DATABASE_REGION"),
            "cache": env("DERMALIA_REDIS_REGION"),
            "workers": env("DERMALIA_WORKER_REGION"),
        }
    ),
}

# Who runs the machines there, for the register: companies in the EEA; nobody else's on one's own.
HOSTING: dict[str, dict[str, str]] = {}
if not EMBEDDED:
    hosting_entity: str = env("DERMALIA_HOSTING_ENTITY", default="")
    hosting_country: str = env("DERMALIA_HOSTING_COUNTRY", default="")
    storage_entity: str = env("DERMALIA_STORAGE_ENTITY", default=hosting_entity)
    storage_country: str = env("DERMALIA_STORAGE_COUNTRY", default=hosting_country)
    HOSTING = {
        "hosting": {
            "entity": hosting_entity,
            "country": hosting_country,
            "region": DECLARED_REGIONS["workers"],
        },
        "storage": {
            "entity": storage_entity,
            "country": storage_country,
            "region": S3_REGION,
        },
        "backup-storage": {
            "entity": env("DERMALIA_BACKUP_STORAGE_ENTITY", default=storage_entity),
            "country": env("DERMALIA_BACKUP_STORAGE_COUNTRY", default=storage_country),
            "region": S3_BACKUP_REGION,
        },
    }
# Whether somebody said whose machines the backups are on, rather than left it to be assumed.
BACKUP_STORAGE_STATED = bool(env("DERMALIA_BACKUP_STORAGE_ENTITY", default=""))

# --- Applications

INSTALLED_APPS = [
    "dermalia.sandbox",
    "dermalia.local",
    "dermalia.embedded",
    "dermalia.residency",
    "dermalia.tenancy",
    "dermalia.sealing",
    "dermalia.work",
    "dermalia.operations",
    "audit",
    "practices",
    "scans",
    "reports",
    "retention",
    "backups",
    "onboarding",
    "operators",
    "exports",
    "closing",
    "documents",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "website",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "storages",
]
MIDDLEWARE = [
    "dermalia.operations.middleware.Watch",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "dermalia.headers.KeepPrivate",
    "operators.hosts.AdminHost",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "operators.hosts.WhoIsAtTheAdmin",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "dermalia.urls"
WSGI_APPLICATION = "dermalia.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "dermalia.folding.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        # Those of Django's admin, below ours.
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dermalia.context.operator",
            ],
        },
    }
]
OPERATOR = {
    "name": env("DERMALIA_OPERATOR_NAME", default="Mosaic Medical UG (haftungsbeschränkt)"),
    "street": env("DERMALIA_OPERATOR_STREET", default="Stubbenhof 16"),
    "city": env("DERMALIA_OPERATOR_CITY", default="21147 Hamburg"),
    "email": env("DERMALIA_OPERATOR_EMAIL", default="kontakt@dermalia.de"),
    # Who may act for the company, and its entry in the commercial register: not ours to invent.
    "represented_by": env("DERMALIA_OPERATOR_REPRESENTED_BY", default=""),
    "register": env("DERMALIA_OPERATOR_REGISTER", default=""),
    "vat_id": env("DERMALIA_OPERATOR_VAT_ID", default=""),
}
# Where questions to the data protection officer go.
PRIVACY_EMAIL: str = env("DERMALIA_PRIVACY_EMAIL", default=OPERATOR["email"])

# --- Postgres: the application's role owns no table and cannot bypass row-level security


# Behind PgBouncer in transaction mode nothing may outlive a transaction (docs/operations.md).
DATABASE_POOLED: bool = env.bool("DERMALIA_DATABASE_POOLED", default=False)


def database(name: str) -> dict[str, Any]:
    config: dict[str, Any] = dict(env.db(name))
    # A socket directory arrives percent-encoded, as libpq's URLs want it.
    config["HOST"] = unquote(config["HOST"])
    return (
        config
        | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
        | {
            "ATOMIC_REQUESTS": False,
            "DISABLE_SERVER_SIDE_CURSORS": DATABASE_POOLED,
        }
    )


DATABASES: dict[str, dict[str, Any]] = {
    "default": database("DERMALIA_DATABASE_URL"),
    "sweeper": database("DERMALIA_DATABASE_SWEEPER_URL"),
}
if env("DERMALIA_DATABASE_OWNER_URL", default=""):
    DATABASES["owner"] = database("DERMALIA_DATABASE_OWNER_URL")
# Reads, across practices, the columns that administrators may see, and nothing else.
if ADMIN_HOST:
    DATABASES["admin"] = database("DERMALIA_DATABASE_ADMIN_URL")
# Only where backups are made: both roles see every row of their schema.
for alias in ("backup", "keystore_backup"):
    if env(f"DERMALIA_DATABASE_{alias.upper()}_URL", default=""):
        DATABASES[alias] = database(f"DERMALIA_DATABASE_{alias.upper()}_URL")

# --- Redis: nudges and cache; nothing is lost with it

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env("DERMALIA_CACHE_URL"),
    }
}

# --- Objects

S3_BUCKET: str = env("DERMALIA_S3_BUCKET")
S3_ACCESS_KEY: str = env("DERMALIA_S3_ACCESS_KEY")
S3_SECRET_KEY: str = env("DERMALIA_S3_SECRET_KEY")
# What vouches for the audit log lies beside the data, best under an account of its own.
CHECKPOINT_BUCKET: str = env("DERMALIA_S3_CHECKPOINT_BUCKET")
if CHECKPOINT_BUCKET == S3_BUCKET:
    raise ImproperlyConfigured("DERMALIA_S3_CHECKPOINT_BUCKET must name a bucket of its own.")
# Backups, and the copy of the erasure ledger that outlives the database (docs/backups.md).
BACKUP_BUCKET: str = env("DERMALIA_S3_BACKUP_BUCKET")
LEDGER_BUCKET: str = env("DERMALIA_S3_LEDGER_BUCKET")
if len({S3_BUCKET, CHECKPOINT_BUCKET, BACKUP_BUCKET, LEDGER_BUCKET}) < 4:
    raise ImproperlyConfigured(
        "DERMALIA_S3_BACKUP_BUCKET and DERMALIA_S3_LEDGER_BUCKET must each name a bucket of its own"
        " (docs/backups.md)."
    )

STORAGES = storages(
    env,
    embedded=EMBEDDED,
    data={
        "name": S3_BUCKET,
        "region": S3_REGION,
        "access_key": S3_ACCESS_KEY,
        "secret_key": S3_SECRET_KEY,
    },
    checkpoints=CHECKPOINT_BUCKET,
    backup={"backup": BACKUP_BUCKET, "ledger": LEDGER_BUCKET},
    backup_region=S3_BACKUP_REGION,
)

# --- Backups: their keys lie apart from the keyring, best on another machine (docs/backups.md)

# Public keys that backups are sealed to; and, only where it may open them, the private ones.
BACKUP_RECIPIENTS_FILE = Path(env("DERMALIA_BACKUP_RECIPIENTS_FILE"))
BACKUP_KEYS: Path | None = (
    Path(env("DERMALIA_BACKUP_KEYS")) if env("DERMALIA_BACKUP_KEYS", default="") else None
)
# Days after which an erased report's key has left every backup; and every backup of data.
BACKUP_KEYSTORE_DAYS: int = env.int("DERMALIA_BACKUP_KEYSTORE_DAYS", default=7)
BACKUP_DATA_DAYS: int = env.int("DERMALIA_BACKUP_DATA_DAYS", default=30)
BACKUP_DATA_KEY_DAYS: int = env.int("DERMALIA_BACKUP_DATA_KEY_DAYS", default=30)
BACKUP_HOURS: int = env.int("DERMALIA_BACKUP_HOURS", default=24)
DRILL_DAYS: int = env.int("DERMALIA_DRILL_DAYS", default=30)
if BACKUP_KEYSTORE_DAYS < 2 or min(BACKUP_DATA_DAYS, BACKUP_DATA_KEY_DAYS, BACKUP_HOURS) < 1:
    raise ImproperlyConfigured(
        "DERMALIA_BACKUP_KEYSTORE_DAYS must be at least 2, the other DERMALIA_BACKUP_* at least 1."
    )
# An empty database of the same owner, which a drill fills and empties again.
DRILL_DATABASE: str = env("DERMALIA_DRILL_DATABASE", default="")
# Where pg_dump and pg_restore are, if not in their wheel: for a server newer than theirs.
POSTGRES_PROGRAMS: str = env("DERMALIA_POSTGRES_PROGRAMS", default="")
# What must hold before a process serves or works, told by the apps above the platform.
START_CHECKS = [
    "backups.boot.require_replayed",
    "onboarding.domain.text_lock.require_locked",
    "onboarding.domain.announcing.require_announced",
]
# What writes down, in web, workers and beat, that a connection was refused (docs/residency.md).
REFUSED_CONNECTIONS = "operators.domain.refused.write_down"

# --- Jobs: what must hold among these is checked at every start (docs/jobs.md says why)

WORK_LEASE_SECONDS: int = env.int("DERMALIA_WORK_LEASE_SECONDS", default=180)
WORK_SWEEP_SECONDS: float = env.float("DERMALIA_WORK_SWEEP_SECONDS", default=5)
WORK_GRACE_SECONDS: float = env.float("DERMALIA_WORK_GRACE_SECONDS", default=10)
WORK_NUDGE_TIMEOUT_SECONDS: float = env.float("DERMALIA_WORK_NUDGE_TIMEOUT_SECONDS", default=0.25)
WORK_BROKER_REST_SECONDS: float = env.float("DERMALIA_WORK_BROKER_REST_SECONDS", default=10)
WORK_PERIODIC = timetable.PERIODIC
# Touched after each sweep, for whoever watches over a worker from outside.
WORK_SIGN_OF_LIFE: str = env("DERMALIA_SIGN_OF_LIFE", default="")
DISCOVER_SECONDS: float = env.float("DERMALIA_DISCOVER_SECONDS", default=3 if EMBEDDED else 30)
CELERY_BROKER_URL: str = env("DERMALIA_REDIS_URL")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False  # the row's lease brings it back, and counts
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_LOST_WAIT = 1.0  # seconds that a killed process keeps its place in the pool
CELERY_TASK_SOFT_TIME_LIMIT: int = env.int("DERMALIA_TASK_SOFT_SECONDS", default=120)
CELERY_TASK_TIME_LIMIT: int = env.int("DERMALIA_TASK_HARD_SECONDS", default=150)
CELERY_VISIBILITY_TIMEOUT = 3600
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": CELERY_VISIBILITY_TIMEOUT}
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": CELERY_VISIBILITY_TIMEOUT,
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
    "max_retries": 0,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker without Redis still works, and waits
CELERY_TASK_PUBLISH_RETRY = False  # a nudge that fails is made up for by the sweep
CELERY_TASK_DEFAULT_QUEUE = timetable.DEFAULT_QUEUE
CELERY_TASK_ROUTES = timetable.QUEUES
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "discover": {
        "task": "scans.tasks.discover_all",
        "schedule": DISCOVER_SECONDS,
        "options": {"expires": DISCOVER_SECONDS},
    },
    "audit checkpoint": {
        "task": "audit.tasks.checkpoint",
        "schedule": 3600.0,
        "options": {"queue": "erase", "expires": 3600},
    },
}

# --- Mail

RESEND_API_KEY: str = env("DERMALIA_RESEND_API_KEY", default="")
RESEND_URL: str = env("DERMALIA_RESEND_URL", default="https://api.resend.com")
# What signs the messages about mails that come to /hooks/resend/; without it none is believed.
RESEND_WEBHOOK_SECRET: str = env("DERMALIA_RESEND_WEBHOOK_SECRET", default="")
RESEND_PER_SECOND: float = env.float("DERMALIA_RESEND_PER_SECOND", default=2)
# An SMTP relay in the EEA, for practices that choose it.
MAIL_RELAY: dict[str, Any] = {}
if env("DERMALIA_MAIL_RELAY_HOST", default=""):
    MAIL_RELAY = {
        "host": env("DERMALIA_MAIL_RELAY_HOST"),
        "port": env.int("DERMALIA_MAIL_RELAY_PORT", default=587),
        "security": env("DERMALIA_MAIL_RELAY_SECURITY", default="starttls"),
        "username": env("DERMALIA_MAIL_RELAY_USER"),
        "password": env("DERMALIA_MAIL_RELAY_PASSWORD"),
        "entity": env("DERMALIA_MAIL_RELAY_ENTITY"),
        "country": env("DERMALIA_MAIL_RELAY_COUNTRY"),
    }
# How mails leave where a practice has chosen nothing: resend, relay or own.
MAIL_CARRIER: str = env("DERMALIA_MAIL_CARRIER", default="resend")
if MAIL_CARRIER not in {"resend", "relay", "own"} or (MAIL_CARRIER == "relay" and not MAIL_RELAY):
    raise ImproperlyConfigured("DERMALIA_MAIL_CARRIER must be resend, own, or a relay set up here.")
MAIL_FROM: str = env("DERMALIA_MAIL_FROM", default="link@dermalia.de")
if not TRIAL and MAIL_CARRIER == "resend" and not RESEND_API_KEY:
    raise ImproperlyConfigured("DERMALIA_RESEND_API_KEY is missing: no patient would get a link.")

# The authority of a practice's own mail server, where the public ones do not vouch for it.
MAIL_AUTHORITY: str = env("DERMALIA_MAIL_AUTHORITY", default="")
if LOCAL and (RESEND_API_KEY or MAIL_RELAY or KMS_KEYS):
    raise ImproperlyConfigured(
        "A practice's own server calls no service outside: leave DERMALIA_RESEND_API_KEY,"
        " DERMALIA_MAIL_RELAY_HOST and DERMALIA_KMS_KEYS away."
    )

# Hosts on this machine that stand in for outside services; never in production.
SANDBOX_ORIGINS: list[str] = env.list("DERMALIA_SANDBOX_ORIGINS", default=[])
if SANDBOX_ORIGINS and not TRIAL:
    raise ImproperlyConfigured("DERMALIA_SANDBOX_ORIGINS is for trying Dermalia out only.")

# --- Conversion

# How many processors one conversion keeps busy. 0 shares a worker's out among its processes.
CONVERSION_PROCESSORS: int = env.int("DERMALIA_CONVERSION_PROCESSORS", default=0)
if CONVERSION_PROCESSORS < 0:
    raise ImproperlyConfigured("DERMALIA_CONVERSION_PROCESSORS must be 0, or at least 1.")

# --- Scans from folders

# Where scanners export to on this practice's own network; each practice has a folder below it.
SCAN_FOLDERS: Path | None = None
if env("DERMALIA_SCAN_FOLDERS", default=""):
    SCAN_FOLDERS = Path(env("DERMALIA_SCAN_FOLDERS")).resolve()

# --- What the operator has to show before a practice works with patients

C5_EVIDENCE: list[str] = env.list("DERMALIA_C5", default=[])  # provider=type=last day
DPA_CONCLUDED: list[str] = env.list("DERMALIA_DPA_CONCLUDED", default=[])  # service=day
# What a service in a third country needs before it is used (dermalia/residency/transfers.py), and
# companies that practices are told of beforehand (dermalia/residency/announced.py).
TRANSFER_CLAUSES: list[str] = env.list("DERMALIA_SCC", default=[])
ANNOUNCED: list[str] = env.list("DERMALIA_ANNOUNCED", default=[])

# --- Promises with a number in them

RETENTION_AESTHETIC_MONTHS: int = env.int("DERMALIA_RETENTION_AESTHETIC_MONTHS", default=24)
RETENTION_MEDICAL_YEARS: int = env.int("DERMALIA_RETENTION_MEDICAL_YEARS", default=10)
ERASURE_LIMIT_SECONDS: int = env.int("DERMALIA_ERASURE_LIMIT_SECONDS", default=60)
LINK_LENGTH = 25
PROXIES: int = env.int("DERMALIA_PROXIES", default=0)  # our own, in front of the web server
# A month to answer what somebody asks about their data (Art. 12(3) GDPR).
RIGHTS_MONTHS: int = env.int("DERMALIA_RIGHTS_MONTHS", default=1)
VISIT_DAYS: int = env.int("DERMALIA_VISIT_DAYS", default=90)
REPORT_COOKIE_SECONDS: int = env.int("DERMALIA_REPORT_COOKIE_SECONDS", default=3600)
SIGN_IN_LINK_SECONDS: int = env.int("DERMALIA_SIGN_IN_LINK_SECONDS", default=8 * 3600)
# How long a practice's export can be taken, and how long for after showing a factor.
EXPORT_DAYS: int = env.int("DERMALIA_EXPORT_DAYS", default=7)
EXPORT_GRANT_SECONDS: int = env.int("DERMALIA_EXPORT_GRANT_SECONDS", default=3600)
INVITATION_SECONDS: int = env.int("DERMALIA_INVITATION_SECONDS", default=3 * 24 * 3600)
INVITATIONS_PER_DAY: int = env.int("DERMALIA_INVITATIONS_PER_DAY", default=30)

# --- Sign-in and sessions

AUTH_USER_MODEL = "practices.User"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # e-mail is unique whatever its case: a constraint
AUTHENTICATION_BACKENDS = ["practices.backends.LinkBackend"]
LOGIN_URL = "practices:sign_in"
STAFF_IDLE_SECONDS: int = env.int("DERMALIA_STAFF_IDLE_SECONDS", default=30 * 60)
STAFF_SESSION_SECONDS: int = env.int("DERMALIA_STAFF_SESSION_SECONDS", default=12 * 3600)
ADMIN_IDLE_SECONDS: int = env.int("DERMALIA_ADMIN_IDLE_SECONDS", default=15 * 60)
ADMIN_SESSION_SECONDS: int = env.int("DERMALIA_ADMIN_SESSION_SECONDS", default=8 * 3600)
ADMIN_LINK_SECONDS: int = env.int("DERMALIA_ADMIN_LINK_SECONDS", default=15 * 60)
ADMIN_GRANT_SECONDS: int = env.int("DERMALIA_ADMIN_GRANT_SECONDS", default=30 * 60)
STAFF_FRESH_SECONDS: int = env.int("DERMALIA_STAFF_FRESH_SECONDS", default=5 * 60)
# scrypt is memory-hard and comes with Python; a password alone opens nothing anyway.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
PASSWORD_LENGTH = 12
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": PASSWORD_LENGTH},
    },
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email"]},
    },
    {"NAME": "practices.domain.common_passwords.CommonPasswords"},
    {
        "NAME": "practices.domain.guessable.GuessableWords",
        "OPTIONS": {"min_length": PASSWORD_LENGTH},
    },
]
SESSION_ENGINE = "practices.browser_sessions"
SESSION_COOKIE_AGE = STAFF_SESSION_SECONDS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not TRIAL
CSRF_COOKIE_HTTPONLY = True
if not TRIAL:  # by http, as on one's own machine, browsers refuse such names
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"

# --- Browsers

SECURE_SSL_REDIRECT = not TRIAL
SECURE_HSTS_SECONDS = 0 if TRIAL else 63_072_000
# A practice's own server speaks for its own name, not for what else the practice runs below it.
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not EMBEDDED
# Where no proxy is in front, the header would be the client's own word.
SECURE_PROXY_SSL_HEADER = None if LOCAL and not PROXIES else ("HTTP_X_FORWARDED_PROTO", "https")
# With no referrer at all browsers send forms with "Origin: null", which the CSRF check must
# refuse. Patients' pages, which need no such check, say no-referrer themselves.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = content_policy.POLICY

# --- Languages and time

LANGUAGE_CODE = "de"
LANGUAGES = [("de", "Deutsch"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "dermalia.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Berlin"

# --- Static files

STATIC_URL = "/static/"
STATIC_ROOT = None if EMBEDDED else BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = EMBEDDED
WHITENOISE_MIMETYPES = {".wasm": "application/wasm"}

# --- What whoever runs this sees of it (docs/operations.md)

# Where processes count, and where `manage.py metrics` shows it: to others only with a token.
METRICS_DIR: Path | None = None
if EMBEDDED or env("DERMALIA_METRICS_DIR", default=""):
    METRICS_DIR = Path(env("DERMALIA_METRICS_DIR", default=str(DATA_DIR / "run" / "metrics")))
METRICS_BIND: str = env("DERMALIA_METRICS_BIND", default="127.0.0.1:9464")
METRICS_TOKEN: str = env("DERMALIA_METRICS_TOKEN", default="")
LOG: str = env("DERMALIA_LOG", default="")  # json or text; whatever fits standard error
if LOG not in {"", "json", "text"}:
    raise ImproperlyConfigured(f"DERMALIA_LOG is {LOG!r}; it must be json or text.")
LOGGING = logging_by(LOG)
