"""What measures, classes and buckets are called on pages, in messages and in files."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.npa.measures import BREACHED_BELOW, Measure
from apps.npa.reserve_lifecycle import KEPT
from apps.products.models import Purpose

MEASURES: dict[str, str | Promise] = {
    Measure.NPA_RATIO: _("NPA ratio"),
    Measure.DEFAULT_RATE: _("Default rate"),
    Measure.PAR30: _("PAR30"),
    Measure.COVERAGE: _("Coverage"),
    Measure.LARGEST_BORROWER: _("Largest borrower"),
    Measure.LARGEST_SECTOR: _("Largest sector"),
    Measure.LARGEST_BRANCH: _("Largest branch"),
    Measure.NPA_JUMP: _("Rise of the NPA ratio in a month"),
}
DEFINITIONS: dict[str, str | Promise] = {
    Measure.NPA_RATIO: _("Principal of non-performing loans over all principal outstanding."),
    Measure.DEFAULT_RATE: _("Of the loans on the books, the share by number that do not perform."),
    Measure.PAR30: _(
        "Principal of loans more than 30 days past due, not only what of it is late, over all"
        " principal outstanding."
    ),
    Measure.COVERAGE: _("Provisions for non-performing loans over their principal."),
    Measure.LARGEST_BORROWER: _("What one borrower owes in principal, over all principal."),
    Measure.LARGEST_SECTOR: _("What was lent for one purpose, over all principal."),
    Measure.LARGEST_BRANCH: _("What one branch lent, over all principal."),
    Measure.NPA_JUMP: _(
        "The NPA ratio less that of the same day of the month before, in percentage points."
    ),
}
CLASSES: dict[str, str | Promise] = {
    "standard": _("Standard"),
    "performing": _("Performing"),
    "normal": _("Normal"),
    "watch": _("Watch"),
    "substandard": _("Sub-standard"),
    "doubtful": _("Doubtful"),
    "doubtful_1": _("Doubtful 1"),
    "doubtful_2": _("Doubtful 2"),
    "doubtful_3": _("Doubtful 3"),
    "loss": _("Loss"),
    "underperforming": _("Under-performing"),
    "credit_impaired": _("Credit-impaired"),
    "closed": _("Repaid"),
    "written_off": _("Written off"),
}
_KEPT_NAME = _("No longer asked for, kept until the regulator gives leave")
BUCKETS: dict[str, str | Promise] = {
    "standard": _("Standard"),
    "current": _("Current"),
    "sma_0": _("SMA-0"),
    "sma_1": _("SMA-1"),
    "sma_2": _("SMA-2"),
    "par_1": _("1 to 30 days"),
    "par_30": _("31 to 60 days"),
    "par_60": _("61 to 90 days"),
    "par_90": _("More than 90 days"),
    "npa": _("Non-performing"),
    "none": _("None"),
}

# Instead of a borrower whose loans the reader may not open: of another branch, or withheld.
UNSEEN = _("a borrower whose loans you may not see")


def measure(code: str) -> str:
    """Return the name of a measure."""
    return str(MEASURES[code])


def is_breached_below(code: str) -> bool:
    """Say whether a value below the threshold is the breach."""
    return Measure(code) in BREACHED_BELOW


def asset_class(code: str) -> str:
    """Return the name of a class; a class of a table nobody named here is called by its code."""
    return str(_KEPT_NAME if code == KEPT else CLASSES.get(code, code))


def bucket(code: str) -> str:
    """Return the name of a bucket; one of a table nobody named here is called by its code."""
    return str(BUCKETS.get(code, code))


def place(code: str) -> tuple[int, str]:
    """Return where a class or a bucket stands, the best first; unknown ones last."""
    order = list(CLASSES if code in CLASSES else BUCKETS)
    return (order.index(code) if code in order else len(order), code)


def subject(code: str, names: dict[str, str]) -> str:
    """Return whom a concentration is about: a customer's number, a purpose, a branch."""
    name = names.get(code, "")
    if code == Measure.LARGEST_SECTOR and name in Purpose.values:
        return str(Purpose(name).label)
    return name
