"""Who may appeal against what, until when, and by when it must be answered."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from apps.accounts.models import Branch, User
from apps.appeals import correctable, deadlines, selectors, services
from apps.appeals.errors import AppealedAlready, AppealIncomplete, NothingToAppeal, WindowClosed
from apps.appeals.models import Appeal, Correction, Evidence
from apps.appeals.services import Claim, File
from apps.appeals.tests import factories
from apps.applications.models import Application
from apps.applications.tests import factories as applications
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible
from apps.customers.models import Employment
from apps.decisions.tests import factories as decided
from apps.scoring.models import ModelVersion

LATER = factories.LATER


def test_an_appeal_by_the_link_has_its_deadline_by_regime(declined: Application) -> None:
    appeal = factories.received(declined)

    assert (appeal.status, appeal.sequence, appeal.registered_by) == ("acknowledged", 1, None)
    assert (appeal.received_date, appeal.due_date, appeal.rule) == (
        date(2026, 11, 20),
        date(2026, 12, 20),
        "6.10",
    )
    assert str(appeal) == f"{declined.number}/A1"
    claim = Correction.objects.get()
    assert (claim.fact, claim.stood, claim.claimed) == (
        "net_monthly_income",
        "12000.00",
        "60000.00",
    )
    assert Evidence.objects.get().content_type == "application/pdf"


def test_what_an_applicant_writes_is_sealed(declined: Application) -> None:
    factories.received(declined)

    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM appeals_appeal")
        [stored] = cursor.fetchone()
        cursor.execute("SELECT claimed FROM appeals_correction")
        [value] = cursor.fetchone()
    assert b"salary" not in bytes(stored)
    assert b"60000" not in bytes(value)


@pytest.mark.parametrize(
    ("regime", "wrong", "due", "rule"),
    [
        ("india", False, date(2026, 12, 20), "6.10"),
        ("kenya", False, date(2026, 12, 20), "6.1"),
        ("kenya", True, date(2026, 11, 27), "6.2"),
        ("united_states", True, date(2026, 12, 20), "4.2"),
        ("european_union", False, date(2026, 12, 20), "5.2"),
    ],
)
def test_each_regime_has_its_day(regime: str, wrong: bool, due: date, rule: str) -> None:
    within = deadlines.answer_within(regime, data_wrong=wrong)

    assert (within.due_date(date(2026, 11, 20)), within.rule) == (due, rule)


def test_a_month_is_a_calendar_month() -> None:
    within = deadlines.answer_within("european_union", data_wrong=True)

    assert within.due_date(date(2027, 1, 31)) == date(2027, 2, 28)
    with pytest.raises(KeyError):
        deadlines.answer_within("nowhere", data_wrong=False)


@pytest.mark.parametrize(
    ("today", "near"),
    [(20, "in_time"), (27, "in_time"), (28, "soon"), (40, "soon"), (41, "late")],
)
def test_it_is_late_the_day_after_the_last(today: int, near: str) -> None:
    began = date(2026, 11, 1)
    day = began + timedelta(days=today - 1)

    assert deadlines.nearness(received=began, due=date(2026, 12, 10), today=day) == near


@pytest.mark.parametrize(
    ("fact", "text", "value"),
    [
        ("net_monthly_income", "60,000", Decimal("60000.00")),
        ("net_monthly_income", "12,34,567.50", Decimal("1234567.50")),
        ("gross_annual_income", "1 234 567", Decimal("1234567.00")),
        ("net_monthly_income", "60000.5", Decimal("60000.50")),
        ("obligations_monthly", "0", Decimal("0.00")),
        ("months_employed", "18", 18),
        ("home", "own", "own"),
    ],
)
def test_a_right_value_is_read(fact: str, text: str, value: object) -> None:
    assert correctable.read(fact, text) == value
    assert correctable.read(fact, correctable.written(value)) == value


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        ("net_monthly_income", "NaN"),
        ("net_monthly_income", "1.005"),
        ("net_monthly_income", "-1"),
        ("net_monthly_income", "45,50"),
        ("net_monthly_income", "1,5"),
        ("net_monthly_income", "45000,50"),
        ("net_monthly_income", "60,000,5"),
        ("net_monthly_income", "60 000,50"),
        ("net_monthly_income", "60,000.50.1"),
        ("net_monthly_income", "1e40"),
        ("months_employed", "1.5"),
        ("months_employed", "721"),
        ("home", "castle"),
    ],
)
def test_what_is_no_value_is_refused(fact: str, text: str) -> None:
    with pytest.raises(correctable.NotAValue):
        correctable.read(fact, text)


def test_a_negative_income_is_refused_in_words(declined: Application) -> None:
    with pytest.raises(AppealIncomplete) as refused:
        factories.received(declined, claims=(Claim("net_monthly_income", "-1"),))

    assert refused.value.fields == {"net_monthly_income": "This cannot be less than zero."}
    assert not Appeal.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"grounds": ()}, "grounds"),
        ({"grounds": ("moon",)}, "grounds"),
        ({"statement": "  "}, "statement"),
        ({"statement": "x" * 4_001}, "statement"),
        ({"claims": (Claim("net_monthly_income", "lots"),)}, "net_monthly_income"),
        ({"claims": (Claim("gender", "x"),)}, "claims"),
        ({"claims": (), "files": ()}, "claims"),
        ({"channel": "counter"}, "channel"),
        ({"files": tuple(File(f"{n}.pdf", b"%PDF-" + bytes([n])) for n in range(6))}, "file"),
    ],
    ids=[
        *("no-ground", "unknown-ground", "no-words", "too-long", "no-number", "protected"),
        *("nothing-wrong", "no-officer", "many-files"),
    ],
)
def test_an_incomplete_appeal_leaves_nothing(
    declined: Application, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(AppealIncomplete) as refused:
        factories.received(declined, **changes)

    assert field in refused.value.fields
    assert not Appeal.objects.exists()


@pytest.mark.parametrize(
    ("claims", "beside"),
    [
        ((Claim("net_monthly_income", "75000.01"),), "net_monthly_income"),
        ((Claim("gross_annual_income", "143999.99"),), "gross_annual_income"),
        (
            (Claim("gross_annual_income", "1000000"), Claim("net_monthly_income", "90000")),
            "net_monthly_income",
        ),
    ],
    ids=["net", "gross", "both"],
)
def test_nobody_earns_more_net_than_gross(
    declined: Application, claims: tuple[Claim, ...], beside: str
) -> None:
    with pytest.raises(AppealIncomplete) as refused:
        factories.received(declined, claims=claims)

    assert list(refused.value.fields) == [beside]
    assert "gross income of the year" in str(refused.value.fields[beside])
    assert not Appeal.objects.exists()


def test_net_up_to_gross_is_asked_for(declined: Application) -> None:
    claims = (Claim("net_monthly_income", "75000"), Claim("months_employed", "18"))

    assert factories.received(declined, claims=claims).corrections.count() == 2


def test_a_net_income_is_not_accepted_above_the_gross_one_that_stands(
    declined: Application, bob: User
) -> None:
    claims = (Claim("gross_annual_income", "1200000"), Claim("net_monthly_income", "95000"))
    appeal = factories.received(declined, claims=claims)
    services.assign(actor=bob, appeal=appeal, person=bob, now=LATER)
    source = f"file:{appeal.evidence.get().pk}"
    gross, net = appeal.corrections.order_by("fact")

    def accept(one: Correction) -> Correction:
        return services.answer_correction(
            actor=bob, correction=one, accept=True, source=source, now=LATER
        )

    with pytest.raises(AppealIncomplete):
        accept(net)
    net.refresh_from_db()
    assert net.answer == "asked"

    accept(gross)
    assert accept(net).answer == "accepted"


def test_facts_recorded_since_do_not_let_net_rise_above_gross(
    declined: Application, bob: User
) -> None:
    appeal = factories.received(declined)
    services.assign(actor=bob, appeal=appeal, person=bob, now=LATER)
    services.answer_correction(
        actor=bob,
        correction=appeal.corrections.get(),
        accept=True,
        source=f"file:{appeal.evidence.get().pk}",
        now=LATER,
    )
    former = Employment.objects.get()
    former.pk, former.gross_annual_income = uuid.uuid4(), Decimal(200_000)
    former.save(force_insert=True)

    with pytest.raises(DomainError) as refused:
        services.judge_anew(actor=bob, appeal=appeal, now=LATER)

    assert list(refused.value.fields) == ["net_monthly_income"]
    assert Employment.objects.count() == 2
    assert not appeal.reassessments.exists()


def test_a_file_that_is_none_leaves_nothing(declined: Application) -> None:
    with pytest.raises(DomainError), transaction.atomic():
        factories.received(declined, files=(File("a.exe", b"MZ\x90"),))

    assert not Appeal.objects.exists()
    assert not Evidence.objects.exists()


def test_only_a_decline_or_less_than_asked_is_appealed_against(
    alice: User, stage: ModelVersion
) -> None:
    approved = decided.assessed(alice).application
    waiting = decided.submitted(alice)

    for application in (approved, waiting):
        with pytest.raises(NothingToAppeal):
            factories.plain(application)
    with pytest.raises(IntegrityError, match="appeals_appeal_against"), transaction.atomic():
        Appeal.objects.create(
            application=approved,
            decision=approved.decisions.get(),
            sequence=1,
            channel="link",
            grounds=["unfair"],
            statement="x",
            received_at=LATER,
            received_date=LATER.date(),
            due_date=LATER.date(),
            rule="10",
        )

    assert not Appeal.objects.exists()


def test_after_the_last_day_nobody_appeals(declined: Application) -> None:
    late = LATER + timedelta(days=31)

    with pytest.raises(WindowClosed):
        services.ask(actor=None, application=declined, asked=factories.asked(), now=late)

    assert not Appeal.objects.exists()


def test_a_decision_has_one_appeal_and_another_after_a_withdrawal(
    declined: Application, alice: User
) -> None:
    first = factories.plain(declined)
    with pytest.raises(AppealedAlready):
        factories.plain(declined)

    services.withdraw(actor=alice, appeal=first, now=LATER)
    second = factories.plain(declined)

    assert second.sequence == 2
    assert Appeal.objects.filter(status="withdrawn").count() == 1


def test_an_answered_decision_is_not_appealed_against_again(
    declined: Application, bob: User
) -> None:
    appeal = factories.held(declined, bob)
    services.answer(actor=bob, appeal=appeal, given=factories.uphold(), now=LATER)

    with pytest.raises(AppealedAlready):
        factories.plain(declined)

    assert Appeal.objects.count() == 1


def test_the_same_sending_asks_once(declined: Application) -> None:
    key = uuid.uuid4()

    first, again = factories.received(declined, key=key), factories.received(declined, key=key)

    assert first == again
    assert Appeal.objects.count() == 1


def test_a_sending_of_another_application_is_refused(declined: Application, alice: User) -> None:
    first = factories.plain(declined)
    other = decided.assessed(
        alice,
        amount=Decimal(200_000),
        borrower={"employment": {"net_monthly_income": Decimal(12_000)}},
    ).application

    with pytest.raises(Conflict) as refused:
        factories.plain(other, key=first.pk)

    assert refused.value.code == "key_in_use"
    assert list(Appeal.objects.all()) == [first]


def test_an_officer_registers_and_nobody_without_the_right(
    declined: Application,
    alice: User,
    bob: User,
    make_person: Callable[..., User],
    nashik: Branch,
) -> None:
    olga = make_person("Olga", "loan_officer", branch=nashik)
    for person, refusal in ((bob, NotPermitted), (olga, NotVisible)):
        with pytest.raises(refusal):
            factories.plain(declined, by=person)

    letter = factories.plain(declined, by=alice, channel="letter")

    assert (letter.status, letter.registered_by) == ("received", alice)
    told = services.acknowledge(actor=alice, appeal=letter, now=LATER)
    assert (told.status, told.acknowledged_at) == ("acknowledged", LATER)


def test_what_was_asked_never_changes(declined: Application) -> None:
    appeal = factories.received(declined)

    for changes in (
        {"channel": "counter"},
        {"due_date": date(2030, 1, 1)},
        {"grounds": ["unfair"]},
    ):
        with pytest.raises(InternalError), transaction.atomic():
            Appeal.objects.filter(pk=appeal.pk).update(**changes)
    with pytest.raises(InternalError), transaction.atomic():
        Evidence.objects.all().delete()


def test_a_correction_needs_a_source_of_this_applicant(
    declined: Application, bob: User, alice: User
) -> None:
    appeal = factories.received(declined)
    services.assign(actor=bob, appeal=appeal, person=bob, now=LATER)
    correction = appeal.corrections.get()

    for source in ("", "file:", f"file:{uuid.uuid4()}", "document:nonsense", "gossip:1"):
        with pytest.raises(DomainError):
            services.answer_correction(
                actor=bob, correction=correction, accept=True, source=source, now=LATER
            )

    correction.refresh_from_db()
    assert correction.answer == "asked"
    services.answer_correction(actor=bob, correction=correction, accept=False, source="", now=LATER)
    with pytest.raises(Conflict):
        services.answer_correction(
            actor=bob, correction=correction, accept=False, source="", now=LATER
        )


def test_a_correction_of_what_is_paid_to_others_leaves_what_is_paid_to_us(
    declined: Application, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    applications.paying_us(monkeypatch, 1_000)
    Application.objects.filter(pk=declined.pk).update(
        obligations_monthly=Decimal(5_000), own_obligations_monthly=Decimal(1_000)
    )
    declined.refresh_from_db()
    stood = selectors.facts(declined)

    appeal = factories.checked(declined, bob, claims=(Claim("obligations_monthly", "2500"),))

    declined.refresh_from_db()
    assert (stood["obligations_monthly"], stood["own_obligations_monthly"]) == (
        "4000.00",
        "1000.00",
    )
    assert (declined.obligations_monthly, declined.own_obligations_monthly) == (3_500, 1_000)
    judged = appeal.reassessments.get()
    moved = correctable.moved(judged.facts_before, judged.facts_after)
    assert moved == ["obligations_monthly"]
    assert judged.facts_after["obligations_monthly"] == "2500.00"


def test_corrected_facts_stand_beside_the_former_ones(declined: Application, bob: User) -> None:
    factories.checked(
        declined,
        bob,
        claims=(
            Claim("net_monthly_income", "60000"),
            Claim("obligations_monthly", "2500"),
            Claim("home", "own"),
        ),
    )

    declined.refresh_from_db()
    rows = Employment.objects.filter(customer=declined.customer).order_by("created_at")
    assert [one.net_monthly_income for one in rows] == [12_000, 60_000]
    assert declined.employment == rows.last()
    assert (declined.obligations_monthly, declined.home) == (Decimal("2500.00"), "own")
    assert declined.status == "declined"


@pytest.mark.parametrize(
    ("claim", "verified"),
    [
        (Claim("months_employed", "18"), "declared"),
        (Claim("net_monthly_income", "60000"), "documents"),
        (Claim("gross_annual_income", "950000"), "documents"),
    ],
    ids=lambda value: value.fact if isinstance(value, Claim) else value,
)
def test_only_a_corrected_income_is_verified_by_its_paper(
    alice: User, bob: User, stage: ModelVersion, claim: Claim, verified: str
) -> None:
    work = {"net_monthly_income": Decimal(12_000), "verification": "declared"}
    declined = decided.assessed(alice, amount=Decimal(200_000), borrower={"employment": work})

    factories.checked(declined.application, bob, claims=(claim,))

    newest = Employment.objects.order_by("created_at").last()
    assert newest is not None
    assert newest.verification == verified


@pytest.mark.parametrize(
    ("claim", "shown"),
    [
        (Claim("months_employed", "18"), [(12_000, "payslip"), (12_000, "payslip")]),
        (Claim("net_monthly_income", "60000"), [(12_000, "payslip"), (None, "")]),
    ],
    ids=("kept beside another fact", "not said of a corrected income"),
)
def test_what_documents_show_stays_with_the_income_it_shows(
    declined: Application, bob: User, claim: Claim, shown: list[tuple[int | None, str]]
) -> None:
    factories.checked(declined, bob, claims=(claim,))

    rows = Employment.objects.filter(customer=declined.customer).order_by("created_at")
    assert [(one.documented_net_monthly_income, one.documented_by) for one in rows] == shown
