"""Settings come from the environment, and what is missing or insecure is refused by its name."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from creditrisk.env import Env, SettingRefused, database

ROOT = Path(__file__).resolve().parents[1]
KEY, OTHER, THIRD = (base64.b64encode(bytes(range(n, n + 32))).decode() for n in range(3))
SOUND = {
    "CREDITRISK_ENV": "production",
    "SECRET_KEY": "k3y-of-fifty-characters-and-more-0123456789-abcdefghij",
    "FIELD_ENCRYPTION_KEYS": f"k1:{KEY}",
    "BLIND_INDEX_KEY": OTHER,
    "MODEL_SIGNING_KEY": THIRD,
    "ALLOWED_HOSTS": "credit.example.org",
    "DATABASE_URL": "postgresql://user:p%40ss@db.example.org:5433/credit?sslmode=require",
    "CACHE_URL": "redis://cache.example.org/0",
    "CELERY_BROKER_URL": "redis://broker.example.org/0",
}
NEEDED = [name for name in SOUND if name != "CREDITRISK_ENV"]
_SHOW = """
import json
from creditrisk import settings as s
print(json.dumps({name: getattr(s, name) for name in (
    "DEBUG", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE",
    "SESSION_COOKIE_HTTPONLY", "SECURE_HSTS_SECONDS", "ALLOWED_HOSTS", "ENVIRONMENT")}))
"""


def _start(variables: Mapping[str, str], script: str = _SHOW) -> subprocess.CompletedProcess[str]:
    """Read the settings in a process of its own, with nothing of ours in its environment."""
    environment = {**variables, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_it_starts_in_production_with_sound_values_and_is_strict() -> None:
    done = _start(SOUND)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "DEBUG": False,
        "SECURE_SSL_REDIRECT": True,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "ALLOWED_HOSTS": ["credit.example.org"],
        "ENVIRONMENT": "production",
    }


def test_it_is_production_where_nothing_is_said() -> None:
    done = _start({name: value for name, value in SOUND.items() if name != "CREDITRISK_ENV"})

    assert json.loads(done.stdout)["ENVIRONMENT"] == "production"


@pytest.mark.slow
@pytest.mark.parametrize("name", NEEDED)
def test_it_does_not_start_without(name: str) -> None:
    done = _start({key: value for key, value in SOUND.items() if key != name})

    assert done.returncode != 0
    assert f"SettingRefused: {name} is not set" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CREDITRISK_ENV", "staging"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 60),
        ("SECRET_KEY", "django-insecure-0123456789-abcdefghijklmnopqrstuvwxyz-x"),
        ("SECRET_KEY", "please-change-me-0123456789-abcdefghijklmnopqrstuvwxyz"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "credit.example.org,*"),
        ("FIELD_ENCRYPTION_KEYS", "k1:abc"),
        ("FIELD_ENCRYPTION_KEYS", f"k1:{KEY},k1:{KEY}"),
        ("FIELD_ENCRYPTION_KEYS", KEY),
        ("BLIND_INDEX_KEY", base64.b64encode(bytes(32)).decode()),
        ("MODEL_SIGNING_KEY", base64.b64encode(b"short").decode()),
        ("DATABASE_URL", "sqlite:///db.sqlite3"),
        ("HTTPS", "perhaps"),
        ("HTTPS", "no"),
        ("CELERY_BROKER_URL", "filesystem://"),
        ("CELERY_BROKER_URL", "sqla+postgresql://x/y"),
        ("CACHE_URL", "locmem://"),
        ("TRUSTED_PROXIES", "many"),
        ("TRUSTED_PROXIES", "-1"),
        ("SESSION_MINUTES", "0"),
        ("SESSION_MINUTES", "525600"),
        ("DOCUMENT_MAX_MEGABYTES", "-1"),
        ("SIGN_IN_RATE", "often"),
        ("SECRET_KEY_FALLBACKS", "short"),
        ("CSRF_TRUSTED_ORIGINS", "http://credit.example.org"),
        ("FIELD_ENCRYPTION_KEYS", f"k1:{KEY},k2:{KEY}"),
        ("BLIND_INDEX_KEY", KEY),
        ("MODEL_SIGNING_KEY", OTHER),
        ("CACHE_URL", "redis://["),
        ("DATABASE_URL", "postgresql://["),
    ],
)
def test_it_names_the_value_it_does_not_accept(name: str, value: str) -> None:
    done = _start({**SOUND, name: value})

    assert done.returncode != 0
    refusal = done.stderr.strip().splitlines()[-1]
    assert "SettingRefused" in refusal
    assert name in refusal


def test_it_never_repeats_a_secret_in_a_refusal() -> None:
    done = _start({**SOUND, "SECRET_KEY": "hunter2hunter2"})

    assert "hunter2" not in done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("yes", True), ("TRUE", True), ("1", True), ("on", True), ("no", False), ("0", False)],
)
def test_it_reads_a_yes_or_no(text: str, *, expected: bool) -> None:
    assert Env({"FLAG": text}).flag("FLAG", default=not expected) is expected


@pytest.mark.parametrize("text", ["2", "y", "ja", "truee"])
def test_it_refuses_a_flag_that_is_neither(text: str) -> None:
    with pytest.raises(SettingRefused, match="FLAG must be yes or no"):
        Env({"FLAG": text}).flag("FLAG", default=True)


@pytest.mark.parametrize("text", ["", "   "])
def test_it_takes_an_empty_value_as_missing(text: str) -> None:
    env = Env({"NAME": text})

    assert env.text("NAME", "default") == "default"
    assert env.flag("NAME", default=True) is True
    assert env.number("NAME", 7) == 7
    with pytest.raises(SettingRefused, match="NAME is not set"):
        env.text("NAME")


def test_it_reads_lists_numbers_and_keys() -> None:
    env = Env({"WORDS": " a, b,,c ", "NUMBER": "42", "KEYS": f"new:{KEY},old:{KEY}"})

    assert env.words("WORDS") == ["a", "b", "c"]
    assert env.number("NUMBER", 0) == 42
    assert list(env.keyring("KEYS")) == ["new", "old"]
    assert env.keyring("KEYS")["old"] == bytes(range(32))


@pytest.mark.parametrize("key_id", ["a|b", "", " ", "k\u00e9", "k" * 33])
def test_it_refuses_a_key_id_under_which_nothing_would_open_again(key_id: str) -> None:
    with pytest.raises(SettingRefused, match="KEYS must be a list"):
        Env({"KEYS": f"{key_id}:{KEY}"}).keyring("KEYS")


@pytest.mark.parametrize("rate", ["0/min", "20", "20/fortnight", "-1/min", "1e9/day", "20 / min"])
def test_it_refuses_a_rate_that_limits_nothing_or_fails_later(rate: str) -> None:
    with pytest.raises(SettingRefused, match="RATE must be like 20/min"):
        Env({"RATE": rate}).rate("RATE", "20/min")


@pytest.mark.parametrize("text", ["4.5", "many", "1_0x"])
def test_it_refuses_what_is_no_whole_number(text: str) -> None:
    with pytest.raises(SettingRefused, match="NUMBER must be a whole number"):
        Env({"NUMBER": text}).number("NUMBER", 1)


def test_it_reads_a_database_address() -> None:
    assert database(SOUND["DATABASE_URL"]) == {
        "ENGINE": "apps.core.postgres",
        "NAME": "credit",
        "USER": "user",
        "PASSWORD": "p@ss",
        "HOST": "db.example.org",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
    }


def test_it_reads_a_database_behind_a_socket() -> None:
    found = database("postgresql://me@/credit?host=%2Frun%2Fpg&port=5599")

    assert (found["HOST"], found["PORT"], found["OPTIONS"]) == ("/run/pg", "5599", {})


@pytest.mark.parametrize("url", ["mysql://x/y", "postgresql://h:notaport/x", "", "postgresql://h/"])
def test_it_refuses_addresses_that_are_not_postgresql(url: str) -> None:
    with pytest.raises(SettingRefused, match="DATABASE_URL"):
        database(url)
