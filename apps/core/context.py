"""What every page's template is given."""

from collections.abc import Iterable
from functools import cache
from itertools import groupby
from typing import Any

from django.http import HttpRequest
from django.urls import get_script_prefix, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from apps.core import navigation as registry
from apps.core import notices as notice_board


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Return the navigation groups a person may see; nothing for a stranger."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"navigation": []}
    titles = {
        "home": "",
        "lending": _("Lending"),
        "servicing": _("Repayments"),
        "quality": _("Portfolio quality"),
        "review": _("Review"),
        "models": _("Models and policy"),
        "control": _("Control"),
    }
    groups = []
    # What a view counted already; elsewhere the page asks for its numbers.
    counted: dict[str, str] = getattr(request, "counted", {})
    entries = registry.visible(request)
    ordered = sorted(entries, key=lambda entry: (list(titles).index(entry.group), entry.order))
    prefix = get_script_prefix()
    urls = {entry: _address(entry.url_name, prefix) for entry in ordered}
    current = _current(urls.values(), request.path)
    for group, members in groupby(ordered, key=lambda entry: entry.group):
        items = [_item(entry, urls[entry], current, counted) for entry in members]
        groups.append({"label": titles[group], "items": items})
    return {"navigation": groups, "is_counted": bool(counted)}


def notices(request: HttpRequest) -> dict[str, Any]:
    """Return what a page says at its top; asked for only by templates that show it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"notices": []}
    return {"notices": SimpleLazyObject(lambda: notice_board.for_user(user))}


@cache
def _address(url_name: str, _prefix: str) -> str:
    """Return the address of a page, which is the same all along: every page has dozens of them."""
    return reverse(url_name)


def _current(urls: Iterable[str], path: str) -> str:
    """Return the address of the entry a page belongs to: the longest that begins its path."""
    fitting = [url for url in urls if path == url or (url != "/" and path.startswith(url))]
    return max(fitting, key=len, default="")


def _item(entry: registry.Entry, url: str, current: str, counted: dict[str, str]) -> dict[str, Any]:
    return {
        "label": entry.label,
        "url": url,
        "icon": entry.icon,
        "current": url == current,
        "count_id": entry.count_id,
        "count": counted.get(entry.count_id, ""),
    }
