"""What would have turned a decline: how long the search takes, and whether every answer holds.

Each suggestion is made true for another borrower with the same facts but those changed, and that
application is assessed from the start: it must be approved. The sliders of an officer ask one point
at a time, by the page that answers. The bare limit asks the trees for as many rows as the search.
"""

import dataclasses
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import partial
from statistics import median, quantiles
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.applications import entries
from apps.applications import services as applications
from apps.audit import services as audit
from apps.customers.tests import factories as customers
from apps.decisions import services as decisions
from apps.decisions import trying
from apps.decisions.models import Decision
from apps.products.models import Product
from apps.scoring import champion
from benchmarks import lender, measuring, scratch

LIMIT_MS, SLIDER_MS = 300.0, 150.0
# Small enough to be told apart, large enough to be declined by price, burden and risk.
AMOUNTS = range(60_000, 800_000, 5_000)
VERIFICATIONS = ("none", "declared", "source", "documents")


@dataclass
class Facts:
    """A borrower and a request, so that both can be made again with something changed."""

    employment: dict[str, Any]
    bureau: dict[str, Any]
    debt: Decimal
    request: dict[str, Any]


@dataclass
class Timed:
    """Milliseconds of each question, and of the trees alone."""

    search: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    slider: list[float] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)


def main() -> None:
    """Measure and report."""
    asked = measuring.options(__doc__ or "", declined=60)
    with scratch.database():
        officer = lender.set_up(lender.trained())
        made = _declined(officer, asked.declined)
        timed = _timed([one for one, _facts in made], officer)
        told = [
            (decision, facts, one)
            for decision, facts in made
            for one in (decision.recourse or {})["suggestions"]
        ]
        valid = [_holds(officer, facts, one) for _decision, facts, one in told]
        server = scratch.server()
    with_any = sum(bool((one.recourse or {})["suggestions"]) for one, _facts in made)
    measuring.report(
        "Recourse",
        [
            *_times("search for changes", timed.search, timed.bare, LIMIT_MS),
            *_times("search for changes, processor alone", timed.cpu, timed.bare, LIMIT_MS),
            *_times("one slider moved, whole page's part", timed.slider, timed.bare, SLIDER_MS),
            measuring.figure(
                "points tried by a search",
                median(timed.rows),
                "median",
                peer=("most", max(timed.rows)),
                goal="",
                n=len(timed.rows),
            ),
            measuring.figure(
                "declines with a change that turns them",
                with_any / len(made),
                "share",
                peer=("all", 1.0),
                goal="",
                n=len(made),
            ),
            measuring.figure(
                "changes approved when made",
                sum(valid) / len(valid),
                "share",
                peer=("all", 1.0),
                goal="1",
                n=len(valid),
            ),
        ],
        on=server,
        recorded=asked.record,
    )


def _times(
    name: str, found: list[float], bare: list[float], limit: float
) -> list[measuring.Figure]:
    cuts = quantiles(found, n=20)
    return [
        measuring.figure(
            f"{name}, {label}",
            value,
            "ms",
            peer=("trees alone, same rows", median(bare)),
            goal=goal,
            n=len(found),
        )
        for label, value, goal in (
            ("p50", median(found), ""),
            ("p95", cuts[-1], f"under {limit:.0f} ms"),
        )
    ]


def _declined(officer: User, count: int) -> list[tuple[Decision, Facts]]:
    """Return decisions that the machine declined, with the facts they were made on."""
    chance = random.Random(7)  # noqa: S311 - made-up borrowers, not secrets
    found: list[tuple[Decision, Facts]] = []
    while len(found) < count:
        facts = _facts(chance)
        made = _assessed(officer, facts)
        if made.outcome == "decline":
            found.append((made, facts))
    return found


def _facts(chance: random.Random) -> Facts:
    yesterday = (timezone.now() - timedelta(days=1)).date()
    net = Decimal(chance.randrange(25_000, 90_000, 500))
    verification = chance.choice(VERIFICATIONS)
    late = chance.choice((0, 0, 0, 1, 2, 4))
    shown = net if verification in ("source", "documents") else None
    return Facts(
        employment={
            "as_of": yesterday,
            "months_employed": chance.randrange(2, 120),
            "gross_annual_income": net * 15,
            "net_monthly_income": net,
            "verification": verification,
            "documented_net_monthly_income": shown,
            "documented_by": "payslip" if shown else "",
        },
        bureau={
            "pulled_date": yesterday,
            "delinquencies_24m": late,
            "months_since_delinquency": chance.randrange(1, 24) if late else None,
            "enquiries_6m": chance.randrange(8),
            "revolving_balance": Decimal(chance.randrange(5_000, 200_000, 1_000)),
            "revolving_utilisation": Decimal(chance.randrange(5, 100)) / 100,
        },
        debt=Decimal(chance.choice((0, 0, 4_000, 9_000, 15_000))),
        request={
            "amount": Decimal(chance.choice(AMOUNTS)),
            "term_months": chance.choice((12, 24, 36, 48)),
            "purpose": chance.choice(("medical", "wedding", "small_business", "other")),
        },
    )


def _assessed(officer: User, facts: Facts) -> Decision:
    now = timezone.now()
    yesterday = (now - timedelta(days=1)).date()
    debts = ({"monthly_payment": facts.debt, "from_date": yesterday},) if facts.debt else ()
    borrower = customers.customer(
        officer.branch,
        actor=officer,
        now=now,
        employment=facts.employment,
        bureau=facts.bureau,
        obligations=debts,
    )
    product = Product.objects.get(code="in-personal")
    entry = entries.ApplicationEntry(customer=borrower, product=product, **facts.request)
    draft = applications.draft(actor=officer, entry=entry, now=now)
    sent = applications.submit(actor=officer, application=draft, now=now)
    return decisions.assess(
        application_id=sent.pk, actor=audit.system("benchmark"), now=timezone.now()
    )


def _holds(officer: User, facts: Facts, suggestion: dict[str, Any]) -> bool:
    """Assess the same request from the start with the change made true."""
    again = Facts(dict(facts.employment), dict(facts.bureau), facts.debt, dict(facts.request))
    for one in suggestion["changes"]:
        _made_true(again, one["what"], one["to"])
    made = _assessed(officer, again)
    return made.outcome == "approve" and made.annual_rate == Decimal(suggestion["annual_rate"])


def _made_true(facts: Facts, what: str, to: Any) -> None:
    if what in ("amount", "term_months"):
        facts.request[what] = Decimal(to) if what == "amount" else to
    elif what == "obligations_monthly":
        facts.debt = Decimal(to)
    elif what == "revolving_balance":
        used, before = facts.bureau["revolving_utilisation"], facts.bureau["revolving_balance"]
        facts.bureau["revolving_balance"] = Decimal(to)
        facts.bureau["revolving_utilisation"] = used * Decimal(to) / before
    elif what == "employment_months":
        facts.employment["months_employed"] = to
    elif what == "income_verification":
        facts.employment |= {
            "verification": to,
            "documented_net_monthly_income": facts.employment["net_monthly_income"],
            "documented_by": "payslip",
        }
    else:
        raise AssertionError(f"{what} cannot be made true here.")


def _timed(found: list[Decision], officer: User) -> Timed:
    timed, client = Timed(), Client()
    client.force_login(officer, backend="django.contrib.auth.backends.ModelBackend")
    # The first call of a process loads model, templates and catalogue; no officer waits for those.
    _slider(client, found[0])
    for decision in found:
        trial, asked = _counted(trying.of_decision(_stored(decision)))
        began, spent = time.perf_counter(), time.process_time()
        again = trial.search()
        timed.cpu.append((time.process_time() - spent) * 1e3)
        timed.search.append((time.perf_counter() - began) * 1e3)
        if _told(again) != _told(decision.recourse or {}):
            raise AssertionError(f"{decision.pk} gets other changes from what was stored.")
        timed.rows.append(len(asked))
        timed.slider.append(_milliseconds(partial(_slider, client, decision)))
        timed.bare.append(_bare(trial.scored, asked, decision))
    return timed


def _stored(decision: Decision) -> Decision:
    return Decision.objects.select_related(
        "score_run__model", "policy", "application__product", "application__customer"
    ).get(pk=decision.pk)


def _counted(trial: trying.Trial) -> tuple[trying.Trial, list[Mapping[str, object]]]:
    """Return a trial that notes what it asked the model for."""
    asked: list[Mapping[str, object]] = []

    def pd_when(moved: Mapping[str, object]) -> float:
        asked.append(moved)
        return trial.pd_when(moved)

    return dataclasses.replace(trial, pd_when=pd_when), asked


def _told(recourse: dict[str, Any]) -> list[list[dict[str, Any]]]:
    return [one["changes"] for one in recourse["suggestions"]]


def _slider(client: Client, decision: Decision) -> None:
    """Move one slider as the page does: sign-in, rows, model, policy and template."""
    amount = decision.application.amount
    least = decision.application.product.minimum_amount
    page = reverse("decisions:what_if", args=[decision.application_id])
    tried = max(amount - amount % 1000 - 10_000, least)
    asked = {"hx-request": "true", "host": "localhost"}
    answer = client.get(page, {"amount": f"{tried:f}"}, headers=asked)
    if answer.status_code != 200 or b"<table" not in answer.content:
        raise AssertionError(f"The page answers {answer.status_code} for {decision.pk}.")


def _bare(
    scored: Mapping[str, Any], asked: list[Mapping[str, object]], decision: Decision
) -> float:
    scorer = champion.scorer_of(decision.score_run.model)  # type: ignore[union-attr]
    rows = [{**scored, **moved} for moved in asked]
    matrix = [scorer.schema.to_matrix_row(row).reshape(1, -1) for row in rows]
    return _milliseconds(lambda: [scorer.model.margins(one) for one in matrix])


def _milliseconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1e3


if __name__ == "__main__":
    main()
