"""What is worked out anew for a loan and a day equals what the night stored, or it says so."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.applications.tests import factories as applications
from apps.collateral.tests import factories as collateral
from apps.core.errors import DomainError
from apps.core.templatetags.format import day as written_day
from apps.decisions import services as decisions
from apps.decisions.models import Decision
from apps.loans import services as loans
from apps.loans.models import Loan
from apps.loans.tests import factories as lending
from apps.npa import borrower_facts, explaining, why_page
from apps.npa.explaining import Explained
from apps.npa.models import Layer, LoanDay, RuleTable
from apps.npa.tests import day_factories as days
from apps.npa.tests import portfolio_factories as portfolio
from apps.repayments.tests import factories as repaying
from apps.servicing import services as servicing

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan(lent: Loan) -> Loan:
    """A loan of 200,000 over 24 months, paid out today, and the rules of its lender."""
    portfolio.rules()
    return lent


def first_due(loan: Loan) -> date:
    """Return the day of the first instalment."""
    return repaying.due_dates(loan)[0]


def said(found: Explained, code: str) -> str:
    """Return the sentences of a section as one text."""
    (section,) = [one for one in found.sections if one.code == code]
    return " ".join(why_page.text(one, found.loan.currency) for one in section.said)


@pytest.mark.parametrize(
    ("difference", "asset_class"),
    [(-10, "standard"), (0, "standard"), (59, "standard"), (90, "substandard")],
    ids=["not-due-yet", "due-today", "sma-1", "npa"],
)
def test_it_equals_the_snapshot(loan: Loan, difference: int, asset_class: str) -> None:
    day = first_due(loan) + timedelta(days=difference)
    days.end(loan, day)

    found = explaining.explain(loan, day)

    assert found.differences == ()
    assert found.judged.found.asset_class == asset_class
    assert found.provided.amount == days.of_day(loan, day).provision


def _expects_losses(loan: Loan) -> None:
    Layer.objects.filter(entity=loan.branch.entity).update(layer="middle")


def test_it_shows_the_pd_and_the_lgd_of_an_expected_loss_1_17(loan: Loan) -> None:
    _expects_losses(loan)
    in_time, late = first_due(loan), first_due(loan) + timedelta(days=40)
    days.end(loan, late)

    first, second = explaining.explain(loan, in_time), explaining.explain(loan, late)

    assert second.differences == ()
    assert (first.judged.found.stage, second.judged.found.stage) == (1, 2)
    run = Decision.objects.filter(application=loan.application).latest("number").score_run
    assert run is not None
    assert f"{100 * run.pd:.4f} %" in said(first, "loss")
    assert "70.0 % of the rest" in said(first, "loss")
    assert "Over the 22 months left" in said(second, "loss")
    assert second.provided.amount > first.provided.amount > 0


def test_it_says_that_no_pd_is_known_and_nothing_where_no_loss_is_expected(
    loan: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(borrower_facts, "_scored", lambda _loans: {})

    plain = explaining.explain(loan, first_due(loan))
    _expects_losses(loan)
    unknown = explaining.explain(loan, first_due(loan))

    assert [one.code for one in plain.sections if one.code == "loss"] == []
    assert said(unknown, "loss").startswith("No PD is known for this loan")
    assert unknown.provided.model is None


def test_the_life_that_was_left_is_that_of_the_day_though_the_loan_was_shortened_since(
    alice: User, loan: Loan
) -> None:
    _expects_losses(loan)
    day = first_due(loan) + timedelta(days=40)
    repaying.pay(alice, loan, day + timedelta(days=2), 60_000)

    ended = days.end(loan, day)

    assert ended.stages["classify"]["looked_back"] == 1
    assert days.of_day(loan, day).stage == 2
    assert explaining.explain(loan, day).differences == ()


def test_it_equals_the_snapshots_of_a_loan_that_fails_and_recovers(alice: User, loan: Loan) -> None:
    bad = first_due(loan) + timedelta(days=90)
    days.end(loan, bad)
    repaying.pay(alice, loan, bad + timedelta(days=1), 22_000)
    days.end(loan, bad + timedelta(days=1))
    repaying.pay(alice, loan, bad + timedelta(days=2), 60_000)
    days.end(loan, bad + timedelta(days=2))

    found = [explaining.explain(loan, bad + timedelta(days=n)) for n in range(3)]

    assert [one.differences for one in found] == [(), (), ()]
    assert [one.judged.found.reason for one in found] == ["days", "arrears_left", "in_time"]
    assert [one.judged.found.asset_class for one in found] == [
        "substandard",
        "substandard",
        "standard",
    ]


def test_it_says_what_is_late_and_what_must_happen(loan: Loan) -> None:
    bad = first_due(loan) + timedelta(days=90)
    days.end(loan, bad)

    found = explaining.explain(loan, bad)

    due = written_day(first_due(loan))
    assert f"fell due on {due}." in said(found, "late")
    assert "91 days past due" in said(found, "late")
    assert "From 91 days past due on a loan does not perform." in said(found, "late")
    assert said(found, "class").startswith("The days past due reach the class Sub-standard.")
    assert "it becomes Doubtful 1 on" in said(found, "class")
    assert "all loans of the borrower are paid" in said(found, "upgrade")
    assert said(found, "borrower") == "The borrower has no other loan with this lender."


def test_it_says_nothing_of_an_upgrade_while_the_loan_performs(loan: Loan) -> None:
    found = explaining.explain(loan, first_due(loan))

    assert {one.code for one in found.sections} == {"late", "class", "borrower"}
    assert found.differences is None


def test_it_says_what_became_known_after_the_day_was_ended(alice: User, loan: Loan) -> None:
    bad = first_due(loan) + timedelta(days=90)
    days.end(loan, bad)
    repaying.pay(
        alice, loan, bad - timedelta(days=1), 60_000, now=repaying.at(bad + timedelta(days=1))
    )

    found = explaining.explain(loan, bad)

    assert found.differences is not None
    changed = {one.column: (one.stored, one.computed) for one in found.differences}
    assert changed["asset_class"] == ("substandard", "standard")
    assert changed["oldest_due"] == (first_due(loan), None)


def test_it_counts_the_security_as_of_the_day(alice: User, loan: Loan) -> None:
    item = collateral.item(alice, worth=300_000)
    collateral.charged(alice, item, loan.application)
    bad = first_due(loan) + timedelta(days=90)
    days.end(loan, bad)

    found = explaining.explain(loan, bad)
    snapshot = days.of_day(loan, bad)

    # 300,000 less the haircut of vehicles; the lien secures 200,000.
    assert snapshot.secured == Decimal(200_000)
    assert found.differences == ()
    assert found.judged.facility.security_kind == "vehicle"


def test_it_skips_a_class_as_security_erodes_and_equals_the_night(alice: User, loan: Loan) -> None:
    item = collateral.item(alice, worth=300_000)
    collateral.charged(alice, item, loan.application)
    collateral.valued(alice, item, valued_date=repaying.TODAY, amount=Decimal(100_000))
    bad = first_due(loan) + timedelta(days=90)
    days.end(loan, bad)

    found = explaining.explain(loan, bad)

    assert found.judged.found.asset_class == "doubtful_1"
    assert found.differences == ()
    assert "lost so much value" in said(found, "class")


@pytest.mark.parametrize("days_before", [1, 400])
def test_it_refuses_a_day_before_the_loan(loan: Loan, days_before: int) -> None:
    with pytest.raises(DomainError) as refused:
        explaining.explain(loan, repaying.TODAY - timedelta(days=days_before))

    assert refused.value.code == "not_on_the_books"


def test_it_refuses_a_day_that_is_still_to_come(loan: Loan) -> None:
    today = repaying.TODAY
    assert explaining.asked_day(loan, today, today=today) == today

    with pytest.raises(DomainError) as refused:
        explaining.asked_day(loan, today + timedelta(days=1), today=today)

    assert refused.value.code == "day_to_come"


# --- pages ----------------------------------------------------------------------------------------
Browser = Callable[[User], Client]


def page(client: Client, path: str, **headers: str) -> str:
    """Return what a person sees under an address."""
    response = client.get(path, headers=headers)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def test_its_page_says_that_the_snapshot_is_the_same(
    signed_in: Browser, charlie: User, loan: Loan
) -> None:
    bad = first_due(loan) + timedelta(days=90)
    days.end(loan, bad)

    shown = page(signed_in(charlie), f"/npa/loans/{loan.pk}/why/")

    assert "The snapshot of this day says the same" in shown
    assert "Sub-standard" in shown
    assert "RBI (Non-Banking Financial Companies" in shown
    assert f'value="{bad.isoformat()}"' in shown


def test_its_page_lists_what_differs(signed_in: Browser, charlie: User, loan: Loan) -> None:
    day = first_due(loan)
    days.end(loan, day)
    LoanDay.objects.filter(loan=loan, day=day).update(provision=Decimal("1.00"))

    shown = page(signed_in(charlie), f"/npa/loans/{loan.pk}/why/?day={day}")

    assert "says something else" in shown
    assert "₹1.00" in shown


def test_its_page_tells_that_there_was_no_loan_yet(
    signed_in: Browser, charlie: User, loan: Loan
) -> None:
    shown = page(signed_in(charlie), f"/npa/loans/{loan.pk}/why/?day=2001-01-01")

    assert "No rules for classes and provisions are in force" in shown


def test_its_page_and_the_api_say_that_a_day_is_still_to_come(
    signed_in: Browser, charlie: User, loan: Loan
) -> None:
    client = signed_in(charlie)

    shown = page(client, f"/npa/loans/{loan.pk}/why/?day=2099-12-31")
    answer = client.get(f"/api/v1/loans/{loan.pk}/why?day=9999-12-31")

    assert "This day is still to come." in shown
    assert "The rule" not in shown
    assert (answer.status_code, answer.json()["code"]) == (400, "day_to_come")


def test_its_page_takes_no_day_that_is_none(signed_in: Browser, charlie: User, loan: Loan) -> None:
    shown = page(signed_in(charlie), f"/npa/loans/{loan.pk}/why/?day=never")

    assert "The rule" not in shown


def test_it_is_not_found_by_who_may_not_see_the_loan(
    signed_in: Browser, make_person: Callable[..., User], nashik: Branch, loan: Loan
) -> None:
    stranger = make_person("Nadia", "collections_officer", branch=nashik)
    client = signed_in(stranger)

    assert client.get(f"/npa/loans/{loan.pk}/why/").status_code == 404
    assert client.get(f"/npa/loans/{loan.pk}/class/").status_code == 404


def test_it_is_a_part_of_the_loans_page(signed_in: Browser, charlie: User, loan: Loan) -> None:
    days.end(loan, first_due(loan))

    shown = page(signed_in(charlie), f"/npa/loans/{loan.pk}/class/", **{"HX-Request": "true"})
    whole = page(signed_in(charlie), f"/loans/{loan.pk}/")

    assert "Why this class on this day?" in shown
    assert f"/npa/loans/{loan.pk}/class/" in whole
    assert signed_in(charlie).get(f"/npa/loans/{loan.pk}/class/").status_code == 302


def test_it_asks_a_bounded_number_of_questions(
    loan: Loan, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    day = first_due(loan)
    days.end(loan, day)

    with django_assert_max_num_queries(20):
        explaining.explain(Loan.objects.select_related("branch__entity").get(pk=loan.pk), day)


# --- all loans of a borrower ----------------------------------------------------------------------
def second(alice: User, bob: User, first: Loan) -> Loan:
    """Return another loan of the same borrower, paid out on the same day."""
    taken = applications.submitted(alice, first.customer)
    decisions.assess(application_id=taken.pk, actor="system:test", now=repaying.NOW)
    loan = loans.open_loan(actor=alice, application=lending.agreed(alice, taken), now=lending.LATER)
    return Loan.objects.get(pk=lending.paid(alice, bob, loan).loan_id)


def test_it_says_that_another_loan_of_the_borrower_decided(
    alice: User, bob: User, charlie: User, signed_in: Browser, loan: Loan
) -> None:
    other = second(alice, bob, loan)
    bad = first_due(loan) + timedelta(days=90)
    repaying.pay(alice, other, bad, 60_000)
    days.end(loan, bad)

    late, paid = explaining.explain(loan, bad), explaining.explain(other, bad)

    assert late.differences == paid.differences == ()
    assert (late.judged.found.reason, paid.judged.found.reason) == ("days", "borrower")
    assert paid.judged.found.npa_date == late.judged.found.npa_date == bad
    assert "Loans in arrears on this day: 1." in said(paid, "upgrade")
    shown = page(signed_in(charlie), f"/npa/loans/{other.pk}/why/?day={bad}")
    assert f"/npa/loans/{loan.pk}/why/?day={bad}" in shown


def _table_for(purpose: str, code: str) -> RuleTable:
    """Lay down the table of the lender once more, for a purpose, with twice the rate when bad."""
    table = RuleTable.objects.get(code="rbi-nbfc-base-iracp-2025")
    table.pk, table.code, table.scope = None, code, [purpose]
    for rate in table.body["rates"]:
        if rate["grade"] == "substandard":
            rate |= {"secured": "0.20", "unsecured": "0.20", "unsecured_from_start": None}
    table.save(force_insert=True)
    return table


def test_each_loan_is_under_the_table_of_its_purpose_and_classed_with_the_borrowers_others(
    alice: User, bob: User, loan: Loan
) -> None:
    other = second(alice, bob, loan)
    Application.objects.filter(pk=other.application_id).update(purpose="agriculture")
    special = _table_for("agriculture", "farm")
    bad = first_due(loan) + timedelta(days=90)
    repaying.pay(alice, other, bad, 60_000)

    ended = days.end(loan, bad)

    late, paid = days.of_day(loan, bad), days.of_day(other, bad)
    assert (ended.loans, paid.rule_table_id) == (2, special.pk)
    assert late.rule_table_id not in {None, special.pk}
    assert (late.reason, paid.reason, paid.asset_class) == ("days", "borrower", "substandard")
    assert (late.rate, paid.rate) == (Decimal("0.1"), Decimal("0.2"))
    for one in (loan, other):
        assert explaining.explain(Loan.objects.get(pk=one.pk), bad).differences == ()


def _farm_table() -> RuleTable:
    """Lay down a table for farms by which a loan performs until 180 days past due."""
    lenient = _table_for("agriculture", "farm")
    lenient.name, lenient.body["glide"] = "Farm table", [{"since": "2025-11-28", "days": 181}]
    lenient.save(update_fields=["name", "body"])
    return lenient


def test_a_loan_that_performs_by_its_own_table_takes_none_along_1_5(
    alice: User, bob: User, charlie: User, signed_in: Browser, loan: Loan
) -> None:
    other = second(alice, bob, loan)
    Application.objects.filter(pk=loan.application_id).update(purpose="agriculture")
    _farm_table()
    bad = first_due(loan) + timedelta(days=90)
    repaying.pay(alice, other, bad, 60_000)
    days.end(loan, bad)

    late, paid = (explaining.explain(Loan.objects.get(pk=one.pk), bad) for one in (loan, other))

    assert late.differences == paid.differences == ()
    assert (late.judged.found.dpd_rbi, late.judged.found.asset_class) == (91, "standard")
    assert paid.judged.found.asset_class == days.of_day(other, bad).asset_class == "standard"
    [its] = paid.others
    assert (its.table.rules.code, its.judged.found.asset_class) == ("farm", "standard")
    assert "all perform" in said(paid, "borrower")
    shown = page(signed_in(charlie), f"/npa/loans/{other.pk}/why/?day={bad}")
    assert "/npa/rules/farm/" in shown
    assert "Farm table" in shown


def test_a_loan_that_does_not_perform_by_its_own_table_takes_one_of_a_milder_along_1_5(
    alice: User, bob: User, loan: Loan
) -> None:
    other = second(alice, bob, loan)
    Application.objects.filter(pk=other.application_id).update(purpose="agriculture")
    milder = _farm_table()
    bad = first_due(loan) + timedelta(days=90)
    repaying.pay(alice, other, bad, 60_000)
    days.end(loan, bad)

    late, paid = (explaining.explain(Loan.objects.get(pk=one.pk), bad) for one in (loan, other))

    assert late.differences == paid.differences == ()
    stored = days.of_day(other, bad)
    assert (stored.rule_table_id, stored.asset_class) == (milder.pk, "substandard")
    assert (stored.reason, stored.npa_date, stored.oldest_due) == ("borrower", bad, None)
    assert (late.judged.found.reason, late.judged.found.npa_date) == ("days", bad)
    [back] = late.others
    assert (back.table.rules.code, back.judged.found.npa_date) == ("farm", bad)
    assert "none of them performs" in said(late, "borrower")
    assert "Loans in arrears on this day: 1." in said(paid, "upgrade")


def test_it_says_so_where_no_table_is_for_another_loan_of_the_borrower(
    alice: User, bob: User, loan: Loan
) -> None:
    other = second(alice, bob, loan)
    Application.objects.filter(pk=loan.application_id).update(purpose="agriculture")
    RuleTable.objects.filter(code="rbi-nbfc-base-iracp-2025").update(scope=["agriculture"])

    with pytest.raises(DomainError) as refused:
        explaining.explain(Loan.objects.get(pk=loan.pk), first_due(loan))

    assert refused.value.code == "no_rule_table"
    assert str(refused.value).startswith("Another loan of the borrower: No rules for classes")
    assert other.number not in str(refused.value)


def test_a_loan_that_two_tables_are_for_stops_the_night(loan: Loan) -> None:
    purpose = loan.application.purpose
    _table_for(purpose, "one")
    _table_for(purpose, "two")

    with pytest.raises(DomainError) as refused:
        days.end(loan, first_due(loan))

    assert refused.value.code == "two_rule_tables"
    assert "one, two" in str(refused.value)
    assert f"Loan {loan.number}: More than one rule table" in str(refused.value)
    assert not LoanDay.objects.exists()


def test_a_loan_that_no_table_is_for_stops_the_night_and_is_named(loan: Loan) -> None:
    RuleTable.objects.filter(code="rbi-nbfc-base-iracp-2025").update(scope=["wedding"])
    day = first_due(loan)

    with pytest.raises(DomainError) as refused:
        days.end(loan, day)

    assert refused.value.code == "no_rule_table"
    assert str(refused.value) == (
        f"No rule table of {day} is for the product or purpose of loan {loan.number}."
    )
    assert not LoanDay.objects.exists()


def test_it_explains_a_restructured_loan_as_the_night_classed_it(charlie: User, loan: Loan) -> None:
    day = first_due(loan)
    servicing.change(
        actor=charlie,
        loan=loan,
        kind="restructure",
        parameters={"instalments": 36, "difficulty": True},
        reason="Lost his job",
        now=repaying.at(day),
    )
    days.end(loan, day)

    found = explaining.explain(loan, day)

    assert found.differences == ()
    assert (found.judged.found.asset_class, found.judged.found.reason) == (
        "substandard",
        "restructured",
    )
    assert "It was restructured for financial difficulty on" in said(found, "class")
    assert "12 months from the first payment" in said(found, "upgrade")


@pytest.mark.parametrize(
    ("more", "asset_class"),
    [(Decimal("0.01"), "standard"), (Decimal(0), "substandard")],
    ids=["1.13-less-than-the-bound", "1.13-as-much-as-the-bound"],
)
def test_a_large_exposure_restructured_performs_again_only_with_a_rating(
    charlie: User, loan: Loan, more: Decimal, asset_class: str
) -> None:
    servicing.change(
        actor=charlie,
        loan=loan,
        kind="moratorium",
        parameters={"principal_free": 3, "interest_free": 3, "difficulty": True},
        reason="The flood",
        now=repaying.at(repaying.TODAY),
    )
    day = loan.instalments.filter(in_force=True, interest__gt=0).earliest("due_date").due_date
    owed = explaining.explain(loan, day).stood.facility.exposure
    table = RuleTable.objects.get(code="rbi-nbfc-base-iracp-2025")
    table.body["restructuring"] |= {"minimum_months": 0, "repaid_share": "0"}
    table.body["restructuring"]["rated_from"] = str(owed + more)
    table.save()

    days.end(loan, day)

    found = explaining.explain(loan, day)
    assert found.differences == ()
    assert found.judged.found.asset_class == asset_class
    patterns = [one.pattern for each in found.sections for one in each.said]
    asks = any("investment grade" in one for one in patterns)
    assert asks == (asset_class == "substandard")


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("restructure", {"instalments": 36}),
        ("reschedule", {"instalments": 36}),
        ("moratorium", {"principal_free": 3, "interest_free": 2}),
    ],
    ids=["1.13-restructure", "1.13-reschedule", "1.13-moratorium"],
)
def test_only_financial_difficulty_makes_a_change_of_terms_a_restructuring(
    charlie: User, loan: Loan, kind: str, parameters: dict[str, int]
) -> None:
    """Rule book 1.13-T1, both ways."""
    day = first_due(loan)

    def changed(on: date, *, difficulty: bool) -> Explained:
        servicing.change(
            actor=charlie,
            loan=loan,
            kind=kind,
            parameters={**parameters, "difficulty": difficulty},
            reason="Asked for it",
            now=repaying.at(on),
        )
        days.end(loan, on)
        return explaining.explain(loan, on)

    suits = changed(day, difficulty=False)
    helps = changed(day + timedelta(days=1), difficulty=True)

    assert suits.differences == helps.differences == ()
    assert (suits.judged.found.asset_class, helps.judged.found.asset_class) == (
        "standard",
        "substandard",
    )
    assert suits.stood.facility.restructured_on is None
    assert helps.judged.found.reason == "restructured"
    assert helps.stood.facility.restructured_on == day + timedelta(days=1)
