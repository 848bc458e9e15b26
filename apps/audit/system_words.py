"""What the parts of the system that act by themselves are called in a history."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_PARTS: Mapping[str, str | Promise] = {
    "accrual": _("accrual of interest"),
    "accrue": _("accrual of interest"),
    "beat": _("timetable"),
    "command": _("command"),
    "day-end": _("day-end"),
    "debits": _("direct debits"),
    "demo": _("demonstration"),
    "laboratory": _("laboratory"),
    "offers": _("offers"),
    "queue": _("queue"),
    "repayments": _("repayments"),
    "sign-in": _("sign-in"),
    "statements": _("statements"),
    "sweep": _("sweep"),
    "worker": _("worker"),
}


def part(code: str) -> str:
    """Return what a part is called; the name of a command that somebody ran stays as it is."""
    return str(_PARTS.get(code, code))
