"""The environment variables that local processes start with."""

import os
from collections.abc import Mapping

from creditrisk.local import keys, places, services

# Said once by every worker of a demo that root runs on a machine of their own.
_KNOWN_WARNING = "ignore:You're running the worker with superuser privileges"
# Where `make` unpacks Debian's libraries for a person who may not install them.
_UNPACKED_LIBRARIES = places.ROOT / ".venv" / "debian" / "usr" / "lib"


def for_demo(running: services.Services) -> dict[str, str]:
    """Returns the demo's environment: what the person set, our secrets, the services' URLs."""
    secrets = keys.load(places.VAR / "demo.env")
    settings = {"CREDITRISK_ENV": "demo", "DJANGO_SETTINGS_MODULE": "creditrisk.settings"}
    if os.geteuid() == 0:
        settings["PYTHONWARNINGS"] = _KNOWN_WARNING
    return {**secrets, **base(), **running.environment(), **settings}


def for_tests(running: services.Services) -> dict[str, str]:
    """Returns what a management command needs under the test settings."""
    settings = {"DJANGO_SETTINGS_MODULE": "creditrisk.settings_test"}
    return {**base(), **running.environment(), **settings}


def for_production_check(running: services.Services) -> dict[str, str]:
    """Returns a production environment with throw-away secrets, to check its settings by."""
    settings = {
        "CREDITRISK_ENV": "production",
        "DJANGO_SETTINGS_MODULE": "creditrisk.settings",
        "ALLOWED_HOSTS": "credit.example.org",
    }
    return {**base(), **keys.fresh(), **running.environment(), **settings}


def base(given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Returns the present environment, with unpacked libraries where the loader finds them."""
    environment = dict(given)
    folders = [str(folder) for folder in _UNPACKED_LIBRARIES.glob("*-linux-gnu")]
    if folders:
        present = [word for word in (given.get("LD_LIBRARY_PATH"),) if word]
        environment["LD_LIBRARY_PATH"] = ":".join(folders + present)
    return environment
