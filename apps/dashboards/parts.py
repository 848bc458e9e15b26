"""The parts of a person's start page, gathered from what the apps registered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import resolve, reverse

from apps.accounts.models import User
from apps.core import home, navigation
from apps.core.home import Context, Panel, Waiting


@dataclass(frozen=True)
class Counted:
    """Something that can wait, how much of it does, and where it is dealt with."""

    waiting: Waiting
    number: int

    @property
    def url(self) -> str:
        """The address of its list, or the place of its panel on the page."""
        part = self.waiting
        if part.anchor:
            return f"#{part.anchor}"
        query = f"?{part.query}" if part.query else ""
        return f"{reverse(part.url_name)}{query}"


def waiting(actor: User, now: datetime) -> list[Counted]:
    """Return everything that could wait for the person, with how much of it does now."""
    return [Counted(part, part.count(actor, now)) for part in home.waiting(actor)]


def panels(actor: User, now: datetime) -> list[tuple[Panel, Context]]:
    """Return the person's panels that have something to show, with what they show."""
    found = ((panel, panel.gather(actor, now)) for panel in home.panels(actor))
    return [(panel, context) for panel, context in found if context is not None]


def badges(request: HttpRequest) -> dict[str, str]:
    """Return what stands beside each link of the navigation, by the id of its place on the page.

    Each view is asked in turn, so that a page asks once for all of them.
    """
    found: dict[str, str] = {}
    for entry in navigation.visible(request):
        if entry.count_id:
            view: Any = resolve(reverse(entry.badge_url_name)).func
            found[entry.count_id] = view(request).content.decode()
    return found
