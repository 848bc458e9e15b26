"""What every page's template is given."""

from itertools import groupby
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core import navigation as registry


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Return the navigation groups a person may see; nothing for a stranger."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"navigation": []}
    titles = {
        "home": "",
        "lending": _("Lending"),
        "review": _("Review"),
        "models": _("Models and policy"),
        "control": _("Control"),
    }
    groups = []
    entries = registry.visible(request)
    ordered = sorted(entries, key=lambda entry: (list(titles).index(entry.group), entry.order))
    for group, members in groupby(ordered, key=lambda entry: entry.group):
        items = [_item(entry, request.path) for entry in members]
        groups.append({"label": titles[group], "items": items})
    return {"navigation": groups}


def _item(entry: registry.Entry, path: str) -> dict[str, Any]:
    url = reverse(entry.url_name)
    current = path == url if url == "/" else path.startswith(url)
    badge = reverse(entry.badge_url_name) if entry.badge_url_name else ""
    return {
        "label": entry.label,
        "url": url,
        "icon": entry.icon,
        "current": current,
        "badge_url": badge,
    }
