"""Words for what the pure modules name by code, laid out for a template."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.applications import affordability as arithmetic
from apps.applications.models import Application
from apps.core.formatting import format_money, format_percent
from apps.products.models import Product

RATIOS = {
    "dti": gettext_lazy("Debt to gross income (DTI)"),
    "foir": gettext_lazy("Fixed obligations to net income (FOIR)"),
    "lti": gettext_lazy("Loan to gross yearly income (LTI)"),
    "ltv": gettext_lazy("Loan to value (LTV)"),
    "pay_committed": gettext_lazy("Deductions to basic pay"),
}
PARTS = {
    "existing_obligations": gettext_lazy("Existing obligations a month"),
    "obligations_elsewhere": gettext_lazy("Paid to others a month"),
    "own_obligations": gettext_lazy("Paid to us a month for other loans"),
    "proposed_instalment": gettext_lazy("Proposed instalment"),
    "gross_monthly_income": gettext_lazy("Gross income a month"),
    "net_monthly_income": gettext_lazy("Net income a month"),
    "basic_monthly_pay": gettext_lazy("Basic pay a month"),
    "gross_annual_income": gettext_lazy("Gross income a year"),
    "amount": gettext_lazy("Loan asked for"),
    "security_value": gettext_lazy("Value of the security (lower of price and valuation)"),
}
WHY_MISSING = {
    arithmetic.INCOME_UNKNOWN: gettext_lazy("This income is not on record."),
    arithmetic.INCOME_ZERO: gettext_lazy("The income is zero, so there is no ratio."),
    arithmetic.OBLIGATIONS_UNKNOWN: gettext_lazy("The existing obligations are not known."),
    arithmetic.NO_SECURITY: gettext_lazy("No collateral is recorded."),
    arithmetic.BASIC_PAY_UNKNOWN: gettext_lazy("Basic pay is not on record."),
}
# Shown even when it has no value; the others only say something when they apply.
_ALWAYS = ("dti", "foir", "lti")
_ENDS = {
    "approved": gettext_lazy("Approved"),
    "declined": gettext_lazy("Declined"),
    "withdrawn": gettext_lazy("Withdrawn"),
    "lapsed": gettext_lazy("Offer lapsed"),
    "historic": gettext_lazy("Decided by another lender"),
}
_WAY = {
    "draft": gettext_lazy("Draft"),
    "submitted": gettext_lazy("Submitted"),
    "scored": gettext_lazy("Scored"),
    "in_review": gettext_lazy("In review"),
}


@dataclass(frozen=True)
class RatioLine:
    """A ratio as it is shown: words, the figure, and its working line by line."""

    code: str
    label: str
    value: Decimal | None
    display: str
    why_missing: str
    working: list[tuple[str, Decimal]]
    total: Decimal
    below: tuple[str, Decimal] | None


@dataclass(frozen=True)
class Slider:
    """A range input: bounds and step are those of the product."""

    name: str
    label: str
    lowest: Decimal
    highest: Decimal
    step: Decimal
    value: str
    shown_lowest: str
    shown_highest: str


def sliders(product: Product, *, amount: Any, term_months: Any) -> list[Slider]:
    """Return the sliders of amount and term; none for a bound that leaves no choice."""
    low, high = product.minimum_amount, product.maximum_amount
    shortest = Decimal(product.minimum_term_months)
    longest = Decimal(product.maximum_term_months)
    months = gettext_lazy("%(count)s months")
    found = [
        Slider(
            name="slider_amount",
            label=_("Amount"),
            lowest=low,
            highest=high,
            step=_round_step(high - low),
            value=str(amount or low),
            shown_lowest=format_money(low, product.currency),
            shown_highest=format_money(high, product.currency),
        ),
        Slider(
            name="slider_term_months",
            label=_("Term in months"),
            lowest=shortest,
            highest=longest,
            step=Decimal(1),
            value=str(term_months or shortest),
            shown_lowest=months % {"count": shortest},
            shown_highest=months % {"count": longest},
        ),
    ]
    return [slider for slider in found if slider.lowest < slider.highest]


def _round_step(width: Decimal) -> Decimal:
    """Return a step of 1, 2 or 5 times a power of ten that makes at most 500 of them."""
    least = width / 500
    power = Decimal(10) ** least.adjusted() if least > 0 else Decimal(1)
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least)


def ratio_lines(found: arithmetic.Affordability) -> list[RatioLine]:
    """Return the ratios worth showing, in reading order."""
    return [
        _line(ratio) for ratio in found.ratios if ratio.value is not None or ratio.code in _ALWAYS
    ]


def steps(application: Application) -> list[dict[str, Any]]:
    """Return where the application stands, for the steps component."""
    status = application.status
    if status in _ENDS:
        return [{"label": _ENDS[status], "state": "current"}]
    way = ["draft", "submitted"]
    # A case may go to review without a score; then it was never scored.
    if status == "scored" or application.score_run_id is not None:
        way.append("scored")
    if status == "in_review":
        way.append(status)
    place = way.index(status)
    shown = [
        {"label": _WAY[code], "state": _step_state(number, place)}
        for number, code in enumerate(way)
    ]
    return [*shown, {"label": _("Decided"), "state": "next"}]


def _step_state(number: int, place: int) -> str:
    if number == place:
        return "current"
    return "done" if number < place else "next"


def _line(ratio: arithmetic.Ratio) -> RatioLine:
    below = ratio.denominator
    return RatioLine(
        code=ratio.code,
        label=str(RATIOS[ratio.code]),
        value=ratio.value,
        display=_display(ratio),
        why_missing=str(WHY_MISSING[ratio.why_missing]) if ratio.why_missing else "",
        working=[(str(PARTS[part.code]), part.amount) for part in ratio.numerator],
        total=ratio.numerator_total,
        below=(str(PARTS[below.code]), below.amount) if below is not None else None,
    )


def _display(ratio: arithmetic.Ratio) -> str:
    return "—" if ratio.value is None else format_percent(ratio.value)
