"""What axe-core finds on a page, in words that lead to the place."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_GRAVE = {"serious", "critical"}
_AXE = Axe()


def grave_violations(page: Page, *, only: tuple[str, ...] = ()) -> list[str]:
    """Returns each serious or critical violation with the elements it is about.

    `only` limits axe to the named rules.
    """
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if only:
        options["runOnly"] = list(only)
    # Half a megabyte of script, and an answer that tells of all that is well: once, and not at all.
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_AXE.axe_script)
    found = page.evaluate("options => axe.run(options).then(all => all.violations)", options)
    return [_sentence(one) for one in found if one["impact"] in _GRAVE]


def _sentence(violation: dict[str, Any]) -> str:
    places = [
        f"{' '.join(str(part) for part in node['target'])}: {_cause(node)}"
        for node in violation["nodes"][:4]
    ]
    return f"{violation['id']} ({violation['impact']}): {' | '.join(places)}"


def _cause(node: dict[str, Any]) -> str:
    checks = [*node["any"], *node["all"], *node["none"]]
    return "; ".join(str(check["message"]) for check in checks)[:200]
