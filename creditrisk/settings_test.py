"""Settings of the test suite: the same file, with quick hashing and no manifest of static files."""

import base64
import hashlib
import os


def _key(name: str) -> str:
    return base64.b64encode(hashlib.sha256(name.encode()).digest()).decode()


os.environ["CREDITRISK_ENV"] = "test"
os.environ.setdefault("SECRET_KEY", "only-for-tests-" + _key("secret"))
os.environ.setdefault("FIELD_ENCRYPTION_KEYS", f"t2:{_key('t2')},t1:{_key('t1')}")
os.environ.setdefault("BLIND_INDEX_KEY", _key("blind"))
os.environ.setdefault("MODEL_SIGNING_KEY", _key("signing"))

from creditrisk.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
AXES_ENABLED = False
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
