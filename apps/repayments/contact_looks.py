"""How promises, reminders and their plans are shown: tone, symbol, words."""

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from apps.loans.presentation import Look

PROMISES: Mapping[str, Look] = {
    "open": Look("progress", "clock", pgettext_lazy("promise", "Open")),
    "kept": Look("success", "circle-check", pgettext_lazy("promise", "Kept")),
    "broken": Look("warning", "octagon-alert", pgettext_lazy("promise", "Broken")),
    "withdrawn": Look("neutral", "circle-slash", gettext_lazy("Withdrawn")),
}
REMINDERS: Mapping[str, Look] = {
    "queued": Look("info", "clock", gettext_lazy("Waits to go out")),
    "sending": Look("progress", "send", gettext_lazy("Going out")),
    "sent": Look("success", "mail", gettext_lazy("Sent")),
    "failed": Look("danger", "circle-x", gettext_lazy("Not taken")),
    "unknown": Look("warning", "octagon-alert", gettext_lazy("Nobody knows")),
    "dropped": Look("neutral", "circle-slash", gettext_lazy("Not sent")),
    "joined": Look("neutral", "mail", gettext_lazy("With another one")),
}
VIEWS: Mapping[str, str | Lazy] = {
    "due": gettext_lazy("Due today"),
    "open": gettext_lazy("All open"),
    "broken": pgettext_lazy("promise", "Broken"),
    "kept": pgettext_lazy("promise", "Kept"),
}


def step(days: int) -> str:
    """Return a step in words: three days before, on the day, five days after."""
    if days == 0:
        return _("on the due date")
    if days < 0:
        before = ngettext("%(days)s day before", "%(days)s days before", -days)
        return before % {"days": -days}
    return ngettext("%(days)s day after", "%(days)s days after", days) % {"days": days}


def steps(days: Sequence[int]) -> str:
    """Return the steps of a plan in words."""
    return ", ".join(step(one) for one in days) or _("Nobody is reminded")
