"""The rules for security as they come with the program, read once."""

import json
from functools import cache

from django.conf import settings

from apps.collateral import rules

FILE = "collateral_rules.json"


@cache
def installed() -> rules.Rules:
    """Return the rules of `fixtures/collateral_rules.json`. Raises RulesRefused with the place."""
    path = settings.BASE_DIR / "fixtures" / FILE
    return rules.read(json.loads(path.read_text()))
