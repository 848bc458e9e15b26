"""Turn what both sides decided into rows to be stored, with their money."""

import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from apps.laboratory import money_results
from apps.laboratory.money_results import Assumptions
from apps.laboratory.population import Past
from apps.laboratory.redeciding import Group, Redecided


def of_group(
    experiment_id: uuid.UUID,
    group: Group,
    *,
    before: Redecided,
    after: Redecided,
    given: Assumptions,
) -> Iterator[dict[str, Any]]:
    """Yield a row of `ExperimentRow` for each application, by column."""
    for place, past in enumerate(group.rows):
        yield {
            "experiment_id": experiment_id,
            "application_id": past.key,
            "decision_id": past.decision_id,
            "product_id": past.product_id,
            "amount": past.amount,
            "term_months": past.term_months,
            **_side(past, (before, place), name="before", given=given),
            **_side(past, (after, place), name="after", given=given),
            **_ended(past, given),
        }


def _side(
    past: Past, said: tuple[Redecided, int], *, name: str, given: Assumptions
) -> dict[str, Any]:
    found, place = said
    pd, rate = found.pds[place], found.rates[place]
    expected = None
    if pd is not None:
        expected = money_results.expected(
            past.amount, rate, past.term_months, pd=Decimal(repr(pd)), given=given
        )
    return {
        f"outcome_{name}": found.outcomes[place],
        f"pd_{name}": pd,
        f"band_{name}": found.bands[place],
        f"causes_{name}": found.causes[place],
        f"rate_{name}": rate,
        f"expected_loss_{name}": None if expected is None else expected.loss,
        f"expected_profit_{name}": None if expected is None else expected.profit,
    }


def _ended(past: Past, given: Assumptions) -> dict[str, Any]:
    if past.ended is None:
        return {"defaulted": None, "realised": None}
    return {
        "defaulted": past.ended.defaulted,
        "realised": money_results.realised(past.ended, given=given),
    }
