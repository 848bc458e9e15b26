"""What an experiment found, arranged for reading: every table of the result page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.core import formatting
from apps.decisions import sentences
from apps.laboratory import group_page, judging
from apps.laboratory.models import Experiment

DASH = "\u2014"
OUTCOMES = ("approve", "refer", "decline")
OUTCOME_WORDS = {
    "approve": gettext_lazy("Approved"),
    "refer": gettext_lazy("Sent to review"),
    "decline": gettext_lazy("Declined"),
}
_NOTES = {
    "amounts_stay": gettext_lazy(
        "Amount and term stay what was asked for; nobody is made a counter-offer."
    ),
    "realised_as_lent": gettext_lazy(
        "Realised figures are those of the loans as they were lent. Where a loan was never made,"
        " nobody knows how it would have ended: such applications are left out of them."
    ),
    "funds_by_schedule": gettext_lazy(
        "Funds are charged on the balance the contract foresees, not on the one that was paid down."
    ),
    "exposure_is_the_amount": gettext_lazy(
        "The whole amount is taken as outstanding at default, and nothing is discounted."
    ),
    "declines_need_reasons": gettext_lazy(
        "A decline counts as one here even where no specific reason for it could be named; a"
        " machine would send that case to review."
    ),
    "tape_judged_as_today": gettext_lazy(
        "Applications of an imported tape were never decided here: what is in force now decides"
        " them on both sides, from the facts the tape brought."
    ),
}


@dataclass(frozen=True)
class Line:
    """One measure on both sides, and how it changes."""

    label: str
    before: str
    after: str
    change: str = ""
    note: str = ""


@dataclass(frozen=True)
class Move:
    """One cell of the table of moves."""

    before: str
    after: str
    n: int
    is_change: bool


@dataclass(frozen=True)
class Swap:
    """Who moves in or out of approval, and what that brings, or brought."""

    code: str
    title: str
    note: str
    n: int
    facts: list[tuple[str, str]]


@dataclass(frozen=True)
class Cause:
    """What kept applications from being approved, on each side."""

    code: str
    words: str
    before: int
    after: int


@dataclass(frozen=True)
class BandTable:
    """The bands of one side; those of the candidate lead to their applications."""

    title: str
    bands: Sequence[Mapping[str, Any]]
    is_candidate: bool


@dataclass(frozen=True)
class Page:
    """A whole result page."""

    applications: int
    counts: Mapping[tuple[str, str], int]
    lines: list[Line]
    money: list[Line]
    moves: list[tuple[str, list[Move]]]
    swaps: list[Swap]
    products: Sequence[Mapping[str, Any]]
    bands: list[BandTable]
    causes: list[Cause]
    fairness: list[group_page.GroupTable]
    notes: list[str]


def of(experiment: Experiment) -> Page:
    """Return the results of a finished experiment for reading."""
    found: Mapping[str, Any] = experiment.results or {}
    counts = {(one["before"], one["after"]): one["n"] for one in found["moves"]}
    sides, currency = found["sides"], experiment.currency
    titles = {"before": _("Bands in force"), "after": _("Bands of the candidate")}
    return Page(
        applications=found["applications"],
        counts=counts,
        lines=[*_outcome_lines(sides, currency), *_bad_rate_lines(sides)],
        money=_money_lines(sides, currency),
        moves=_moves(counts),
        swaps=_swaps(found["swaps"], currency),
        products=found["products"],
        bands=[
            BandTable(title, found["bands"][side], is_candidate=side == "after")
            for side, title in titles.items()
            if found["bands"][side]
        ],
        causes=_causes(found["causes"], cause_words(experiment)),
        fairness=group_page.tables(found["fairness"]),
        notes=[*_left_out(found), *(str(_NOTES[code]) for code in found["notes"])],
    )


def _left_out(found: Mapping[str, Any]) -> list[str]:
    """Return the sentence about those nobody could score; none where there are none."""
    # Experiments of the first days did not count them, and what was found is never changed.
    count = found.get("left_out", 0)
    if not count:
        return []
    sentence = ngettext(
        "Left out: %(count)s application that no model could score when it was decided, or whose"
        " tape says nothing of an income.",
        "Left out: %(count)s applications that no model could score when they were decided, or"
        " whose tape says nothing of an income.",
        count,
    )
    return [sentence % {"count": _count(count)}]


def _outcome_lines(sides: Mapping[str, Any], currency: str) -> list[Line]:
    lines = []
    for one in OUTCOMES:
        before, after = (sides[side]["outcomes"][one]["n"] for side in ("before", "after"))
        change = formatting.format_number(after - before)
        lines.append(Line(str(OUTCOME_WORDS[one]), _count(before), _count(after), _signed(change)))
    rates = [sides[side]["approval_rate"] for side in ("before", "after")]
    amounts = [
        Decimal(sides[side]["outcomes"]["approve"]["amount"]) for side in ("before", "after")
    ]
    return [
        *lines,
        _line(_("Approval rate"), [_percent(one) for one in rates], _points(*rates)),
        _money_line(_("Amount approved"), amounts, currency),
    ]


def _bad_rate_lines(sides: Mapping[str, Any]) -> list[Line]:
    ended = [sides[side]["realised"] for side in ("before", "after")]
    rates = [one["bad_rate"] for one in ended]
    interval = _interval(ended[1]["bad_rate_interval"])
    note = _("candidate: between %(interval)s with 95 %% confidence") % {"interval": interval}
    return [
        _line(_("Approved, outcome known"), [_count(one["known"]) for one in ended]),
        _line(_("of these, defaulted"), [_count(one["bads"]) for one in ended]),
        _line(
            _("Realised bad rate"),
            [_percent(one) for one in rates],
            _points(*rates),
            note=note if interval else "",
        ),
    ]


def _money_lines(sides: Mapping[str, Any], currency: str) -> list[Line]:
    both = (sides["before"], sides["after"])
    rates = [one["expected_loss_rate"] for one in both]
    realised = [one["realised"] for one in both]
    paid = [_count(one["paid_known"]) for one in realised]
    return [
        _money_line(
            _("Expected profit"), [Decimal(one["expected_profit"]) for one in both], currency
        ),
        _money_line(_("Expected loss"), [Decimal(one["expected_loss"]) for one in both], currency),
        _line(
            _("Expected loss per amount approved"),
            [_percent(one) for one in rates],
            _points(*rates),
        ),
        _realised_line(
            realised,
            currency,
            note=_("of %(before)s and %(after)s loans whose payments are known")
            % {"before": paid[0], "after": paid[1]},
        ),
    ]


def _line(label: str, both: Sequence[str], change: str = "", *, note: str = "") -> Line:
    before, after = both
    return Line(label, before, after, change, note)


def _money_line(label: str, amounts: Sequence[Decimal], currency: str, *, note: str = "") -> Line:
    before, after = amounts
    return Line(
        label,
        formatting.format_money(before, currency),
        formatting.format_money(after, currency),
        _signed(formatting.format_money(after - before, currency)),
        note,
    )


def _realised_line(realised: Sequence[Mapping[str, Any]], currency: str, *, note: str) -> Line:
    """Return what was earned or lost; a dash where nobody knows what a side's loans paid."""
    label = _("Realised profit or loss")
    amounts = [Decimal(one["profit"]) for one in realised]
    if all(one["paid_known"] for one in realised):
        return _money_line(label, amounts, currency, note=note)
    words = [
        formatting.format_money(amount, currency) if one["paid_known"] else DASH
        for amount, one in zip(amounts, realised, strict=True)
    ]
    return _line(label, words, DASH, note=note)


def _moves(counts: Mapping[tuple[str, str], int]) -> list[tuple[str, list[Move]]]:
    return [
        (
            str(OUTCOME_WORDS[before]),
            [
                Move(before, after, counts.get((before, after), 0), is_change=before != after)
                for after in OUTCOMES
            ],
        )
        for before in OUTCOMES
    ]


def _swaps(found: Mapping[str, Any], currency: str) -> list[Swap]:
    words = {
        "in": (_("Newly approved"), _("Expected figures by the candidate's PD and price.")),
        "out": (_("No longer approved"), _("Expected figures by the PD and the price in force.")),
    }
    return [_swap(code, words[code], found[code], currency) for code in words]


def _swap(code: str, words: tuple[str, str], found: Mapping[str, Any], currency: str) -> Swap:
    title, note = words
    ended = found["realised"]
    money = {
        _("Amount"): found["amount"],
        _("Expected loss"): found["expected_loss"],
        _("Expected profit"): found["expected_profit"],
    }
    facts = [
        *((label, formatting.format_money(Decimal(one), currency)) for label, one in money.items()),
        (_("Outcome known"), _count(ended["known"])),
        (_("Realised bad rate"), _percent(ended["bad_rate"])),
        (
            _("Realised profit or loss"),
            formatting.format_money(Decimal(ended["profit"]), currency)
            if ended["paid_known"]
            else DASH,
        ),
    ]
    return Swap(code=code, title=title, note=note, n=found["n"], facts=facts)


def cause_words(experiment: Experiment) -> dict[str, str]:
    """Return the rules' own sentences by code; what the candidate says goes before.

    The code of a band stands for referring and declining alike.
    """
    documents = (experiment.in_force.document, experiment.document)
    said = {rule["code"]: rule["sentence"] for document in documents for rule in document["rules"]}
    return said | {judging.BAND: _("The band of its risk does not approve.")}


def cause_sentence(code: str, words: Mapping[str, str]) -> str:
    """Return what stood against an approval as a sentence."""
    return words.get(code) or sentences.cause(code)


def _causes(found: Mapping[str, Mapping[str, int]], words: Mapping[str, str]) -> list[Cause]:
    before, after = found["before"], found["after"]
    codes = sorted({*before, *after}, key=lambda code: (-after.get(code, 0), code))
    return [
        Cause(
            code,
            cause_sentence(code, words),
            before.get(code, 0),
            after.get(code, 0),
        )
        for code in codes
    ]


def _interval(bounds: Sequence[float] | None) -> str:
    if not bounds:
        return ""
    return _("%(low)s and %(high)s") % {"low": _percent(bounds[0]), "high": _percent(bounds[1])}


def _points(before: float | None, after: float | None) -> str:
    """Return a difference of two shares in percentage points."""
    if before is None or after is None:
        return DASH
    figure = formatting.format_number((after - before) * 100, decimals=2)
    return _("%(figure)s points") % {"figure": _signed(figure)}


def _signed(figure: str) -> str:
    is_zero = not any(digit in figure for digit in "123456789")
    return figure if is_zero or figure.startswith(formatting.MINUS) else f"+{figure}"


def _percent(share: float | None) -> str:
    return DASH if share is None else formatting.format_percent(share, decimals=2)


def _count(number: int) -> str:
    return formatting.format_number(number)
