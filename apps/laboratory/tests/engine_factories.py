"""Past applications, of a tape and decided by machine, and experiments on them."""

import copy
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.accounts.models import Branch, Entity, User
from apps.decisions.models import PolicyVersion
from apps.decisions.services import policymaking
from apps.decisions.tests import factories as decisions
from apps.governance.tests import factories as governance
from apps.laboratory import services
from apps.laboratory.models import Experiment, ExperimentRow
from apps.loans.models import Outcome
from apps.products.models import Product

# After whatever the clock says: an experiment sees only rows that were there before it.
NOW = datetime(2050, 1, 1, 9, 0, tzinfo=UTC)
PERIOD: dict[str, Any] = {"from_date": date(2023, 1, 1), "to_date": date(2027, 1, 1)}
ASSUMED: dict[str, Decimal] = {
    "loss_given_default": Decimal("0.6"),
    "cost_of_funds": Decimal("0.08"),
    "fee_share": Decimal("0.01"),
    "operating_cost": Decimal(1_500),
}
# A PD in the middle of those the test model gives, so that both sides approve some.
CUT_OFFS: dict[str, Decimal] = {"approve_below": Decimal("0.03"), "decline_from": Decimal("0.08")}


def tape(branch: Branch, *, rows: int = 60) -> Product:
    """Write finished loans as an import leaves them, paid back or not, and return their product."""
    product = governance.portfolio(branch, rows=rows, borrowers=1)
    for outcome in Outcome.objects.select_related("loan"):
        part = Decimal("0.4") if outcome.defaulted else Decimal("1.2")
        outcome.total_paid = (outcome.loan.principal * part).quantize(Decimal("0.01"))
        outcome.recovery_cost = Decimal(500) if outcome.defaulted else None
        paid_out = outcome.loan.disbursed_date
        assert paid_out is not None
        outcome.last_payment_date = paid_out + timedelta(days=400)
        outcome.save()
    return product


def draft(entity: Entity, document: dict[str, Any]) -> PolicyVersion:
    """Return a version nobody has proposed yet."""
    author = decisions.policymaker(entity, "draft_policy")
    version = policymaking.draft_policy(actor=author, entity=entity)
    return policymaking.edit_policy(actor=author, policy=version, document=document)


def without_net_income() -> dict[str, Any]:
    """Return a policy that asks nothing a tape does not tell, with cut-offs amid the PDs.

    Nor about former defaults: one customer took all the loans of our tape.
    """
    written = decisions.document(bands=("0.05", "0.1"))
    unknown = ("foir", "age_years", "defaults_with_us")
    written["rules"] = [one for one in written["rules"] if one["input"] not in unknown]
    return written


def priced() -> dict[str, Any]:
    """Return a policy with add-ons, limits and a margin, whose cut-offs divide the test model's."""
    written = decisions.document(bands=("0.05", "0.1"))
    approve, refer, _decline = written["ladders"][0]["bands"]
    middle = copy.deepcopy(approve)
    approve["below"] = middle["from"] = "0.03"
    middle |= {"name": "A2", "rate_addon": "0.02", "most_amount": {"INR": "300000"}}
    middle |= {"longest_term_months": "48", "beyond": "refer"}
    refer["rate_addon"] = "0.05"
    written["ladders"][0]["bands"].insert(1, middle)
    written["ladders"][0]["refer_margin"] = "0.002"
    written["rules"] += [
        {
            "code": code,
            "sentence": "The burden is bearable.",
            "input": code.removesuffix("_cap"),
            "test": "at_most",
            "threshold": threshold,
            "outcome": "decline",
        }
        for code, threshold in (("dti_cap", "0.35"), ("lti_cap", "0.9"))
    ]
    return written


def question(**changes: Any) -> services.Question:
    """Return a question about every product; at least one thing to try must be among `changes`."""
    values: dict[str, Any] = {"title": "Trying", **PERIOD, **ASSUMED, **changes}
    return services.Question(**values)


def asked(rita: User, entity: Entity, *, now: datetime = NOW, **changes: Any) -> Experiment:
    """Return an experiment that waits for a worker."""
    return services.ask(actor=rita, entity=entity, question=question(**changes), now=now)


def done(rita: User, entity: Entity, **changes: Any) -> Experiment:
    """Return an experiment that a worker has finished."""
    waiting = asked(rita, entity, **changes)
    return services.run(experiment_id=waiting.pk, now=NOW)


def rows(experiment: Experiment) -> list[ExperimentRow]:
    """Return what was found for each application, in the order of their keys."""
    found = ExperimentRow.objects.filter(experiment=experiment).order_by("application")
    return list(found.select_related("application__product", "decision__score_run"))
