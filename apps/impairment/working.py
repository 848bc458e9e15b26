"""Why a loan has its loss: the working, computed anew and exactly from what the run rests on."""

from dataclasses import dataclass
from decimal import Decimal

from apps.core.money import quantum
from apps.impairment import cells, hazards, measuring, parameters, stored
from apps.impairment.measuring import Exposed, Measured, Outlook, Path
from apps.impairment.models import LoanLoss
from apps.impairment.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Month:
    """One month of the sum, in the base scenario: what is multiplied, and what comes of it."""

    number: int
    hazard: Decimal
    survival: Decimal
    pd: Decimal
    balance: Decimal
    worth: Decimal
    loss: Decimal


@dataclass(frozen=True, kw_only=True)
class Working:
    """The loss of a loan as computed now, beside what the run stored."""

    row: LoanLoss
    parameters: Parameters
    measured: Measured
    months: list[Month]

    @property
    def loss(self) -> Decimal:
        """What counts by the stage."""
        both = self.measured.weighted
        return both.months_12 if self.row.stage == 1 else both.lifetime

    @property
    def of_scenarios(self) -> dict[Outlook, Decimal]:
        """The same under each scenario."""
        first = self.row.stage == 1
        return {
            name: loss.months_12 if first else loss.lifetime
            for name, loss in self.measured.scenarios.items()
        }

    @property
    def agrees(self) -> bool:
        """Whether it is what was stored, to the smallest unit of the currency."""
        stored_ = (self.row.loss, self.row.loss_12, self.row.loss_lifetime)
        now = (self.loss, self.measured.weighted.months_12, self.measured.weighted.lifetime)
        unit = quantum(self.row.currency)
        return all(abs(one - other) <= unit for one, other in zip(stored_, now, strict=True))


def of(row: LoanLoss) -> Working:
    """Return the working of a loan's loss."""
    terms = parameters.read(row.run.parameters.body)
    structure, given = stored.read(row.run.estimate.body)
    late = cells.late_of(row.days_late)
    lag = cells.months_to_default(late)
    months = row.months_left + lag
    ahead = hazards.of_loan(structure, band=row.band, age=row.age, late=late, months=months)
    one = Exposed(
        currency=row.currency,
        drawn=row.drawn,
        undrawn=row.undrawn,
        conversion=terms.conversion_of(row.segment),
        annual_rate=row.annual_rate,
        effective_rate=row.effective_rate,
        path=Path.BULLET if row.is_bullet else Path.LEVEL,
        lgd=given.of(row.security, row.segment, terms.recoveries),
        lgd_floor=terms.recoveries.floor_of(row.security),
        hazards=ahead,
        lag=lag,
        is_impaired=row.stage == 3,
    )
    return Working(
        row=row,
        parameters=terms,
        measured=measuring.measure(one, terms.scenarios),
        months=[] if one.is_impaired else _months(one, terms),
    )


def _months(one: Exposed, terms: Parameters) -> list[Month]:
    base = terms.scenarios[Outlook.BASE]
    ahead = measuring.shifted(one.hazards, base.pd_shift)
    lgd = measuring.shifted_lgd(one.lgd, one.lgd_floor, base.lgd_shift)
    ead = measuring.exposure_at_default(one.drawn, one.undrawn, one.conversion)
    left = len(ahead) - one.lag
    owed = measuring.owed_at_default(ead, one.annual_rate, left, one.path, lag=one.lag)
    worth = (1 + one.effective_rate) ** (Decimal(-1) / measuring.YEAR)
    alive = measuring.survival(ahead)
    return [
        Month(
            number=place + 1,
            hazard=ahead[place],
            survival=alive[place],
            pd=alive[place] * ahead[place],
            balance=owed[place],
            worth=worth ** (place + 1),
            loss=alive[place] * ahead[place] * lgd * owed[place] * worth ** (place + 1),
        )
        for place in range(len(ahead))
    ]
