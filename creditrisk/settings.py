"""The settings of every process: one file, values from the environment, no secret with a default.

`CREDITRISK_ENV` says what this is: `production` (the default: strict), `demo` (the local
demonstration, plain HTTP on this machine) or `test`.
"""

from datetime import timedelta
from pathlib import Path

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from creditrisk.env import Env, SettingRefused, database, refuse_shared, refuse_weak

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT = env.text("CREDITRISK_ENV", "production")
if ENVIRONMENT not in {"production", "demo", "test"}:
    raise SettingRefused("CREDITRISK_ENV must be production, demo or test.")
PRODUCTION = ENVIRONMENT == "production"
DEBUG = False

# --- secrets -------------------------------------------------------------------------------
SECRET_KEY = env.text("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS", "")
FIELD_ENCRYPTION_KEYS = env.keyring("FIELD_ENCRYPTION_KEYS")
BLIND_INDEX_KEY = env.key("BLIND_INDEX_KEY")
MODEL_SIGNING_KEY = env.key("MODEL_SIGNING_KEY")
refuse_shared(
    {f"FIELD_ENCRYPTION_KEYS {key_id}": key for key_id, key in FIELD_ENCRYPTION_KEYS.items()}
    | {"BLIND_INDEX_KEY": BLIND_INDEX_KEY, "MODEL_SIGNING_KEY": MODEL_SIGNING_KEY}
)
if PRODUCTION:
    # A former key still opens sessions and makes links for new passwords.
    refuse_weak("SECRET_KEY", SECRET_KEY)
    for _former in SECRET_KEY_FALLBACKS:
        refuse_weak("SECRET_KEY_FALLBACKS", _former)

# --- who may talk to us --------------------------------------------------------------------
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", None if PRODUCTION else "localhost,127.0.0.1,[::1]")
if PRODUCTION and "*" in ALLOWED_HOSTS:
    raise SettingRefused("ALLOWED_HOSTS must name hosts in production; * lets anyone in.")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", "")
if PRODUCTION and not all(origin.startswith("https://") for origin in CSRF_TRUSTED_ORIGINS):
    raise SettingRefused("CSRF_TRUSTED_ORIGINS must begin with https:// in production.")
# How many proxies stand in front of us: their X-Forwarded-* headers are trusted, others are not.
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0, most=9)
HTTPS = env.flag("HTTPS", default=PRODUCTION)
if PRODUCTION and not HTTPS:
    raise SettingRefused("HTTPS must be yes in production: without it cookies travel in clear.")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^api/v1/(health|ready)$"]
# Where applicants reach us, for the links in letters; without it letters carry none.
PUBLIC_ADDRESS = env.text("PUBLIC_ADDRESS", "")
if PRODUCTION and PUBLIC_ADDRESS and not PUBLIC_ADDRESS.startswith("https://"):
    raise SettingRefused("PUBLIC_ADDRESS must begin with https:// in production.")
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * env.number("SESSION_MINUTES", 600, least=5, most=24 * 60)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_ENGINE = "django.contrib.sessions.backends.db"
CSRF_FAILURE_VIEW = "apps.core.problems.csrf_failure"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        # Plotly writes its style element and style attributes; both are limited to that.
        "style-src-elem": [SELF, NONCE],
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- applications --------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "guardian",
    "auditlog",
    "pgtrigger",
    "axes",
    "csp",
    "django_htmx",
    "apps.core",
    "apps.accounts",
    "apps.audit",
    "apps.letters",
    "apps.ledger",
    "apps.customers",
    "apps.schedules",
    "apps.products",
    "apps.scoring",
    "apps.applications",
    "apps.collateral",
    "apps.decisions",
    "apps.offers",
    "apps.loans",
    "apps.repayments",
    "apps.debits",
    "apps.servicing",
    "apps.npa",
    "apps.portfolio",
    "apps.impairment",
    "apps.stress",
    "apps.collections",
    "apps.desk",
    "apps.appeals",
    "apps.bulk",
    "apps.laboratory",
    "apps.governance",
    "apps.monitoring",
    "apps.dashboards",
    "apps.portal",
    "apps.demo",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "apps.core.middleware.ContentPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.core.middleware.RequestIdentity",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "apps.core.middleware.BodyLimit",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.core.middleware.SignInRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.core.middleware.RowHistory",
    "apps.core.middleware.Personal",
    "apps.core.middleware.DomainErrors",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "creditrisk.urls"
WSGI_APPLICATION = "creditrisk.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.core.context.navigation",
                "apps.core.context.notices",
            ],
        },
    }
]

# --- services ------------------------------------------------------------------------------
DATABASES = {
    "default": {
        **database(env.text("DATABASE_URL")),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        # Behind a pooler that hands each transaction another connection nothing stays on one.
        "DISABLE_SERVER_SIDE_CURSORS": env.flag("DATABASE_POOLED", default=False),
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.address("CACHE_URL", ("redis", "rediss", "unix")),
    }
}
# Brokers over files or SQL lose tasks; they are not accepted.
BROKERS = ("redis", "rediss", "redis+socket", "sentinel", "amqp", "amqps")
CELERY_BROKER_URL = env.address("CELERY_BROKER_URL", BROKERS)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "decisions"
CELERY_TASK_ROUTES = {
    "bulk.*": {"queue": "batch"},
    "governance.*": {"queue": "training"},
    "governance.end_trials": {"queue": "batch"},
    "laboratory.*": {"queue": "training"},
    "stress.*": {"queue": "training"},
    "repayments.check_statement": {"queue": "batch"},
    "repayments.post_statement": {"queue": "batch"},
    "debits.post_answers": {"queue": "batch"},
    "debits.prepare": {"queue": "batch"},
    "npa.make_return": {"queue": "batch"},
    "npa.make_waiting_returns": {"queue": "batch"},
    "portfolio.summarise": {"queue": "batch"},
    "impairment.measure": {"queue": "batch"},
    "monitoring.measure": {"queue": "batch"},
    "monitoring.measure_model": {"queue": "batch"},
    "scoring.score_shadows": {"queue": "batch"},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 4 * 3600,  # longer than the longest task
    # With Celery's defaults the task of a killed worker comes back only after 100 seconds.
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 2, "interval_start": 0, "interval_max": 0.2}
CELERY_TIMEZONE = "UTC"
# The worker writes its lines in our format, too.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# --- people --------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "apps.accounts.permissions.RolePermissions",
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 86_400  # seconds a link for setting a password works
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "dashboards:home"
LOGOUT_REDIRECT_URL = "accounts:sign_in"
# Django hands the e-mail over as `username`; axes would look for the name of our field.
AXES_USERNAME_FORM_FIELD = "username"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "apps.core.addresses.client_network"
AXES_LOCKOUT_CALLABLE = "apps.accounts.views.sessions.locked_out"
AXES_ENABLE_ADMIN = False
AXES_SENSITIVE_PARAMETERS = ["username"]
AXES_VERBOSE = False
GUARDIAN_RAISE_403 = False
ANONYMOUS_USER_NAME = None
AUDITLOG_INCLUDE_TRACKING_MODELS = ()

# --- API -----------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.core.api_guards.TokenAuthentication",
        "apps.core.api_guards.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.core.api_guards.DeclaredPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.api_guards.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["apps.core.api_guards.Throttle"],
    "DEFAULT_THROTTLE_RATES": {"sign_in": env.rate("SIGN_IN_RATE", "20/min")},
    "EXCEPTION_HANDLER": "apps.core.api.one_error_shape",
    "COERCE_DECIMAL_TO_STRING": True,
    "NUM_PROXIES": TRUSTED_PROXIES,
}
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "USER_ID_CLAIM": "sub",
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=10),
    "REFRESH_TOKEN_LIFETIME": timedelta(hours=12),
    # A changed password, and access withdrawn, end tokens as they end sessions.
    "CHECK_REVOKE_TOKEN": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CreditRisk API",
    "DESCRIPTION": "Credit decisions that can be explained, defended and replayed.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    # Lists of choices that share a field's name get names of their own.
    "ENUM_NAME_OVERRIDES": {
        "SpokenThrough": "apps.customers.wordings.CHANNEL_CODES",
        "ApplicationChannel": "apps.applications.models.Application.Channel",
        "LoanPurpose": "apps.products.models.Purpose",
        "AllocationBucket": "apps.products.models.Conditions.Bucket",
        "ConsentPurpose": "apps.customers.models.Consent.Purpose",
        "CollateralKind": "apps.applications.models.Collateral.Kind",
        "ObligationKind": "apps.customers.models.Obligation.Kind",
        "DecisionKind": "apps.decisions.models.Decision.Kind",
        "DecisionOutcome": "apps.decisions.models.Outcome",
        "ReasonKind": "apps.decisions.models.ListedReason.Kind",
        "ReviewVerdict": "apps.decisions.models.ListedReason.Verdict",
        "ReviewState": "apps.decisions.lifecycle.LIFECYCLE.states",
        "PaperState": "apps.decisions.checklist.STATES",
        "MemoSection": "apps.desk.memo_text.CODES",
        "InterestNumber": "apps.desk.interest_api.NUMBERS",
        "ExceptionReason": "apps.decisions.models.OverrideReason",
        "IncomeVerification": "apps.customers.models.Employment.Verification",
        "EmploymentType": "apps.customers.models.Employment.Type",
        "OfferState": "apps.offers.lifecycle.LIFECYCLE.states",
        "AnsweredThrough": "apps.offers.serializers.ANSWERED_THROUGH",
        "RecordedThrough": "apps.offers.serializers.ACCEPTED_THROUGH",
        "ItemKind": "apps.collateral.models.Kind",
        "ItemState": "apps.collateral.lifecycle.LIFECYCLE.states",
        "ReleaseState": "apps.collateral.lifecycle.RELEASES.states",
        "ValuationMethod": "apps.collateral.models.Method",
        "RepaymentMethod": "apps.schedules.serializers.METHODS",
        "ApplicationState": "apps.applications.lifecycle.LIFECYCLE.states",
        "PaymentChannel": "apps.repayments.services.holding.CHANNELS",
        "ReturnKind": "apps.npa.models.Return.Kind",
        "PromiseChannel": "apps.repayments.models.Promise.Channel",
    },
}

# --- language, time, files -----------------------------------------------------------------
LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = "creditrisk.formats"
LANGUAGES = [("en", _("English")), ("hi", _("Hindi")), ("sw", _("Swahili"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(BASE_DIR / "var" / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
# The form of a policy of 80 rules and several ladders has that many; the size above bounds it, too.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
DOCUMENT_MAX_BYTES = 1_048_576 * env.number("DOCUMENT_MAX_MEGABYTES", 10, least=1, most=100)
# Files of applications: how large, how many rows, and how many workers are at one file at once.
BULK_MAX_BYTES = 1_048_576 * env.number("BULK_MAX_MEGABYTES", 25, least=1, most=500)
BULK_MAX_ROWS = env.number("BULK_MAX_ROWS", 10_000, least=1, most=100_000)
BULK_LANES = env.number("BULK_LANES", 2, least=1, most=32)

# --- e-mail --------------------------------------------------------------------------------
# Without a server production sends nothing and says so; every letter then waits for a person.
EMAIL_HOST = env.text("EMAIL_HOST", "")
EMAIL_PORT = env.number("EMAIL_PORT", 587, least=1, most=65_535)
EMAIL_HOST_USER = env.text("EMAIL_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_PASSWORD", "")
EMAIL_SECURITY = env.text("EMAIL_SECURITY", "starttls")
if EMAIL_SECURITY not in {"starttls", "tls", "none"}:
    raise SettingRefused("EMAIL_SECURITY must be starttls, tls or none.")
if PRODUCTION and EMAIL_SECURITY == "none" and EMAIL_HOST not in {"", "localhost", "127.0.0.1"}:
    raise SettingRefused("EMAIL_SECURITY must be starttls or tls in production.")
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL_SECURITY == "starttls", EMAIL_SECURITY == "tls"
EMAIL_TIMEOUT = 20  # seconds for each answer of the server
EMAIL_FILE_PATH = BASE_DIR / "var" / "mail"
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", None if EMAIL_HOST else "letters@localhost")
_BACKENDS = {"production": "dummy", "demo": "filebased", "test": "locmem"}
_BACKEND = "smtp" if EMAIL_HOST else _BACKENDS[ENVIRONMENT]
EMAIL_BACKEND = f"django.core.mail.backends.{_BACKEND}.EmailBackend"
LETTERS_BY_EMAIL = _BACKEND != "dummy"

# --- webhooks ------------------------------------------------------------------------------
# The only hosts that alerts about the portfolio are sent to, and the secret they are signed with.
ALERT_WEBHOOK_HOSTS = env.words("ALERT_WEBHOOK_HOSTS", "")
ALERT_WEBHOOK_SECRET = env.text("ALERT_WEBHOOK_SECRET", "")
if ALERT_WEBHOOK_HOSTS and len(ALERT_WEBHOOK_SECRET) < 32:
    raise SettingRefused("ALERT_WEBHOOK_SECRET must have at least 32 characters.")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": "apps.core.logs.formatter", "json": PRODUCTION}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {"django.request": {"level": "ERROR"}},
}
