"""The stages of IFRS 9. Pure; days are counted plainly (rule book 3.1, 1.17)."""

from decimal import Decimal

from apps.npa.facility import Facility, Form
from apps.npa.rule_parts import Stages

STAGES = (1, 2, 3)


def stage(one: Facility, dpd: int, *, is_bad: bool, rules: Stages) -> int:
    """Return the stage: 3 credit-impaired, 2 significantly riskier than at first, 1 neither.

    What the regulator calls non-performing is credit-impaired where the table says so. `dpd` is the
    plain difference; of an overdraft the days above its limit, to which the days of term loans do
    not apply.
    """
    revolving = one.form == Form.REVOLVING
    if (is_bad and rules.bad_is_stage_3) or (not revolving and dpd >= rules.stage_3_from_days):
        return 3
    over = rules.revolving_stage_2_over_days if revolving else rules.stage_2_over_days
    if dpd > over or one.has_increased_risk or has_risen(one, rules.pd_multiple):
        return 2
    return 1


def has_risen(one: Facility, multiple: Decimal | None) -> bool:
    """Say whether the PD rose by the lender's own multiple since origination. Rule book 3.1 T5.

    Of one so small that it is stored as 0 no multiple says anything.
    """
    return (
        multiple is not None
        and one.pd_origination is not None
        and one.pd_12_months is not None
        and one.pd_origination > 0
        and one.pd_12_months >= multiple * one.pd_origination
    )
