"""An experiment decides what a machine would decide: the same score, price, burden and outcome."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Branch, User
from apps.applications import features
from apps.applications import selectors as applications
from apps.applications.models import Application, Guarantor
from apps.collateral.models import CoBorrower
from apps.customers import services as customers
from apps.customers.models import BlockListEntry, Customer, IdentityNumber
from apps.customers.tests import factories as people
from apps.decisions import (
    inputs,
    judging,
    policy,
    policy_document,
    policy_inputs,
    rulebook,
)
from apps.decisions import services as deciding
from apps.decisions.models import Decision
from apps.decisions.tests import factories as decisions
from apps.laboratory import imported, population, result_page, services
from apps.laboratory.models import Experiment
from apps.laboratory.tests import engine_factories as factories
from apps.scoring import champion
from apps.scoring import services as scoring
from apps.scoring.models import ModelVersion
from apps.scoring.tests import factories as models
from tests.kept import kept


@pytest.fixture(autouse=True)
def _nothing_loaded(db: None) -> Iterator[None]:
    champion.forget()
    rulebook.forget()
    yield
    champion.forget()
    rulebook.forget()


@pytest.fixture
@kept
def stage(pune: Branch, rita: User, mark: User) -> ModelVersion:
    """A champion and a policy that approves nearly everybody."""
    return decisions.stage(pune, rita, mark)


def judge(application: Application, written: dict[str, object]) -> judging.Judge:
    return judging.Judge(application, policy_document.parse(written), inputs.gather(application))


def as_gathered() -> dict[Any, dict[str, policy_inputs.Value]]:
    """Return the inputs of all applications, read by a decision one after the other."""
    return {
        application.pk: inputs.gather(application).inputs(
            inputs.Request(
                amount=application.amount,
                term_months=application.term_months,
                affordability=applications.affordability(application),
                pd=None,
            )
        )
        for application in Application.objects.all()
    }


def _belongs_to(customer: Customer, *, on: date = date(2026, 12, 1)) -> None:
    """Let a customer of ours have asked for what is on the tape, on a day after our decisions."""
    Application.objects.filter(channel="tape").update(customer=customer, applied_date=on)


def test_it_reads_an_imported_application_as_a_decision_would(pune: Branch) -> None:
    factories.tape(pune)

    found = imported.of_applications(Application.objects.values_list("pk", flat=True))

    assert len(found) > 40
    assert found == as_gathered()
    # One customer took all these loans, so defaults of earlier ones must have been seen.
    assert {one["defaults_with_us"] for one in found.values()} > {Decimal(0), Decimal(1)}


def test_it_knows_what_the_borrower_owes_and_answers_for(
    stage: ModelVersion, pune: Branch, alice: User
) -> None:
    factories.tape(pune, rows=3)
    granted, other = (decisions.assessed(alice).application for _ in range(2))
    _belongs_to(granted.customer)
    guarantee = {"amount": Decimal(70_000), "currency": "INR", "name": "A friend"}
    for one in (granted, other):
        # For a loan of one's own nobody answers twice.
        Guarantor.objects.create(application=one, customer=granted.customer, **guarantee)

    found = imported.of_applications(Application.objects.values_list("pk", flat=True))

    assert (granted.status, other.status) == ("approved", "approved")
    assert found == as_gathered()
    on_tape = Application.objects.filter(channel="tape").first()
    assert found[on_tape.pk]["guarantees_with_us"] == 70_000
    assert found[on_tape.pk]["exposure_with_us"] == on_tape.amount + granted.amount + 70_000
    assert found[on_tape.pk]["guarantor_exposure"] == 0
    # Who answers for the other loan has an own one with us.
    assert found[other.pk]["guarantor_exposure"] == 70_000 + granted.amount


def test_it_knows_what_the_borrower_owes_together_with_others(
    stage: ModelVersion, pune: Branch, alice: User
) -> None:
    factories.tape(pune, rows=3)
    granted, other = (decisions.assessed(alice).application for _ in range(2))
    _belongs_to(other.customer)
    part = {"liability": "share", "share": Decimal("0.25"), "added_by": alice}
    CoBorrower.objects.create(application=granted, customer=other.customer, **part)

    found = imported.of_applications(Application.objects.values_list("pk", flat=True))

    assert found == as_gathered()
    on_tape = Application.objects.filter(channel="tape").first()
    owed = on_tape.amount + other.amount + granted.amount / 4
    assert found[on_tape.pk]["exposure_with_us"] == owed


def test_it_knows_of_nothing_that_was_granted_later(
    stage: ModelVersion, pune: Branch, alice: User
) -> None:
    factories.tape(pune, rows=3)
    granted, other = (decisions.assessed(alice).application for _ in range(2))
    _belongs_to(granted.customer, on=date(2026, 11, 19))
    Guarantor.objects.create(
        application=other,
        customer=granted.customer,
        amount=Decimal(70_000),
        currency="INR",
        name="A friend",
    )

    found = imported.of_applications(Application.objects.values_list("pk", flat=True))

    assert found == as_gathered()
    on_tape = Application.objects.filter(channel="tape").first()
    assert found[on_tape.pk]["guarantees_with_us"] == 0
    assert found[on_tape.pk]["exposure_with_us"] == on_tape.amount
    # Of who asked us counts what is owed as things stand.
    assert found[granted.pk]["exposure_with_us"] == granted.amount + 70_000


def test_what_is_in_another_currency_is_not_known_here_either(
    stage: ModelVersion, pune: Branch, alice: User
) -> None:
    factories.tape(pune, rows=3)
    granted, other = (decisions.assessed(alice).application for _ in range(2))
    _belongs_to(granted.customer)
    guarantee = {"amount": Decimal(70_000), "currency": "KES", "name": "A friend"}
    Guarantor.objects.create(application=other, customer=granted.customer, **guarantee)

    found = imported.of_applications(Application.objects.values_list("pk", flat=True))

    assert found == as_gathered()
    on_tape = Application.objects.filter(channel="tape").first()
    assert found[on_tape.pk]["guarantees_with_us"] is None
    assert found[on_tape.pk]["exposure_with_us"] is None
    assert found[other.pk]["guarantor_exposure"] is None


def test_it_knows_who_stood_on_the_block_list(
    stage: ModelVersion, pune: Branch, alice: User
) -> None:
    factories.tape(pune)
    other = decisions.assessed(alice).application.customer
    days = sorted(Application.objects.filter(channel="tape").values_list("applied_date", flat=True))
    first = Application.objects.filter(channel="tape", applied_date__lt=days[10])
    half = Application.objects.filter(channel="tape", applied_date__gte=days[30])
    half.update(customer=other)
    number = IdentityNumber.objects.get(customer=other, kind="pan")
    entry = {"entity": pune.entity, "ground": "fraud", "source": "Own finding", "listed_by": alice}
    BlockListEntry.objects.create(
        customer=first[0].customer, from_date=days[0], until_date=days[5], **entry
    )
    listed = BlockListEntry(
        kind=number.kind, index=number.index, from_date=days[0], until_date=days[50], **entry
    )
    listed.number = "as on the card"
    listed.save()

    found = imported.of_applications(Application.objects.values_list("pk", flat=True))

    assert found == as_gathered()
    blocked = {key for key, one in found.items() if one["blocked"]}
    assert 0 < len(blocked) < len(found)
    assert blocked & set(half.values_list("pk", flat=True))
    assert blocked & set(first.values_list("pk", flat=True))


def test_it_says_of_what_is_in_force_what_was_decided(
    stage: ModelVersion, pune: Branch, alice: User, rita: User
) -> None:
    made = [
        decisions.assessed(alice, amount=Decimal(amount), term_months=term)
        for amount, term in ((90_000, 24), (900_000, 24), (850_000, 60))
    ]

    experiment = factories.done(rita, pune.entity, **factories.CUT_OFFS)

    found = {row.decision_id: row for row in factories.rows(experiment)}
    assert [one.outcome for one in made] == ["approve", "decline", "refer"]
    for decision in made:
        row = found[decision.pk]
        assert row.outcome_before == decision.outcome
        assert row.pd_before == row.pd_after == decision.score_run.pd
        assert (row.amount, row.rate_before) == (decision.amount, decision.annual_rate)
        assert row.band_before == decision.trace["band"]["name"]
        assert row.causes_before.split() == _causes(decision)


def _causes(decision: Decision) -> list[str]:
    asked = [(one["code"], one["outcome"]) for one in decision.trace["results"]]
    asked.append(("pd_band", decision.trace["band"]["outcome"]))
    return [code for level in ("decline", "refer") for code, outcome in asked if outcome == level]


def test_it_judges_another_policy_at_its_own_price(
    stage: ModelVersion, pune: Branch, alice: User, rita: User
) -> None:
    factories.tape(pune)
    for amount in (60_000, 250_000, 500_000, 700_000, 900_000):
        for term in (24, 60):
            decisions.assessed(alice, amount=Decimal(amount), term_months=term)
    tried = factories.draft(pune.entity, factories.priced())

    experiment = factories.done(rita, pune.entity, policy=tried)

    found = factories.rows(experiment)
    assert len(found) == Application.objects.count()
    for row in found:
        judged = judge(row.application, factories.priced()).judged(
            row.amount, row.term_months, pd=row.pd_after
        )
        assert row.outcome_after == judged.trace.outcome
        assert row.rate_after == judged.annual_rate
        assert row.band_after == judged.trace.band.name
        assert set(row.causes_after.split()) == _codes(judged.trace)
    assert {row.outcome_after for row in found} == {"approve", "refer", "decline"}
    assert len({row.rate_after for row in found}) == 3
    every = {code for row in found for code in row.causes_after.split()}
    assert every >= {"pd_band", "dti_cap", "lti_cap", "band_amount", "band_term"}


def _codes(trace: policy.Trace) -> set[str]:
    rules = {one.rule.code for one in trace.results if one.outcome != "approve"}
    found = {one.code for one in trace.findings}
    return rules | found | ({"pd_band"} if trace.band.outcome != "approve" else set())


def test_it_takes_the_add_on_of_a_stored_price_off_again(
    pune: Branch, alice: User, rita: User, mark: User
) -> None:
    decisions.stage(pune, rita, mark, document=factories.priced())
    for amount in (60_000, 250_000, 500_000, 700_000, 900_000):
        decisions.assessed(alice, amount=Decimal(amount))
    tried = factories.draft(pune.entity, decisions.document())

    experiment = factories.done(rita, pune.entity, policy=tried)

    found = factories.rows(experiment)
    assert {row.rate_after for row in found} == {Decimal("0.16")}
    assert any(row.rate_before > row.rate_after for row in found)
    for row in found:
        assert row.rate_before == row.decision.annual_rate
        assert row.outcome_before == row.decision.outcome


def test_it_scores_anew_with_another_model(
    stage: ModelVersion, pune: Branch, alice: User, rita: User
) -> None:
    factories.tape(pune, rows=20)
    decisions.assessed(alice)
    other = models.registered(decisions.SEGMENT, rita, seed=7)

    experiment = factories.done(rita, pune.entity, model=other)

    for row in factories.rows(experiment):
        facts = features.build(applications.feature_facts(row.application))
        assert row.pd_before == scoring.probability(model=stage, features=facts)
        assert row.pd_after == scoring.probability(model=other, features=facts)
        assert row.pd_before != row.pd_after


def test_it_refers_who_cannot_be_scored(
    stage: ModelVersion, pune: Branch, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.tape(pune, rows=10)
    waiting = factories.asked(rita, pune.entity, **factories.CUT_OFFS)
    rows = population.chunk(waiting, after=None)
    rows[3].features["purpose"] = None

    experiment = _run_on(waiting, rows, monkeypatch)

    refused = [row for row in factories.rows(experiment) if row.pd_after is None]
    assert [row.application_id for row in refused] == [rows[3].key]
    assert {row.outcome_after for row in refused} == {"refer"}
    assert {row.causes_after for row in refused} == {"features_refused"}
    assert {row.expected_profit_after for row in refused} == {None}
    assert experiment.results["applications"] == 10


def test_it_refers_everybody_where_no_model_decides(pune: Branch, rita: User) -> None:
    factories.tape(pune, rows=10)
    decisions.policy(pune.entity, document=factories.without_net_income())
    other = models.registered(decisions.SEGMENT, rita)

    experiment = factories.done(rita, pune.entity, model=other)

    found = factories.rows(experiment)
    assert {(row.outcome_before, row.causes_before) for row in found} == {("refer", "no_champion")}
    assert "approve" in {row.outcome_after for row in found}


def test_it_leaves_out_what_came_later(
    stage: ModelVersion, pune: Branch, alice: User, rita: User
) -> None:
    decisions.assessed(alice)

    too_early = factories.asked(
        rita, pune.entity, now=decisions.NOW.replace(year=2026, month=2), **factories.CUT_OFFS
    )

    assert population.of_experiment(too_early).count() == 0


def test_it_reads_no_decision_that_came_later(
    stage: ModelVersion, pune: Branch, alice: User, rita: User
) -> None:
    decision = decisions.assessed(alice)
    Application.objects.filter(pk=decision.application_id).update(
        channel="tape", created_at=decision.decided_at - timedelta(days=300)
    )

    before = factories.asked(
        rita,
        pune.entity,
        now=decision.decided_at - timedelta(days=1),
        **factories.CUT_OFFS,
    )

    (past,) = population.chunk(before, after=None)
    assert (past.decision_id, past.pd, past.scored_by) == (None, None, None)


def test_it_leaves_out_what_no_machine_scored(pune: Branch, alice: User, rita: User) -> None:
    decisions.policy(pune.entity)
    referral = decisions.assessed(alice)

    waiting = factories.asked(rita, pune.entity, **factories.CUT_OFFS)

    assert referral.failure == "no_champion"
    assert population.of_experiment(waiting).count() == 0
    assert population.left_out(waiting) == 1


def test_it_tells_how_many_are_left_out(pune: Branch, alice: User, rita: User, mark: User) -> None:
    factories.tape(pune, rows=5)
    poor, _rich = Application.objects.filter(channel="tape")[:2]
    Application.objects.filter(pk=poor.pk).update(employment=None)
    decisions.policy(pune.entity)
    decisions.assessed(alice)
    models.champion(decisions.SEGMENT, rita, mark)
    decisions.assessed(alice)

    experiment = factories.done(rita, pune.entity, **factories.CUT_OFFS)

    assert experiment.results["applications"] == 5
    assert experiment.results["left_out"] == 2
    (words, *_others) = result_page.of(experiment).notes
    assert words.startswith("Left out: 2 applications")


def test_it_decides_a_reopened_request_by_the_facts_of_its_last_day(
    stage: ModelVersion, pune: Branch, alice: User, rita: User
) -> None:
    application = decisions.assessed(alice).application
    later = decisions.NOW + timedelta(days=9)
    poorer = people.employment_entry(as_of=later.date(), net_monthly_income=Decimal(40_000))
    customers.record_employment(actor=alice, customer=application.customer, entry=poorer, now=later)
    deciding.change_request(
        actor=alice, application=application, amount=Decimal(300_000), term_months=36, now=later
    )
    between = factories.asked(rita, pune.entity, now=later, **factories.CUT_OFFS)
    waiting = population.of_experiment(between).count()
    again = deciding.assess(application_id=application.pk, actor="system:test", now=later)
    dear = decisions.document()
    dear["ladders"][0]["bands"][0]["rate_addon"] = "0.05"

    experiment = factories.done(rita, pune.entity, policy=factories.draft(pune.entity, dear))

    (row,) = factories.rows(experiment)
    assert (waiting, row.decision_id, row.amount) == (0, again.pk, 300_000)
    judged = judge(row.application, dear).judged(row.amount, row.term_months, pd=row.pd_after)
    assert row.rate_after == judged.annual_rate == again.annual_rate + Decimal("0.05")
    assert row.outcome_after == judged.trace.outcome


def _run_on(
    waiting: Experiment, rows: list[population.Past], monkeypatch: pytest.MonkeyPatch
) -> Experiment:
    chunks = [rows, []]
    monkeypatch.setattr(population, "chunk", lambda *_args, **_named: chunks.pop(0))
    return services.run(experiment_id=waiting.pk, now=factories.NOW)
