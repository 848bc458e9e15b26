"""What is set aside for a facility in its class, with the working. Pure.

The regulator's provision: secured portion x its rate + unsecured portion x its rate, by class
(rule book 1.10-1.12, 2.1, 2.4). The expected loss: PD x LGD x EAD, and the floors of the segment
(1.17). Which of both is carried, and where the difference goes, is the table's to say. Amounts are
rounded half-up once, to the smallest unit of the currency; everything before is exact.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from apps.core.dates import add_months
from apps.core.money import money
from apps.npa.classification import Classified
from apps.npa.facility import ZERO, Facility
from apps.npa.lifetime import lifetime_pd
from apps.npa.regimes import Rules
from apps.npa.rule_parts import Ecl, Segment, Stage3

ONE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provided:
    """What is set aside.

    `amount` is carried through profit and loss, `reserve` on top of it in equity. `regulatory` and
    `expected` are what the two bases come to, `floor` what the second may not fall below; None
    where the table has no such basis or nothing is known for it.
    """

    base: Decimal
    secured: Decimal
    unsecured: Decimal
    secured_rate: Decimal | None
    unsecured_rate: Decimal | None
    segment: str
    regulatory: Decimal | None
    model: Decimal | None
    floor: Decimal | None
    amount: Decimal
    reserve: Decimal

    @property
    def rate(self) -> Decimal:
        """What share of what is provided for the amount is, at full precision."""
        return self.amount / self.base if self.base else ZERO


def provide(one: Facility, found: Classified, rules: Rules, as_of: date) -> Provided:
    """Return what is set aside for a facility of a class, at the end of a day."""
    base, secured = portions(one, rules)
    unsecured = base - secured
    segment = rules.segment(purpose=one.purpose, security=one.security_kind, stated=one.segment)
    rates = _rates(one, found, segment, rules)
    regulatory = None if rates is None else _both(one, secured * rates[0], unsecured * rates[1])
    model = _model(one, found.stage, segment, rules.ecl, secured=secured, unsecured=unsecured)
    floor = _floor(one, found, segment, rules, as_of=as_of, secured=secured, unsecured=unsecured)
    expected = _expected(model, floor, rules.ecl)
    amount, reserve = _carried(regulatory, expected, rules)
    return Provided(
        base=base,
        secured=secured,
        unsecured=unsecured,
        secured_rate=rates[0] if rates else None,
        unsecured_rate=rates[1] if rates else None,
        segment=segment.code,
        regulatory=regulatory,
        model=model,
        floor=floor,
        amount=amount,
        reserve=reserve,
    )


def portions(one: Facility, rules: Rules) -> tuple[Decimal, Decimal]:
    """Return what is provided for, and how much of it security covers.

    Only security counts, at what a sale brings after haircuts; guarantees do not (rule book 1.9).
    A valuation that no longer holds counts less, as the table says.
    """
    suspended = one.suspended if rules.counting.less_suspended_interest else ZERO
    base = max(ZERO, one.outstanding - suspended)
    brings = one.security + one.security_stale * (ONE - rules.counting.stale_haircut)
    return base, money(min(base, brings), one.currency)


def is_unsecured_from_start(one: Facility, rules: Rules) -> bool:
    """Say whether an exposure was unsecured from its beginning. Rule book 1.9.

    Where nothing is known of its beginning, what has no security now had none then.
    """
    if one.exposure_at_start is None or one.security_at_start is None:
        return not one.security_kind
    return one.security_at_start <= rules.counting.unsecured_up_to * one.exposure_at_start


# --- the regulator's provision --------------------------------------------------------------------
def _rates(
    one: Facility, found: Classified, segment: Segment, rules: Rules
) -> tuple[Decimal, Decimal] | None:
    """Return the rates of the secured and the unsecured portion; None where the table has none."""
    if not rules.rates:
        return None
    rate = rules.rate(found.asset_class)
    if rate.secured is None or rate.unsecured is None:
        standard = segment.standard or ZERO
        if one.restructured_on is not None and rules.counting.restructured_standard is not None:
            standard = max(standard, rules.counting.restructured_standard)
        return standard, standard
    if rate.unsecured_from_start is None or not is_unsecured_from_start(one, rules):
        return rate.secured, rate.unsecured
    if one.has_escrow and rate.infrastructure is not None:
        return rate.infrastructure, rate.infrastructure
    return rate.unsecured_from_start, rate.unsecured_from_start


# --- the expected loss ----------------------------------------------------------------------------
def _model(
    one: Facility,
    stage: int,
    segment: Segment,
    ecl: Ecl | None,
    *,
    secured: Decimal,
    unsecured: Decimal,
) -> Decimal | None:
    """Return PD x LGD x EAD; None where no PD is known for the stage. Rule book 1.17, 3.2.

    In stage 3 the PD is 1; a facility for which neither PD nor LGD is known has no model there
    either. The LGD is the facility's, else the segment's, else the backstop of each portion.
    """
    pd = _pd(one, stage)
    if ecl is None or pd is None:
        return None
    lgd_secured, lgd_unsecured = _lgds(one, segment, ecl)
    loss = secured * lgd_secured + unsecured * lgd_unsecured
    return money(max(pd, ecl.pd_floor) * loss, one.currency)


def lgd_used(one: Facility, rules: Rules) -> tuple[Decimal, Decimal]:
    """Return the LGD of the secured and of the unsecured portion, of a table that expects losses.

    Raises ValueError for any other.
    """
    if rules.ecl is None:
        raise ValueError(f"{rules.code} expects no losses.")
    segment = rules.segment(purpose=one.purpose, security=one.security_kind, stated=one.segment)
    return _lgds(one, segment, rules.ecl)


def _lgds(one: Facility, segment: Segment, ecl: Ecl) -> tuple[Decimal, Decimal]:
    own = one.lgd if one.lgd is not None else segment.lgd
    return (ecl.lgd_secured, ecl.lgd_unsecured) if own is None else (own, own)


def pd_used(one: Facility, stage: int, rules: Rules) -> Decimal | None:
    """Return the PD of a stage, no lower than the table's floor; None where none is known."""
    pd = _pd(one, stage)
    return None if pd is None or rules.ecl is None else max(pd, rules.ecl.pd_floor)


def _pd(one: Facility, stage: int) -> Decimal | None:
    if stage == 1:
        return one.pd_12_months
    if stage == 2:
        return _pd_of_life(one)
    return None if one.pd_12_months is None and one.lgd is None else ONE


def _pd_of_life(one: Facility) -> Decimal | None:
    if one.pd_lifetime is not None or one.pd_12_months is None or one.months_left is None:
        return one.pd_lifetime
    return lifetime_pd(one.pd_12_months, months=one.months_left, rate=one.annual_rate)


def _floor(
    one: Facility,
    found: Classified,
    segment: Segment,
    rules: Rules,
    *,
    as_of: date,
    secured: Decimal,
    unsecured: Decimal,
) -> Decimal | None:
    """Return the floor of the segment in a stage; None where the table has none. Rule book 1.17."""
    if rules.ecl is None:
        return None
    if found.stage in (1, 2):
        share = segment.stage_1 if found.stage == 1 else segment.stage_2
        return None if share is None else _both(one, secured * share, unsecured * share)
    step = stage_3_step(segment.stage_3, found.npa_date or as_of, rules, as_of)
    if step is None:
        return None
    return _both(one, secured * step.secured, unsecured * step.unsecured)


def stage_3_step(schedule: str, since: date, rules: Rules, as_of: date) -> Stage3 | None:
    """Return the floors that hold after the whole years since a day; None for no schedule."""
    reached = [
        step
        for step in rules.stage_3
        if step.schedule == schedule and add_months(since, 12 * step.from_years) <= as_of
    ]
    return reached[-1] if reached else None


def _expected(model: Decimal | None, floor: Decimal | None, ecl: Ecl | None) -> Decimal | None:
    known = [one for one in (model, floor) if one is not None]
    if ecl is None or not known:
        return None
    return max(known) if ecl.floor_binds else known[0]


# --- which of both --------------------------------------------------------------------------------
def _carried(
    regulatory: Decimal | None, expected: Decimal | None, rules: Rules
) -> tuple[Decimal, Decimal]:
    """Return what goes through profit and loss, and what to a reserve on top. Rule book 1.12, 2.4.

    Raises ValueError where a table provides for nothing; none that was read does.
    """
    if regulatory is None:
        if expected is None:
            raise ValueError(f"{rules.code} provides for nothing.")
        return expected, ZERO
    if expected is None or rules.reserve is None:
        return regulatory, ZERO
    return higher_of(expected, regulatory)


def higher_of(expected: Decimal, regulatory: Decimal) -> tuple[Decimal, Decimal]:
    """Return the expected loss, and by how much the regulator demands more. Rule book 2.4 T5."""
    return expected, max(ZERO, regulatory - expected)


def _both(one: Facility, secured: Decimal, unsecured: Decimal) -> Decimal:
    return money(secured + unsecured, one.currency)
