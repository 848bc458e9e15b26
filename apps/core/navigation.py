"""Entries of the navigation, registered by each app's `navigation.py`."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest


@dataclass(frozen=True)
class Entry:
    """One link: shown to whoever holds `permission`.

    `badge_url_name` is a page that answers with what stands beside it; empty for nothing.
    """

    group: str
    label: object
    url_name: str
    icon: str
    permission: str
    order: int
    badge_url_name: str = ""

    @property
    def count_id(self) -> str:
        """Return the id of the element that holds what stands beside it; empty for none."""
        return f"nav-{self.badge_url_name.replace(':', '-')}" if self.badge_url_name else ""


_entries: list[Entry] = []
GROUPS: dict[str, object] = {}


def register(*entries: Entry) -> None:
    """Add links to the navigation at start-up."""
    _entries.extend(entries)


def visible(request: HttpRequest) -> list[Entry]:
    """Return the entries the signed-in person may open, in order."""
    held: Callable[[str], bool] = request.user.has_perm
    shown = [entry for entry in _entries if not entry.permission or held(entry.permission)]
    return sorted(shown, key=lambda entry: entry.order)
