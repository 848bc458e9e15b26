"""Loans of a champion that ended: vintages beside what the model did on loans held out."""

from datetime import UTC, date, datetime
from decimal import Decimal

from apps.accounts.models import Branch, User
from apps.decisions.models import Decision, PolicyVersion
from apps.decisions.tests import factories as decisions
from apps.governance import services as governance
from apps.governance.tests import factories as governed
from apps.loans.models import Loan
from apps.monitoring import decision_rows, group_rows, outcome_rows, selectors, services
from apps.monitoring.models import Reference
from apps.monitoring.spans import Span
from apps.scoring import services as scoring
from apps.scoring.models import ModelVersion, ScoreRun

NOW = datetime(2026, 2, 3, 5, tzinfo=UTC)
PROMOTED = datetime(2024, 1, 1, tzinfo=UTC)


def _decided(model: ModelVersion, policy: PolicyVersion, loan: Loan) -> Decision:
    """Let the machine have approved a loan's application on the day it was paid out."""
    from apps.applications import selectors as applications  # noqa: PLC0415
    from apps.applications.models import Application  # noqa: PLC0415

    [(_key, row)] = applications.feature_rows(Application.objects.filter(pk=loan.application_id))
    assert loan.disbursed_date is not None
    moment = datetime.combine(loan.disbursed_date, datetime.min.time(), UTC)
    run = scoring.score(
        actor="system:test",
        subject=loan.application,
        segment=governed.SEGMENT,
        features=row,
        now=moment,
        model=model,
    )
    return Decision.objects.create(
        application=loan.application,
        number=1,
        kind="automated",
        outcome="approve",
        policy=policy,
        score_run=run,
        amount=Decimal(100_000),
        term_months=12,
        annual_rate=Decimal("0.12"),
        decided_at=moment,
    )


def test_outcomes_groups_and_decisions_of_a_year(pune: Branch, rita: User, mark: User) -> None:
    governed.portfolio(pune, rows=700)
    run = governance.train(
        actor=rita,
        segment=governed.SEGMENT,
        **governed.WINDOW,
        config=governed.quick(),
        now=NOW,
    )
    model = scoring.promote(model=run.model, approved_by=mark, now=PROMOTED)
    policy = decisions.policy(pune.entity, effective_from=date(2023, 1, 1))
    loans = Loan.objects.filter(disbursed_date__gte=date(2024, 1, 1)).select_related("application")
    for loan in loans:
        _decided(model, policy, loan)

    services.measure(model=model, span=Span.MONTH, start=date(2024, 12, 1), now=NOW)

    reference = Reference.objects.get()
    assert (reference.source, reference.facts["n"]) == ("held_out", len(loans))
    facts = selectors.facts(model, Span.MONTH, date(2024, 12, 1), "outcomes")
    assert facts is not None
    assert facts["loans"] == ScoreRun.objects.count() == len(loans)
    assert [one["month"] for one in facts["vintages"]] == [f"2024-{n:02d}" for n in range(1, 13)]
    assert sum(one["performance"]["bads"] for one in facts["vintages"]) == reference.facts["bads"]
    # The reference is of the same loans: no vintage departs from it but by chance.
    assert [one["month"] for one in facts["vintages"] if one["alarms"]] == []

    december = {
        "since": datetime(2024, 12, 1, tzinfo=UTC),
        "until": datetime(2025, 1, 1, tzinfo=UTC),
    }
    decided = decision_rows.facts(model, **december)
    month = [one for one in loans if one.disbursed_date.month == 12]
    assert decided["approved"] == [len(month), len(month)]
    assert decided["departed"] == [0, len(month)]
    assert sum(cell["n"] for cell in decided["cells"]) == len(month)
    for groups in group_rows.cells(model, **december).values():
        assert sum(total for _approved, total in groups.values()) == len(month)
    early = outcome_rows.early(model, datetime(2025, 1, 1, tzinfo=UTC))
    assert sum(one["late"] for one in early) == 0
