"""Why a loan has its class on a day, and what is set aside for it, in sentences. Pure.

Everything said follows from the same rules and facts as the class itself. A sentence is a pattern
with values: days are dates, amounts Decimal, classes the codes of the table; pages put them into
the reader's language and form.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from apps.core.dates import add_months
from apps.npa import provisioning, triggers
from apps.npa.classification import Classified
from apps.npa.facility import Facility, Form
from apps.npa.provisioning import Provided
from apps.npa.regimes import Rules
from apps.npa.rule_parts import DayCount, Upgrade
from apps.npa.triggers import Reason
from apps.schedules.refusals import Sentence, gettext_noop


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A facility of the borrower, and what became of it by the table it is under."""

    facility: Facility
    found: Classified
    rules: Rules

    @property
    def performs(self) -> bool:
        """Whether it performs by its own table."""
        return self.rules.performs(self.found.asset_class)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A line of a working: an amount, what it is multiplied by, and what it comes to."""

    label: str
    amount: Decimal | None
    rate: Decimal | None
    result: Decimal


_COUNTS = {
    DayCount.RBI: gettext_noop(
        "By this count the due date is day 1: %(rbi)s days past due. The plain difference, for"
        " IFRS 9, is %(plain)s."
    ),
    DayCount.PLAIN: gettext_noop(
        "By this count the day after the due date is day 1: %(plain)s days past due. With the due"
        " date as day 1 there would be %(rbi)s."
    ),
}
_REASONS: dict[Reason, str] = {
    Reason.IN_TIME: gettext_noop("Nothing is so late that it asks for another class."),
    Reason.DAYS: gettext_noop("The days past due reach the class %(grade)s."),
    Reason.MISSED: gettext_noop(
        "%(missed)s missed instalments reach the class %(grade)s: the worse of days and"
        " instalments counts."
    ),
    Reason.OUT_OF_ORDER: gettext_noop(
        "The overdraft is out of order: above its limit, or without enough credits, for too long."
    ),
    Reason.CROP: gettext_noop("It stayed overdue for as many crop seasons as the rules allow."),
    Reason.RESTRUCTURED: gettext_noop(
        "It was restructured for financial difficulty on %(restructured_on)s, and the specified"
        " period has not ended well yet."
    ),
    Reason.KEPT_CLASS: gettext_noop(
        "It was restructured on %(restructured_on)s and keeps at least the class it had then."
    ),
    Reason.REVIEWED: gettext_noop("A review asks for at least this class."),
    Reason.FRAUD: gettext_noop("It was found to be a fraud: straight to the class %(grade)s."),
    Reason.BORROWER: gettext_noop(
        "Another loan of the borrower does not perform, and all of them are classed together."
    ),
    Reason.ARREARS_LEFT: gettext_noop(
        "It stopped performing, and arrears of the borrower are left: being less late is not"
        " enough to perform again."
    ),
    Reason.AGE: gettext_noop(
        "It has not performed since %(npa_date)s; counted from %(aged_from)s, the class"
        " %(grade)s began on %(class_since)s."
    ),
    Reason.ERODED: gettext_noop(
        "What secures it lost so much value that a class is skipped: a sale would bring"
        " %(brings)s, and %(assessed)s was assessed before."
    ),
    Reason.NOT_BETTER: gettext_noop(
        "It was in this class before: while it does not perform, its class does not become milder."
    ),
    Reason.OVERRIDE: gettext_noop(
        "Two people set this class for a time. By the rules alone it would be %(computed)s."
    ),
}


def demand(one: Facility, found: Classified, rules: Rules) -> list[Sentence]:
    """Return what is late, how it is counted, and from when on that is too late."""
    if one.form == Form.REVOLVING:
        pattern = gettext_noop("The balance was above the limit for %(days)s days.")
        return [Sentence(pattern, {"days": one.excess_days})]
    if one.oldest_due is None:
        return [Sentence(gettext_noop("Nothing that fell due is unpaid."))]
    said = [
        Sentence(
            gettext_noop("The oldest demand that is not paid in full fell due on %(due)s."),
            {"due": one.oldest_due},
        ),
        Sentence(_COUNTS[rules.day_count], {"rbi": found.dpd_rbi, "plain": found.dpd_ifrs}),
    ]
    if one.missed:
        pattern = gettext_noop("Instalments of which something is unpaid: %(missed)s.")
        said.append(Sentence(pattern, {"missed": one.missed}))
    return said


def bound(one: Facility, rules: Rules, as_of: date) -> list[Sentence]:
    """Return when a facility stops performing by the table, and what keeps this one from it."""
    said = []
    deadline = triggers.crop_deadline(one, rules)
    if triggers.is_seasonal(one, rules):
        if deadline is not None:
            pattern = gettext_noop("Crop seasons count instead of days: until %(deadline)s.")
            said.append(Sentence(pattern, {"deadline": deadline}))
    else:
        pattern = gettext_noop("From %(days)s days past due on a loan does not perform.")
        said.append(Sentence(pattern, {"days": rules.non_performing_from(as_of)}))
    if triggers.is_exempt(one, rules):
        pattern = gettext_noop(
            "It stays performing whatever its days: deposits cover it, or the central government"
            " guarantees it."
        )
        said.append(Sentence(pattern))
    return said


def reason(one: Facility, found: Classified) -> list[Sentence]:
    """Return what decided the class, and since when it does not perform."""
    values = {
        "grade": found.asset_class,
        "computed": found.computed,
        "missed": one.missed,
        "restructured_on": one.restructured_on,
        "npa_date": found.npa_date,
        "aged_from": found.aged_from,
        "class_since": found.class_since,
        "brings": one.security + one.security_stale,
        "assessed": one.security_assessed,
    }
    said = [Sentence(_REASONS[found.reason], values)]
    if found.npa_date is not None and found.reason != Reason.AGE:
        pattern = gettext_noop("It has not performed since %(npa_date)s.")
        said.append(Sentence(pattern, {"npa_date": found.npa_date}))
    return said


def together(subject: Judged, others: Sequence[Judged]) -> list[Sentence]:
    """Return what the borrower's other facilities have to do with the class."""
    if not others:
        return [Sentence(gettext_noop("The borrower has no other loan with this lender."))]
    if not subject.rules.contagion:
        return [Sentence(gettext_noop("Each loan of the borrower is classed by itself."))]
    performing = [each.performs for each in others]
    if subject.performs and all(performing):
        pattern = gettext_noop("All loans of the borrower are classed together, and all perform.")
    elif subject.performs:
        pattern = gettext_noop(
            "Other loans of the borrower do not perform; this one is kept apart by what stands"
            " above."
        )
    elif any(performing):
        pattern = gettext_noop(
            "All loans of the borrower are classed together. This one does not perform; an"
            " exemption, an override or the table they are under keeps others apart."
        )
    else:
        pattern = gettext_noop(
            "All loans of the borrower are classed together: none of them performs."
        )
    return [Sentence(pattern)]


def upgrade(everything: Sequence[Judged], subject: Judged, as_of: date) -> list[Sentence]:
    """Return what must happen for it to perform again; nothing where it performs."""
    if subject.performs:
        return []
    rules = subject.rules
    said = []
    if rules.upgrade == Upgrade.ALL_CLEARED:
        late = [one for one in everything if triggers.has_arrears(one.facility, one.rules, as_of)]
        pattern = gettext_noop(
            "It performs again only when all arrears of principal and interest on all loans of the"
            " borrower are paid. Loans in arrears on this day: %(late)s."
        )
        said.append(Sentence(pattern, {"late": len(late)}))
    else:
        days = rules.non_performing_from(as_of)
        pattern = gettext_noop(
            "It performs again when it is less than %(days)s days past due, and no other bound of"
            " the table is reached."
        )
        said.append(Sentence(pattern, {"days": days}))
    return [*said, *_after_restructuring(subject.facility, rules, as_of)]


def _after_restructuring(one: Facility, rules: Rules, as_of: date) -> list[Sentence]:
    asked = rules.restructuring
    if one.restructured_on is None or not (asked.downgrades or asked.keeps_class):
        return []
    if one.restructuring_exempt or triggers.is_satisfied(one, rules, as_of):
        return []
    first = one.first_payment_on
    pattern = gettext_noop(
        "And not before the specified period has ended well: %(months)s months from the first"
        " payment, that is not before %(until)s, %(share)s of what was owed repaid (so far"
        " %(repaid)s), and no loan of the borrower over 30 days late meanwhile."
    )
    values = {
        "months": asked.minimum_months,
        "until": None if first is None else add_months(first, asked.minimum_months),
        "share": _percent(asked.repaid_share),
        "repaid": _percent(one.repaid_share),
    }
    said = [Sentence(pattern, values)]
    if not triggers.is_rated_enough(one, rules):
        pattern = gettext_noop("And not before it is found to have an investment grade.")
        said.append(Sentence(pattern))
    return said


def next_step(found: Classified, rules: Rules, as_of: date) -> list[Sentence]:
    """Return which class it ages into next, and when; nothing where none is left."""
    if found.aged_from is None:
        return []
    rank = rules.ranks[found.computed]
    for step in rules.ageing:
        on = add_months(found.aged_from, step.from_months)
        if rules.ranks[step.grade] > rank and on > as_of:
            pattern = gettext_noop("If nothing changes, it becomes %(grade)s on %(on)s.")
            return [Sentence(pattern, {"grade": step.grade, "on": on})]
    return []


def expected(given: Provided, one: Facility, found: Classified, rules: Rules) -> list[Sentence]:
    """Return what PD and LGD the expected loss is made of; nothing where none is asked for."""
    if rules.ecl is None:
        return []
    if given.model is None:
        pattern = gettext_noop(
            "No PD is known for this loan: what the rules say without one is set aside."
        )
        return [Sentence(pattern)]
    said = []
    if one.pd_12_months is not None:
        pattern = gettext_noop("PD over twelve months, by the score it was decided on: %(pd)s.")
        said.append(Sentence(pattern, {"pd": _exactly(one.pd_12_months)}))
    if found.stage == 2 and one.pd_lifetime is None:
        pattern = gettext_noop(
            "Over the %(months)s months left, each year like the first and discounted at %(rate)s a"
            " year, that is %(pd)s."
        )
        pd = provisioning.pd_used(one, found.stage, rules) or Decimal(0)
        values = {"months": one.months_left, "rate": _exactly(one.annual_rate), "pd": _exactly(pd)}
        said.append(Sentence(pattern, values))
    if found.stage == 3:
        said.append(Sentence(gettext_noop("It has defaulted: the PD is 1.")))
    secured, unsecured = provisioning.lgd_used(one, rules)
    pattern = gettext_noop(
        "Lost in a default: %(secured)s of what security covers, and %(unsecured)s of the rest."
    )
    values = {"secured": _percent(secured), "unsecured": _percent(unsecured)}
    return [*said, Sentence(pattern, values)]


def working(given: Provided, one: Facility, found: Classified, rules: Rules) -> list[Part]:
    """Return how the provision is computed, line by line; the last line is the provision."""
    parts: list[Part] = []
    if given.secured_rate is not None and given.unsecured_rate is not None:
        regulatory = given.regulatory or Decimal(0)
        parts += [
            _line(gettext_noop("Covered by security"), given.secured, given.secured_rate),
            _line(gettext_noop("Not covered"), given.unsecured, given.unsecured_rate),
            _total(gettext_noop("By the regulator's rates"), regulatory),
        ]
    if given.model is not None:
        pd = provisioning.pd_used(one, found.stage, rules)
        parts.append(_line(gettext_noop("Expected loss: PD"), given.base, pd, given.model))
    if given.floor is not None:
        parts.append(_total(gettext_noop("Floor of the segment and stage"), given.floor))
    parts.append(_total(gettext_noop("Provision"), given.amount))
    if given.reserve:
        parts.append(_total(gettext_noop("To the reserve, on top"), given.reserve))
    return parts


def _line(label: str, amount: Decimal, rate: Decimal | None, result: Decimal | None = None) -> Part:
    exact = amount * (rate or 0) if result is None else result
    return Part(label=label, amount=amount, rate=rate, result=exact)


def _total(label: str, result: Decimal) -> Part:
    return Part(label=label, amount=None, rate=None, result=result)


def _exactly(share: Decimal) -> str:
    return f"{100 * share:.4f} %"


def _percent(share: Decimal) -> str:
    return f"{100 * share:.1f} %"
