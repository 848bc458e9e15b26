from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import Branch, User
from apps.applications.models import Application, Guarantor
from apps.applications.tests import factories as applications
from apps.collateral.models import CoBorrower
from apps.customers.models import Document
from apps.decisions import services
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.tests import factories
from apps.desk import case_page, exposure, neighbours, past_cases, similar
from apps.loans.models import Loan, Outcome
from apps.scoring.models import ModelVersion, ScoreRun
from tests.kept import kept

SignedIn = Callable[[User], Client]
PARTS = ("documents", "exposure", "similar", "memo")


@pytest.fixture
@kept
def stage(pune: Branch, rita: User, mark: User) -> ModelVersion:
    return factories.stage(pune, rita, mark)


@pytest.fixture
@kept
def scored(alice: User, stage: ModelVersion) -> ReviewCase:
    """A scored case of 850,000 in review by rule, after three others were decided."""
    for amount in (100_000, 300_000, 600_000):
        factories.assessed(alice, amount=Decimal(amount))
    return factories.referred(alice, amount=850_000, term_months=60)


def _found(case: ReviewCase, actor: User) -> past_cases.Likeness:
    case.referral.decided_at = case.referral.decided_at.replace(hour=23)
    return past_cases.most_similar(actor, case.application, case.referral)


def test_it_finds_the_nearest_by_the_models_own_terms(scored: ReviewCase, bob: User) -> None:
    found = _found(scored, bob)

    run = scored.referral.score_run
    assert run is not None
    others = Decision.objects.exclude(application=scored.application).select_related("score_run")
    expected = sorted(
        (similar.distance(run.attributions, one.score_run.attributions), str(one.application_id))
        for one in others
        if one.score_run is not None
    )
    assert [(one.distance, str(one.application.pk)) for one in found.cases] == expected
    assert (found.searched, found.is_certain) == (3, True)
    assert {one.outcome for one in found.cases} == {"approve"}
    assert {one.defaulted for one in found.cases} == {None}


def test_only_what_was_decided_before_counts(scored: ReviewCase, bob: User) -> None:
    found = past_cases.most_similar(bob, scored.application, scored.referral)

    assert found.cases == ()


def test_a_person_sees_only_cases_of_the_own_branches(
    scored: ReviewCase, make_person: Callable[..., User], nashik: Branch
) -> None:
    ned = make_person("Ned", "credit_reviewer", branch=nashik)

    assert _found(scored, ned).cases == ()


def test_what_another_model_scored_is_explained_anew_by_the_one_that_decided(
    scored: ReviewCase, bob: User
) -> None:
    run = scored.referral.score_run
    assert run is not None
    other = ScoreRun.objects.exclude(pk=run.pk)[0]
    rows = {other.pk: {"score_run_id": other.pk}}
    by_another = {other.pk: (scored.pk, other.log_odds)}

    found = past_cases._explained(rows, by_another, run)

    assert found == {other.pk: pytest.approx(other.attributions)}


def test_a_bounded_search_says_that_it_is_not_certain(
    scored: ReviewCase, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past_cases, "LOOKED_AT", 1)

    found = _found(scored, bob)

    assert 1 <= found.searched <= 2
    assert not found.is_certain


def test_exposure_adds_up_requests_and_guarantees(
    alice: User, bob: User, pune: Branch, stage: ModelVersion
) -> None:
    borrower = applications.borrower(pune)
    first = applications.submitted(alice, borrower, amount=Decimal(200_000))
    applications.submitted(alice, borrower, amount=Decimal(150_000))
    applications.application(alice, borrower, amount=Decimal(110_000))
    friend = applications.submitted(
        alice, applications.borrower(pune, full_name="Friend"), amount=Decimal(300_000)
    )
    Guarantor.objects.create(
        application=friend, customer=borrower, name="X", amount=Decimal(50_000), currency="INR"
    )

    factories.services.assess(application_id=friend.pk, actor="system:test", now=factories.NOW)
    approved = factories.assessed(alice, amount=Decimal(120_000)).application
    CoBorrower.objects.create(
        application=approved,
        customer=borrower,
        liability="share",
        share=Decimal("0.25"),
        added_by=alice,
    )

    found = exposure.beside(bob, first)

    assert [(one.role, one.amount, one.counts, one.liable) for one in found.lines] == [
        ("guarantor", Decimal(50_000), True, "Jointly and severally"),
        ("co_borrower", Decimal(30_000), True, "For 25 %"),
        ("borrower", Decimal(150_000), False, ""),
    ]
    [total] = found.totals
    assert (total.as_borrower, total.as_co_borrower, total.as_guarantor) == (0, 30_000, 50_000)
    assert (total.together, total.asked) == (80_000, 150_000)


def test_what_is_owed_is_never_cut_off_by_loans_that_were_repaid(
    alice: User, bob: User, pune: Branch, stage: ModelVersion
) -> None:
    borrower = applications.borrower(pune)
    first = applications.submitted(alice, borrower)
    applications.submitted(alice, borrower, amount=Decimal(150_000))
    repaid = applications.historic(borrower)
    loan = Loan.objects.create(
        number="L-1",
        branch=pune,
        customer=borrower,
        application=repaid,
        product=repaid.product,
        principal=repaid.amount,
        currency="INR",
        annual_rate=repaid.annual_rate,
        term_months=24,
        instalment=Decimal(9_000),
        status="imported",
        opened_date=date(2011, 4, 1),
        disbursed_date=date(2011, 4, 1),
        source=repaid.source,
        source_reference=repaid.source_reference,
    )
    Outcome.objects.create(loan=loan, defaulted=False, reported_status="Finished")

    found = exposure.beside(bob, first, limit=1)

    assert [one.amount for one in found.lines] == [Decimal(150_000)]
    lines = exposure.beside(bob, first).lines
    assert [(one.state, one.counts) for one in lines] == [("submitted", False), ("closed", False)]
    assert [one.asked for one in found.totals] == [150_000]


def test_exposure_shows_only_what_the_person_may_see(
    alice: User, pune: Branch, nashik: Branch, make_person: Callable[..., User]
) -> None:
    borrower = applications.borrower(pune)
    first = applications.submitted(alice, borrower)
    applications.submitted(alice, borrower)
    ned = make_person("Ned", "credit_reviewer", branch=nashik)

    assert exposure.beside(ned, first) == exposure.Beside((), ())


def test_a_missing_paper_is_named(scored: ReviewCase) -> None:
    found = case_page.papers(scored.application, scored.referral, now=factories.NOW)

    states = {paper.code: paper.state for paper in found}
    assert states["identity"] == "missing"
    assert states["consent_credit_assessment"] == "present"
    assert states["bureau_report"] == "present"


def test_a_paper_has_the_day_of_the_lender(scored: ReviewCase, bob: User) -> None:
    paper = Document.objects.create(
        customer=scored.application.customer,
        kind="identity",
        filename="pan.pdf",
        content_type="application/pdf",
        size=1,
        sha256="0" * 64,
        content=b"x",
        uploaded_by=bob,
    )
    # Half past one in the night of the 12th in Pune.
    evening = datetime(2026, 11, 11, 20, 0, tzinfo=UTC)
    Document.objects.filter(pk=paper.pk).update(created_at=evening)

    [identity] = [
        one
        for one in case_page.papers(scored.application, scored.referral, now=factories.NOW)
        if one.code == "identity"
    ]

    assert identity.day == date(2026, 11, 12)


@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_for_who_may_see_the_case(
    case: ReviewCase,
    bob: User,
    make_person: Callable[..., User],
    nashik: Branch,
    signed_in: SignedIn,
    part: str,
) -> None:
    address = reverse(f"desk:{part}", args=[case.application_id])
    ned = make_person("Ned", "credit_reviewer", branch=nashik)
    carol = make_person("Carol", "collections_officer")

    assert signed_in(bob).get(address).status_code == 200
    assert signed_in(ned).get(address).status_code == 404
    assert signed_in(carol).get(address).status_code == 403


@pytest.mark.parametrize(
    ("part", "most"), [("documents", 20), ("exposure", 16), ("similar", 16), ("memo", 18)]
)
def test_each_part_asks_few_questions(
    scored: ReviewCase,
    bob: User,
    signed_in: SignedIn,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    part: str,
    most: int,
) -> None:
    client = signed_in(bob)
    address = reverse(f"desk:{part}", args=[scored.application_id])
    client.get(address)

    with django_assert_max_num_queries(most):
        assert client.get(address).status_code == 200


def test_neighbours_follow_the_order_of_the_queue(
    alice: User, bob: User, pune: Branch, signed_in: SignedIn
) -> None:
    factories.policy(pune.entity)
    for _ in range(3):
        factories.referred(alice)
    first, second, third = ReviewCase.objects.order_by("rank", "due_at", "id")

    assert neighbours.of_case(bob, second, back=True) == first
    assert neighbours.of_case(bob, second, back=False) == third
    assert neighbours.of_case(bob, third, back=False) is None
    answer = signed_in(bob).get(reverse("desk:following", args=[first.pk]))
    assert answer.url == reverse("applications:detail", args=[second.application_id])
    answer = signed_in(bob).get(reverse("desk:following", args=[third.pk]))
    assert answer.url == reverse("desk:queue")


def test_the_page_holds_every_section_and_the_keys(
    scored: ReviewCase, bob: User, signed_in: SignedIn
) -> None:
    services.claim(actor=bob, case=scored, now=factories.NOW)
    client = signed_in(bob)

    page = client.get(reverse("applications:detail", args=[scored.application_id]))
    text = page.content.decode()

    for part in PARTS:
        assert reverse(f"desk:{part}", args=[scored.application_id]) in text
    assert "js/case.js" in text
    panel: Any = client.get(
        reverse("decisions:application_panel", args=[scored.application_id]),
        headers={"HX-Request": "true"},
    )
    assert 'data-shortcut="n"' in panel.content.decode()
    assert 'data-shortcut="p"' in panel.content.decode()


def test_a_draft_has_no_sections(alice: User, pune: Branch, signed_in: SignedIn) -> None:
    draft: Application = applications.application(alice, applications.borrower(pune))

    text = signed_in(alice).get(reverse("applications:detail", args=[draft.pk])).content.decode()

    assert "data-sections" not in text
    assert reverse("desk:memo", args=[draft.pk]) not in text
