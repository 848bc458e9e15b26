"""What figures, columns and sources are called, and each figure's definition and formula."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.portfolio.figures import DEFINITIONS, Definition, Figure, Period, Source

Words = str | Promise
_TIMES, _MINUS = "\N{MULTIPLICATION SIGN}", "\N{MINUS SIGN}"
NAMES: dict[Figure, Words] = {
    Figure.OUTSTANDING: _("Outstanding"),
    Figure.NPA_GROSS: _("Gross NPA"),
    Figure.NPA_NET: _("Net NPA"),
    Figure.NPA_RATIO: _("NPA ratio"),
    Figure.NPA_NET_RATIO: _("Net NPA ratio"),
    Figure.COVERAGE: _("Coverage"),
    Figure.PAR30: _("PAR30"),
    Figure.PAR60: _("PAR60"),
    Figure.PAR90: _("PAR90"),
    Figure.DISBURSED: _("Disbursed"),
    Figure.REPAID: _("Repaid"),
    Figure.COLLECTION: _("Collection efficiency"),
    Figure.ON_TIME: _("Paid on time"),
    Figure.INSTALMENT_RATE: _("Average instalment payment rate"),
    Figure.YIELD: _("Yield"),
    Figure.WRITTEN_OFF: _("Written off"),
    Figure.RECOVERED: _("Recovered"),
    Figure.APPROVAL: _("Approval rate"),
    Figure.DEFAULT_6: _("Default rate, 6 months"),
    Figure.DEFAULT_12: _("Default rate, 12 months"),
    Figure.CURE: _("Cure rate, 12 months"),
    Figure.REDEFAULT: _("Re-default rate, 12 months"),
}
TEXTS: dict[Figure, Words] = {
    Figure.OUTSTANDING: _("Principal the borrowers owe at the end of the day, due or not."),
    Figure.NPA_GROSS: _("Principal of the loans that do not perform, by the rules of the day."),
    Figure.NPA_NET: _("Gross NPA less the provisions made for those loans."),
    Figure.NPA_RATIO: _("Gross NPA over all principal outstanding."),
    Figure.NPA_NET_RATIO: _("Net NPA over all principal outstanding less the provisions for NPA."),
    Figure.COVERAGE: _("Provisions for non-performing loans over their principal."),
    Figure.PAR30: _("Whole principal of loans more than 30 days past due, over all principal."),
    Figure.PAR60: _("Whole principal of loans more than 60 days past due, over all principal."),
    Figure.PAR90: _("Whole principal of loans more than 90 days past due, over all principal."),
    Figure.DISBURSED: _("Principal paid out since the first of the month, less what came back."),
    Figure.REPAID: _(
        "Money that went towards what borrowers owe since the first of the month, less what was"
        " taken back; advances count once they are used."
    ),
    Figure.COLLECTION: _(
        "Of what fell due since the first of the month, the share that was collected by the day."
        " Money for months before, or for later months, does not count."
    ),
    Figure.ON_TIME: _(
        "Of the instalments that fell due since the first of the month, the share by number that"
        " was paid in full by the end of its due date."
    ),
    Figure.INSTALMENT_RATE: _(
        "The mean, over the instalments that fell due since the first of the month, of the share"
        " of each that was paid by the end of its due date."
    ),
    Figure.YIELD: _(
        "Interest credited to income since the first of the month, as of a year of 365 days, over"
        " the principal outstanding day by day."
    ),
    Figure.WRITTEN_OFF: _("Principal written off since the first of the month, before recoveries."),
    Figure.RECOVERED: _("What came in since the first of the month on loans written off before."),
    Figure.APPROVAL: _(
        "Of the decisions since the first of the month that approve or decline, the share that"
        " approve. A request decided anew counts again."
    ),
    Figure.DEFAULT_6: _(
        "Of the loans that performed at the end of the month six months before, the share by number"
        " that did not perform at the end of one of the months since, or were written off."
    ),
    Figure.DEFAULT_12: _(
        "Of the loans that performed at the end of the month a year before, the share by number"
        " that did not perform at the end of one of the months since, or were written off."
    ),
    Figure.CURE: _(
        "Of the loans that did not perform at the end of the month a year before, the share by"
        " number that performed again at the end of one of the months since, or were repaid."
    ),
    Figure.REDEFAULT: _(
        "Of the loans that came to perform again by the end of a month of the year, the share by"
        " number that did not perform at the end of a later month of it, or were written off."
    ),
}
COLUMN_NAMES: dict[str, Words] = {
    "principal": _("principal outstanding"),
    "npa_principal": _("principal of NPA"),
    "npa_provision": _("provisions for NPA"),
    "over_30": _("principal over 30 days past due"),
    "over_60": _("principal over 60 days past due"),
    "over_90": _("principal over 90 days past due"),
    "disbursed": _("principal paid out"),
    "repaid": _("money received"),
    "written_off": _("principal written off"),
    "recovered": _("money recovered"),
    "interest_income": _("interest income"),
    "principal_days": _("principal outstanding, added up over the days"),
    "instalments": _("instalments due"),
    "on_time": _("instalments paid in full on their day"),
    "paid_share": _("shares paid of each instalment on its day, added up"),
    "due": _("amount due"),
    "collected": _("collected of it"),
    "approved": _("approvals"),
    "declined": _("declines"),
    "performed_6": _("loans that performed 6 months before"),
    "defaulted_6": _("of these, loans that stopped performing"),
    "performed_12": _("loans that performed 12 months before"),
    "defaulted_12": _("of these, loans that stopped performing"),
    "impaired_12": _("loans that did not perform 12 months before"),
    "cured_12": _("of these, loans cured or repaid"),
    "back_12": _("loans that came to perform again"),
    "again_12": _("of these, loans that stopped once more"),
}
SOURCES: dict[Source, Words] = {
    Source.LEDGER: _("Accounts of the ledger"),
    Source.RULE_BOOK: _("Rule book 2.3: NPL ratio and portfolio at risk"),
    Source.RBI_RETURN: _("Return of asset classification and provisioning, RBI"),
    Source.PRACTICE: _("What lenders report of collections; no regulator defines it"),
    Source.DECISIONS: _("Decisions on requests"),
    Source.OBSERVED: _("Observed default rate, EBA GL/2017/16 paragraphs 73 to 81"),
}
PERIODS: dict[Period, Words] = {
    Period.DAY: _("On the books"),
    Period.MONTH: _("Since the first of the month"),
    Period.WINDOW: _("What became of loans, to the end of a month"),
}


# What the start page says beside the figures: made of the ledger of the branches one sees.
EARNED = "earned"


def earned() -> dict[str, str]:
    """Return what interest less cost of credit is: its definition, formula and source."""
    return {
        "code": EARNED,
        "name": _now("Interest less cost of credit"),
        "text": _now(
            "Interest credited to income since the first of the month, less what the ledger booked"
            " in it as cost of credit: provisions made less those released, what was written off"
            " or waived, less what was recovered. Of the branches you see; a loan that moves takes"
            " its provision along, not what it cost. Before fees, and before what funding and work"
            " cost. Shown on the start page."
        ),
        "formula": _now(
            "interest income less (expense for provisions + written off as a loss + waived less"
            " recovered)"
        ),
        "source": str(SOURCES[Source.LEDGER]),
    }


def formula(figure: Figure) -> str:
    """Return how a figure is computed, in words and signs; made of its definition itself."""
    made = DEFINITIONS[figure]
    part = _terms(made.plus, made.minus)
    if made.times != 1:
        part = f"{part} {_TIMES} {made.times}"
    if not made.is_ratio:
        return part
    whole = _terms(made.over, made.over_minus)
    return f"{_bracketed(part, made.minus)} ÷ {_bracketed(whole, _more(made))}"


def _more(made: Definition) -> tuple[str, ...]:
    return (*made.over[1:], *made.over_minus)


def _terms(plus: Iterable[str], minus: Iterable[str]) -> str:
    added = " + ".join(str(COLUMN_NAMES[name]) for name in plus)
    return f" {_MINUS} ".join([added, *(str(COLUMN_NAMES[name]) for name in minus)])


def _bracketed(words: str, others: Iterable[str]) -> str:
    return f"({words})" if tuple(others) else words


def change(points: str, *, is_up: bool) -> str:
    """Return by how much something rose or fell, in words."""
    return (_now("up %s") if is_up else _now("down %s")) % points
