"""Rule tables as people read them: bands, rates and floors, and what stands on a day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import Entity
from apps.loans.presentation import Look
from apps.npa import rule_notes, wording
from apps.npa.regimes import Rules
from apps.npa.rule_parts import DayCount, Disputed, Reserve, Segment, Status, Upgrade
from apps.npa.rulebook import Stored
from apps.products.models import Purpose

LOOKS = {
    Status.IN_FORCE: Look("success", "circle-check", gettext_lazy("In force")),
    Status.FUTURE: Look("info", "calendar", gettext_lazy("Will come")),
    Status.DRAFT: Look("neutral", "file-text", gettext_lazy("Draft")),
    Status.RESCINDED: Look("neutral", "archive", gettext_lazy("No longer in force")),
}


@dataclass(frozen=True, kw_only=True)
class ClassRow:
    """A class with every bound that leads to it, and what is set aside in it."""

    name: str
    performing: bool
    days: str
    missed: str
    months: str
    secured: str
    unsecured: str
    from_start: str


def standing(rules: Rules, today: date) -> Status:
    """Return what a table is on a day, by its dates; a draft stays one."""
    if rules.status == Status.DRAFT:
        return Status.DRAFT
    if rules.effective_from > today:
        return Status.FUTURE
    if rules.effective_to is not None and rules.effective_to < today:
        return Status.RESCINDED
    return Status.IN_FORCE


def row(stored: Stored, today: date) -> dict[str, Any]:
    """Return a table as a line of the list."""
    rules = stored.rules
    return {
        "rules": rules,
        "look": LOOKS[standing(rules, today)],
        "for": whose(rules),
        "is_disputed": bool(rules.disputed),
    }


def whose(rules: Rules) -> str:
    """Return for which lenders a table is."""
    kind = str(Entity.Kind(rules.entity_kind).label)
    parts = [kind, *(one.replace("_", " ") for one in rules.layers), *rules.countries]
    return ", ".join(parts)


def context(stored: Stored, today: date) -> dict[str, Any]:
    """Return what the page of a table shows."""
    rules = stored.rules
    return {
        **row(stored, today),
        "note": rule_notes.said(rules.note),
        "classes": [_class(rules, place, today) for place in range(len(rules.grades))],
        "has_missed": any(band.from_missed is not None for band in rules.bands),
        "has_from_start": any(rate.unsecured_from_start is not None for rate in rules.rates),
        "has_standard": any(one.standard is not None for one in rules.segments),
        "has_floors": any(one.stage_1 is not None for one in rules.segments),
        "segments": [_segment(one) for one in rules.segments],
        "glide": rules.glide,
        "floors": rules.stage_3,
        "settings": list(_settings(rules)),
        "disputed": [_disputed(one) for one in rules.disputed],
    }


def _class(rules: Rules, place: int, today: date) -> ClassRow:
    grade = rules.grades[place]
    band = next((one for one in rules.bands_on(today) if one.grade == grade.code), None)
    age = next((one for one in rules.ageing if one.grade == grade.code), None)
    rate = rules.rate(grade.code) if rules.rates else None
    by_segment = rate is not None and rate.secured is None
    return ClassRow(
        name=wording.asset_class(grade.code),
        performing=grade.performing,
        days="" if band is None else str(band.from_days),
        missed="" if band is None or band.from_missed is None else str(band.from_missed),
        months="" if age is None else str(age.from_months),
        secured=_("by segment") if by_segment else percent(rate.secured if rate else None),
        unsecured=_("by segment") if by_segment else percent(rate.unsecured if rate else None),
        from_start=percent(rate.unsecured_from_start if rate else None),
    )


def _segment(one: Segment) -> dict[str, Any]:
    return {
        "one": one,
        "what": ", ".join(_what(one)),
        "standard": percent(one.standard),
        "stage_1": percent(one.stage_1),
        "stage_2": percent(one.stage_2),
        "lgd": percent(one.lgd),
    }


def _what(one: Segment) -> Iterable[str]:
    if one.by_name_only:
        yield _("loans that a person put there")
    for purpose in one.purposes:
        yield str(Purpose(purpose).label)
    for security in one.securities:
        yield security.replace("_", " ") if security else _("nothing secures it")


def _disputed(one: Disputed) -> dict[str, str]:
    _rates, grade, portion = one.what.split(".")
    portions = {"secured": _("secured"), "unsecured": _("unsecured")}
    return {
        "what": f"{wording.asset_class(grade)}, {portions[portion]}",
        "used": percent(one.value),
        "else": ", ".join(percent(Decimal(each)) for each in one.alternatives),
        "why": rule_notes.said(one.why),
    }


def _settings(rules: Rules) -> Iterable[tuple[str, str]]:
    """Yield what else a table says, each with its name."""
    yes, no = _("Yes"), _("No")
    counts = {
        DayCount.RBI: _("The due date is day 1"),
        DayCount.PLAIN: _("The day after the due date is day 1"),
    }
    upgrades = {
        Upgrade.ALL_CLEARED: _("When nothing is in arrears on any loan of the borrower"),
        Upgrade.FOLLOWS_COUNT: _("As soon as days and instalments say so"),
    }
    yield _("Days past due"), counts[rules.day_count]
    yield _("All loans of a borrower are classed together"), yes if rules.contagion else no
    yield _("Performs again"), upgrades[rules.upgrade]
    yield _("Fraud goes to"), wording.asset_class(rules.loss)
    if rules.revolving is not None:
        days = rules.revolving.out_of_order_days
        yield _("Overdrafts are out of order from"), _("%(n)s days") % {"n": days}
    if rules.crop is not None:
        values = {"short": rules.crop.short_seasons, "long": rules.crop.long_seasons}
        yield _("Crop loans"), _("%(short)s seasons of short crops, %(long)s of long ones") % values
    if rules.erosion is not None:
        shares = {
            "half": percent(rules.erosion.doubtful_below),
            "tenth": percent(rules.erosion.loss_below),
        }
        sentence = _(
            "below %(half)s of what was assessed: doubtful; below %(tenth)s of what is outstanding:"
            " loss"
        )
        yield _("Security that lost its value"), sentence % shares
    yield from _more_settings(rules)


def _more_settings(rules: Rules) -> Iterable[tuple[str, str]]:
    stages = rules.stages
    yes, no = _("Yes"), _("No")
    yield _("Stage 2 beyond"), _("%(n)s days") % {"n": stages.stage_2_over_days}
    yield _("Stage 3 from"), _("%(n)s days") % {"n": stages.stage_3_from_days}
    if stages.pd_multiple is not None:
        yield _("Stage 2 where the PD rose"), _("%(n)s times") % {"n": stages.pd_multiple}
    if rules.ecl is not None:
        yield _("Lowest PD"), percent(rules.ecl.pd_floor)
        yield _("LGD where none is known, secured"), percent(rules.ecl.lgd_secured)
        yield _("LGD where none is known, unsecured"), percent(rules.ecl.lgd_unsecured)
    yield (
        _("Higher provision of the regulator goes to"),
        {
            None: _("Profit and loss"),
            Reserve.IMPAIRMENT: _("Impairment reserve, out of profit after tax"),
            Reserve.STATUTORY: _("Statutory loan loss reserve"),
        }[rules.reserve],
    )
    if rules.reserve is not None:
        yield (
            _("Taken from the reserve only with the regulator's leave"),
            yes if rules.reserve_needs_leave else no,
        )
    counting = rules.counting
    yield _("Interest in suspense is left out"), yes if counting.less_suspended_interest else no
    yield _("A lapsed valuation loses"), percent(counting.stale_haircut)
    yield _("Unsecured from the beginning: security up to"), percent(counting.unsecured_up_to)
    if counting.restructured_standard is not None:
        yield _("Restructured and standard"), percent(counting.restructured_standard)


def percent(share: Decimal | None) -> str:
    """Return a share as it is written in rules: 0.25 %, 15 %."""
    if share is None:
        return ""
    return f"{(100 * share).normalize():f}\u202f%"
