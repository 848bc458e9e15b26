"""The parts of a person's start page, gathered from what the apps registered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import resolve, reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.core import brief, home, navigation
from apps.core.home import Context, Panel, Waiting

# Less than a page waits before it asks again.
KEPT_SECONDS = 20


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
            # Where nothing waited as the page was made its panel may be missing: load it anew.
            place = f"#{part.anchor}"
            return place if self.number else f"{reverse('dashboards:home')}?{place}"
        query = f"?{part.query}" if part.query else ""
        return f"{reverse(part.url_name)}{query}"


def waiting(actor: User, now: datetime) -> list[Counted]:
    """Return everything that could wait for the person, with how much of it does now."""
    return [Counted(part, part.count(actor, now)) for part in home.waiting(actor)]


def waiting_of(actor: User, found: dict[str, str]) -> list[Counted]:
    """Return the same from numbers that were counted."""
    return [Counted(part, int(found[f"waiting:{part.name}"] or 0)) for part in home.waiting(actor)]


def numbers(request: HttpRequest, part: str, *, anew: bool = False) -> dict[str, str]:
    """Return every number of a page as text by name; of the part `home` also what waits there.

    Kept for some seconds for the person and the language, so that not every page counts anew;
    `anew` counts again and keeps that.
    """
    key = brief.counts_key(request.user.pk, part)
    found = None if anew else brief.peek(key)
    if found is None:
        found = badges(request)
        if part == brief.HOME:
            found |= texts(waiting(request.user, timezone.now()))
        # A badge answers a visit alone: asked for the head of a page only, it says nothing.
        if request.method == "GET":
            brief.put(key, found, KEPT_SECONDS)
    return dict(found)


def texts(counted: list[Counted]) -> dict[str, str]:
    """Return how much waits as text, by the name of its place on the start page."""
    return {f"waiting:{one.waiting.name}": str(one.number or "") for one in counted}


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
