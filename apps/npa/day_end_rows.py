"""What pages show of a day's end: its stages in order, its state, what another run changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.audit import names
from apps.audit.models import Event
from apps.loans.models import Loan
from apps.npa import changed_columns
from apps.npa.models import Changed, DayEnd

# Who ends days by itself: the beat's task, and the command for what is missing.
NIGHTLY = f"{names.SYSTEM}day-end"
# Runs of a day that its page lists; what each of them changed is there for all of them.
MOST_RUNS = 25
STAGES: Mapping[str, Any] = {
    "accrue": gettext_lazy("Interest and charges"),
    "classify": gettext_lazy("Classes and provisions"),
    "post": gettext_lazy("Entries"),
    "follow": gettext_lazy("Order of payments"),
    "alert": gettext_lazy("Alerts"),
    "close": gettext_lazy("Closing of the books"),
}
_COUNTS: Mapping[str, Any] = {
    "loans": gettext_lazy("loans"),
    "charges": gettext_lazy("charges for being late"),
    "gone": gettext_lazy("repaid or written off"),
    "looked_back": gettext_lazy("seen as they were"),
    "overridden": gettext_lazy("in a class set by people"),
    "suspense": gettext_lazy("entries to suspense"),
    "provisions": gettext_lazy("entries of provisions"),
    "alerts": gettext_lazy("alerts"),
}


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: its name, whether it is done, running or to come, what was done, how long."""

    label: str
    state: str
    done: str
    seconds: Decimal | None


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a day that is done: its number, when and by whom, and how much it found."""

    number: int
    ended_at: datetime
    by: str
    loans: int
    changed: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What a run found otherwise for a loan than the one before it: column, before, after."""

    run: int
    loan: Loan
    columns: list[tuple[str, str, str]]


def stages(one: DayEnd) -> list[Stage]:
    """Return the stages of the current run, in their order."""
    running = one.progress.get("stage", "") if one.status == "running" else ""
    found = []
    for name, label in STAGES.items():
        done = one.stages.get(name)
        state = "done" if done is not None else "current" if name == running else "planned"
        seconds = None if done is None else Decimal(str(done["seconds"]))
        found.append(Stage(str(label), state, _done(done or {}), seconds))
    return found


def _done(found: Mapping[str, Any]) -> str:
    counts = [f"{label}: {found[name]:,}" for name, label in _COUNTS.items() if found.get(name)]
    return ", ".join(counts)


def overridden(one: DayEnd) -> int:
    """Return how many loans stand in a class that people set instead of the rules."""
    return int(one.stages.get("classify", {}).get("overridden", 0))


def look(one: DayEnd) -> tuple[str, str]:
    """Return the word and the tone of a day's end."""
    if one.status == "running":
        return _("Under way"), "info"
    if one.problems:
        return _("Loans left out"), "warning"
    if one.status == "closed":
        return _("Closed"), "success"
    return _("Done, open"), "neutral"


def begun_by(one: DayEnd) -> str:
    """Return the name of who began the current run; the nightly run is called that."""
    return _name(one.started_by)


def changed_in_all(rows: Iterable[DayEnd]) -> dict[int, int]:
    """Return of how many loans any run of a day found something else, by the day's key.

    A loan that several runs found otherwise counts once.
    """
    keys = [one.pk for one in rows if one.run > 1]
    if not keys:
        return {}
    found = Changed.objects.filter(day_end__in=keys).values("day_end")
    counted = found.annotate(loans=Count("loan_id", distinct=True))
    return dict(counted.values_list("day_end", "loans"))


def _name(actor: str) -> str:
    return _("the nightly run") if actor == NIGHTLY else names.of_actors([actor])[actor]


def kept_open_by(one: DayEnd) -> str:
    """Return the name of who keeps the books of the day open; empty where nobody does."""
    return _name(one.kept_open_by) if one.keep_open else ""


def runs(one: DayEnd) -> list[Run]:
    """Return the last runs of a day that are done, the newest first, as the audit trail has them.

    Each is put down there when it ends; the day itself knows only of its last one.
    """
    ended = Event.objects.filter(subject=f"{one._meta.label_lower}:{one.pk}", verb="npa.day_ended")
    events = list(ended.order_by("-pk")[:MOST_RUNS])
    known = names.of_actors(event.actor for event in events) | {NIGHTLY: _("the nightly run")}
    return [
        Run(
            number=event.facts["run"],
            ended_at=event.occurred_at,
            by=known[event.actor],
            loans=event.facts["loans"],
            changed=event.facts["changed"],
            left_out=event.facts["problems"],
        )
        for event in events
    ]


def differences(rows: Iterable[Changed], loans: Mapping[Any, Loan]) -> list[Difference]:
    """Return what changed, of the loans that the reader may see."""
    return [
        Difference(
            row.run,
            loans[row.loan_id],
            changed_columns.of(row, loans[row.loan_id].currency),
        )
        for row in rows
        if row.loan_id in loans
    ]
