"""What the pages of the laboratory show, arranged for reading."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import Entity
from apps.applications import presentation as applications
from apps.core import formatting
from apps.core.errors import NotVisible
from apps.decisions import panel, sentences, tracing
from apps.laboratory import result_page, sandbox
from apps.laboratory.cutoff import Point
from apps.laboratory.models import Evidence, Experiment, ExperimentRow
from apps.products.models import Product


def crumb_of_experiments() -> dict[str, str]:
    """Return the way back to the list."""
    return {"label": _("Laboratory"), "url": reverse("laboratory:experiments")}


def crumbs(experiment: Experiment, here: str) -> list[dict[str, str]]:
    """Return the way back from a page of an experiment."""
    url = reverse("laboratory:experiment", args=[experiment.pk])
    return [crumb_of_experiments(), {"label": str(experiment), "url": url}, {"label": here}]


@dataclass(frozen=True)
class CutoffLine:
    """One cut-off as it is read; `below` is exact, because a policy would be written with it."""

    point: Point
    below: Decimal
    below_words: str
    loss: str
    profit: str
    is_best: bool = False


def cutoff_line(
    point: Point, below: Decimal, *, currency: str, is_best: bool = False
) -> CutoffLine:
    """Return a cut-off for reading."""
    return CutoffLine(
        point=point,
        below=below,
        below_words=exact_percent(below),
        loss=whole_money(_decimal(point.expected_loss), currency),
        profit=whole_money(_decimal(point.expected_profit), currency),
        is_best=is_best,
    )


def whole_money(amount: Decimal, currency: str) -> str:
    """Return a statistic in money without its decimals, which would say nothing."""
    figure = formatting.format_money(amount.to_integral_value(ROUND_HALF_UP), currency)
    return figure.partition(".")[0]


def exact_percent(share: Decimal) -> str:
    """Return a fraction in per cent with all its digits and no more."""
    return f"{(share * 100).normalize():f}{formatting.NARROW_SPACE}%"


def tried(found: sandbox.Tried) -> dict[str, Any]:
    """Return the context of a tried case, with the working as the case page shows it."""
    currency = found.case.product.currency
    trace = tracing.to_json(found.trace)
    return {
        "application": found.case.application,
        "version": found.version,
        "model": found.run.model,
        "outcome": found.trace.outcome,
        "pd": found.run.pd,
        "score": found.run.score,
        "amount": found.case.amount,
        "term_months": found.case.term_months,
        "currency": currency,
        "band": trace["band"],
        "annual_rate": found.annual_rate,
        "rate_addon": found.trace.rate_addon,
        "instalment": found.affordability.instalment,
        "ratios": applications.ratio_lines(found.affordability),
        "reasons": _reasons(found, currency),
        "has_no_reason": found.has_no_reason,
        "working": {
            "decision": {"score_run": found.run, "trace": trace},
            "trace": panel.trace_lines(trace, currency=currency),
            "factors": panel.factors(found.run, currency=currency),
        },
    }


@dataclass(frozen=True)
class ExperimentLine:
    """One experiment in the list."""

    experiment: Experiment
    state: str
    tries: str


def experiment_line(experiment: Experiment) -> ExperimentLine:
    """Return an experiment for the list."""
    return ExperimentLine(experiment, state=state(experiment), tries=tries(experiment))


def state(experiment: Experiment) -> str:
    """Return the state by the name the status component knows."""
    return "completed" if experiment.status == "done" else str(experiment.status)


def tries(experiment: Experiment) -> str:
    """Return in words what an experiment tries: a policy, a model, cut-offs, or several."""
    parts = []
    if experiment.policy is not None:
        parts.append(str(experiment.policy))
    if experiment.model is not None:
        parts.append(str(experiment.model))
    if experiment.approve_below is not None and experiment.decline_from is not None:
        words = {
            "approve": exact_percent(experiment.approve_below),
            "decline": exact_percent(experiment.decline_from),
        }
        parts.append(_("approve below %(approve)s, decline from %(decline)s") % words)
    return ", ".join(parts)


def question_of(experiment: Experiment) -> dict[str, Any]:
    """Return what an experiment was asked, to ask it again with a change."""
    names = ("from_date", "to_date", "products", "policy", "model", "approve_below")
    assumed = ("decline_from", "loss_given_default", "cost_of_funds", "fee_share")
    return {name: getattr(experiment, name) for name in (*names, *assumed, "operating_cost")}


def lender_tabs(lenders: Iterable[Entity], chosen: Entity) -> list[dict[str, Any]]:
    """Return the lenders to choose from; none where there is no choice."""
    tabs = [
        {"label": one.name, "url": f"?lender={one.code}", "current": one == chosen}
        for one in lenders
    ]
    return tabs if len(tabs) > 1 else []


def outcome_words() -> dict[str, str]:
    """Return the outcomes in words."""
    return {code: str(words) for code, words in result_page.OUTCOME_WORDS.items()}


@dataclass(frozen=True)
class EvidenceLine:
    """One experiment beside a policy version or a model, with its headline figures."""

    evidence: Evidence
    tries: str
    headline: list[result_page.Line]


def evidence_line(evidence: Evidence) -> EvidenceLine:
    """Return an experiment as it lies beside a policy version or a model."""
    page = result_page.of(evidence.experiment)
    wanted = (_("Approval rate"), _("Realised bad rate"), _("Expected profit"))
    lines = (*page.lines, *page.money)
    return EvidenceLine(
        evidence=evidence,
        tries=tries(evidence.experiment),
        headline=[line for line in lines if line.label in wanted],
    )


@dataclass(frozen=True)
class RowLine:
    """One application of an experiment in a list."""

    row: ExperimentRow
    causes: list[str]


def row_line(row: ExperimentRow, words: Mapping[str, str]) -> RowLine:
    """Return an application of an experiment and what stands against it, by the rules' sentences.

    What the candidate holds against it, or, where it approves, what is in force did.
    """
    causes = row.causes_after if row.outcome_after != "approve" else row.causes_before
    return RowLine(row, [result_page.cause_sentence(code, words) for code in causes.split()])


def with_results(experiment: Experiment) -> Experiment:
    """Return an experiment that is done. Raises NotVisible for one without results."""
    if experiment.status != "done":
        raise NotVisible("not_done", _("This experiment has no results yet."))
    return experiment


def product_names(experiment: Experiment) -> list[str]:
    """Return the products an experiment is about by name, or by code where one is gone."""
    known = dict(Product.objects.filter(code__in=experiment.products).values_list("code", "name"))
    return [known.get(code, code) for code in experiment.products]


def _reasons(found: sandbox.Tried, currency: str) -> Sequence[str]:
    return [sentences.reason(one, currency=currency) for one in found.reasons]


def _decimal(amount: float) -> Decimal:
    # A statistic in floats; its shortest text is what people mean by it.
    return Decimal(str(amount))
