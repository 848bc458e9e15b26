"""A reserve that needs the regulator's leave is only added to by nights; people release."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from apps.accounts import roles
from apps.accounts.models import User
from apps.audit.models import Event as AuditEvent
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible
from apps.ledger.chart import Account
from apps.ledger.models import Entry
from apps.loans.models import Loan
from apps.npa import policies, reserve_rows, rulebook, services
from apps.npa.models import DayEnd, LoanDay, ProvisionMovement, ReserveRelease, RuleTable
from apps.npa.reserve_lifecycle import KEPT
from apps.npa.services import Wish
from apps.npa.tests import day_factories as days
from apps.repayments import services as repayments
from apps.repayments.facts import WriteOff
from apps.repayments.tests import factories as repaying

pytestmark = pytest.mark.django_db
ZERO = Decimal(0)
FIRST, SECOND, THIRD = (repaying.later(3 + number) for number in range(3))


@pytest.fixture
def loan(lent: Loan) -> Loan:
    """A loan of a lender that compares two regimes and needs leave to take from its reserve."""
    days.rules()
    days.two_regimes(lent)
    return lent


@pytest.fixture
def freed(alice: User, bob: User, loan: Loan) -> Decimal:
    """What of the reserve no loan asks for, once the only one was written off on the second day."""
    days.end(loan, FIRST)
    _write_off(alice, bob, loan)
    days.end(loan, SECOND)
    return days.of_day(loan, FIRST).reserve


def _write_off(alice: User, bob: User, loan: Loan) -> None:
    repayments.enter(
        actor=alice,
        loan=loan,
        fact=WriteOff(day=SECOND, reason="Died, nothing left to take."),
        reference="W-2",
        now=repaying.at(SECOND),
        approved_by=bob,
    )


def _kept(day: date) -> tuple[Decimal, ...]:
    row = ProvisionMovement.objects.get(day_end__day=day, asset_class=KEPT)
    return (row.opening, row.additions, row.releases, row.written_off, row.closing)


def _held(loan: Loan) -> Decimal:
    sums: dict[str, Decimal] = {}
    for entry in Entry.objects.filter(branch__entity=loan.branch.entity):
        for line in entry.content():
            signed = line.amount if line.side.value == "credit" else -line.amount
            sums[line.account] = sums.get(line.account, ZERO) + signed
    return sums.get(Account.LOSS_RESERVE, ZERO)


def _wish(amount: Decimal, **changes: Any) -> Wish:
    values: dict[str, Any] = {
        "amount": amount,
        "leave_reference": "DoS.CO.PPG/17/2026-27",
        "leave_date": SECOND,
        "reason": "The loan it was set aside for is written off.",
    }
    return Wish(**{**values, **changes})


def _proposed(actor: User, loan: Loan, wish: Wish) -> ReserveRelease:
    return services.propose_release(
        actor=actor,
        entity=loan.branch.entity,
        currency="INR",
        wish=wish,
        now=repaying.at(THIRD),
    )


def _approved(actor: User, made: ReserveRelease) -> ReserveRelease:
    return services.approve_release(actor=actor, release=made, now=repaying.at(THIRD))


def test_the_night_releases_nothing_of_it(loan: Loan, freed: Decimal) -> None:
    # Once more: what the day has posted is not posted again.
    days.end(loan, SECOND)

    assert freed > 0
    assert _kept(SECOND) == (ZERO, freed, ZERO, ZERO, freed)
    assert _held(loan) == freed
    [free] = reserve_rows.free(loan.branch.entity)
    assert (free.amount, free.currency, free.day) == (freed, "INR", SECOND)
    assert repaying.offenders() == []


def test_it_stays_from_night_to_night(loan: Loan, freed: Decimal) -> None:
    days.end(loan, THIRD)

    assert _kept(THIRD) == (freed, ZERO, ZERO, ZERO, freed)
    assert _held(loan) == freed
    assert repaying.offenders() == []


def test_what_loans_ask_for_anew_comes_out_of_what_is_kept(loan: Loan) -> None:
    days.end(loan, FIRST)
    asked = days.of_day(loan, FIRST).reserve
    [table] = rulebook.in_force(loan.branch.entity, on=SECOND)
    _lose(table.rules.code, "0.08")
    days.end(loan, SECOND)
    less = days.of_day(loan, SECOND).reserve
    _lose(table.rules.code, "0.06")
    days.end(loan, THIRD)

    more = days.of_day(loan, THIRD).reserve
    assert less < more < asked
    assert _kept(SECOND) == (ZERO, asked - less, ZERO, ZERO, asked - less)
    assert _kept(THIRD) == (asked - less, ZERO, more - less, ZERO, asked - more)
    assert _held(loan) == asked
    assert repaying.offenders() == []


def _lose(code: str, share: str) -> None:
    for table in RuleTable.objects.filter(code=code):
        table.body["ecl"]["lgd_unsecured"] = share
        table.save()


def test_without_the_condition_the_night_moves_it_both_ways_2_4(
    alice: User, bob: User, lent: Loan
) -> None:
    days.rules()
    days.two_regimes(lent, needs_leave=False)
    days.end(lent, FIRST)
    _write_off(alice, bob, lent)

    days.end(lent, SECOND)

    assert _held(lent) == ZERO
    assert not ProvisionMovement.objects.filter(asset_class=KEPT).exists()
    assert reserve_rows.free(lent.branch.entity) == []
    assert repaying.offenders() == []


def test_two_people_release_it_with_leave_and_the_ledger_has_it(
    rita: User, charlie: User, loan: Loan, freed: Decimal
) -> None:
    part = freed - 100

    made = _proposed(rita, loan, _wish(part))
    assert _held(loan) == freed
    done = _approved(charlie, made)

    assert (done.status, done.day, done.answered_by) == ("approved", THIRD, charlie)
    entry = Entry.objects.get(event="reserve_release")
    assert [(one.account, one.side.value, one.amount) for one in entry.content()] == [
        (Account.LOSS_RESERVE, "debit", part),
        (Account.RETAINED_EARNINGS, "credit", part),
    ]
    assert entry.day == THIRD
    assert [one.amount for one in reserve_rows.free(loan.branch.entity)] == [Decimal(100)]
    verbs = AuditEvent.objects.filter(verb__startswith="npa.reserve").order_by("pk")
    assert [(one.verb, one.facts["amount"]) for one in verbs] == [
        ("npa.reserve_release_proposed", str(part)),
        ("npa.reserve_release_approved", str(part)),
    ]
    assert not any("DoS" in str(one.facts) or "written off" in str(one.facts) for one in verbs)

    days.end(loan, THIRD)
    days.end(loan, THIRD)

    assert _kept(THIRD) == (freed, ZERO, ZERO, part, Decimal(100))
    assert _held(loan) == Decimal(100)
    assert repaying.offenders() == []


def test_no_more_is_released_than_no_loan_asks_for(
    rita: User, charlie: User, loan: Loan, freed: Decimal
) -> None:
    with pytest.raises(DomainError) as refused:
        _proposed(rita, loan, _wish(freed + Decimal("0.01")))
    assert (refused.value.code, list(refused.value.fields)) == ("not_free", ["amount"])
    assert not ReserveRelease.objects.exists()

    made = _proposed(rita, loan, _wish(freed))
    ProvisionMovement.objects.filter(asset_class=KEPT).update(
        additions=freed - 1, closing=freed - 1
    )
    with pytest.raises(DomainError) as refused:
        _approved(charlie, made)
    made.refresh_from_db()
    assert (refused.value.code, made.status) == ("not_free", "proposed")
    assert not Entry.objects.filter(event="reserve_release").exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"leave_reference": "  "}, "leave_reference"),
        ({"leave_date": THIRD + timedelta(days=1)}, "leave_date"),
        ({"reason": " "}, "reason"),
        ({"amount": ZERO}, "amount"),
        ({"amount": Decimal("0.001")}, "amount"),
    ],
)
def test_a_release_names_the_leave_an_amount_and_a_reason(
    rita: User, loan: Loan, freed: Decimal, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        _proposed(rita, loan, _wish(**{"amount": freed, **changes}))

    assert list(refused.value.fields) == [field]
    assert not ReserveRelease.objects.exists()


def test_one_person_alone_releases_nothing(
    alice: User, rita: User, charlie: User, loan: Loan, freed: Decimal
) -> None:
    with pytest.raises(NotPermitted):
        _proposed(alice, loan, _wish(freed))
    made = _proposed(charlie, loan, _wish(freed))

    with pytest.raises(NotPermitted) as own:
        _approved(charlie, made)
    with pytest.raises(NotPermitted):
        _approved(rita, made)
    with pytest.raises(Conflict) as second:
        _proposed(rita, loan, _wish(freed))
    with pytest.raises(NotPermitted):
        services.withdraw_release(actor=rita, release=made, now=repaying.at(THIRD))

    made.refresh_from_db()
    assert (own.value.code, second.value.code) == ("own_release", "release_waits")
    assert (made.status, _held(loan)) == ("proposed", freed)


def test_nothing_is_released_by_the_figure_of_a_night_before_the_last(
    rita: User, charlie: User, loan: Loan, freed: Decimal
) -> None:
    made = _proposed(rita, loan, _wish(freed))

    with pytest.raises(Conflict) as early:
        services.approve_release(
            actor=charlie, release=made, now=repaying.at(THIRD + timedelta(days=1))
        )
    DayEnd.objects.filter(day=SECOND).update(finished_at=None)
    with pytest.raises(Conflict) as running:
        _approved(charlie, made)

    made.refresh_from_db()
    assert {early.value.code, running.value.code} == {"day_not_ended"}
    assert (made.status, _held(loan)) == ("proposed", freed)


def test_a_release_is_refused_or_taken_back_and_then_stays_so(
    rita: User, charlie: User, loan: Loan, freed: Decimal
) -> None:
    one = _proposed(rita, loan, _wish(freed))
    services.refuse_release(
        actor=charlie, release=one, note="The letter is of 2019.", now=repaying.at(THIRD)
    )
    two = _proposed(rita, loan, _wish(freed))
    services.withdraw_release(actor=rita, release=two, now=repaying.at(THIRD))

    for made in (one, two):
        with pytest.raises(Conflict):
            _approved(charlie, made)
        with transaction.atomic(), pytest.raises(DatabaseError), transaction.atomic():
            ReserveRelease.objects.filter(pk=made.pk).update(status="approved", day=THIRD)
    one.refresh_from_db()
    assert (one.status, one.answer_note) == ("refused", "The letter is of 2019.")
    assert _held(loan) == freed


def test_pages_show_what_is_free_and_take_it_through_two_people(
    signed_in: Any,
    rita: User,
    charlie: User,
    loan: Loan,
    freed: Decimal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: repaying.at(THIRD))
    officer, manager = signed_in(rita), signed_in(charlie)
    query = {"lender": loan.branch.entity.code, "day": str(SECOND), "since": str(FIRST)}
    shown = manager.get(reverse("npa:provisions"), query).text
    assert "could be released with the regulator" in shown
    assert "No longer asked for, kept until the regulator gives leave" in shown
    propose = reverse("npa:release_propose", args=[loan.branch.entity.code, "INR"])
    assert propose in officer.get(reverse("npa:releases")).text

    given = {
        "amount": str(freed),
        "leave_reference": "DoS 17",
        "leave_date": str(SECOND),
        "reason": "Written off",
    }
    assert officer.post(propose, {**given, "amount": "9999999"}).status_code == 422
    assert officer.post(propose, given).status_code == 302
    made = ReserveRelease.objects.get()
    approve = reverse("npa:release_approve", args=[made.pk])
    assert approve not in officer.get(reverse("npa:releases")).text
    assert approve in manager.get(reverse("npa:releases")).text
    badge = reverse("npa:releases_count")
    assert 'id="nav-npa-releases_count"' in manager.get(reverse("npa:releases")).text
    assert (officer.get(badge).text, manager.get(badge).text) == ("", "1")
    assert manager.post(approve).status_code == 302
    assert manager.get(badge).text == ""

    made.refresh_from_db()
    assert (made.status, _held(loan)) == ("approved", ZERO)
    assert LoanDay.objects.filter(reserve__gt=0, day=SECOND).count() == 0


def test_programs_propose_and_refuse_a_release(
    signed_in: Any, rita: User, charlie: User, loan: Loan, freed: Decimal
) -> None:
    officer, manager = signed_in(rita), signed_in(charlie)
    address = "/api/v1/npa/reserve-releases"
    given = {
        "entity": str(loan.branch.entity_id),
        "currency": "INR",
        "amount": str(freed),
        "leave_reference": "DoS 17",
        "leave_date": str(SECOND),
        "reason": "Written off",
    }

    made = officer.post(address, given, content_type="application/json")
    refuse = f"{address}/{made.json()['id']}/refuse"
    refused = manager.post(refuse, {"note": "No letter."}, content_type="application/json")
    listed = manager.get(address).json()

    assert (made.json()["state"], refused.json()["state"]) == ("proposed", "refused")
    assert [one["amount"] for one in listed["free"]] == [str(freed)]
    assert [one["answered_by"] for one in listed["results"]] == ["Charlie"]
    assert _held(loan) == freed


def test_who_works_in_branches_sees_no_reserve_of_the_whole_lender(
    signed_in: Any, bob: User, rita: User, charlie: User, loan: Loan, freed: Decimal
) -> None:
    made = _proposed(rita, loan, _wish(freed))
    reviewer, analyst = signed_in(bob), signed_in(rita)
    query = {"lender": loan.branch.entity.code, "day": str(SECOND), "since": str(FIRST)}
    page, address = reverse("npa:releases"), "/api/v1/npa/reserve-releases"
    posts = [
        reverse("npa:release_propose", args=[loan.branch.entity.code, "INR"]),
        *(reverse(f"npa:release_{act}", args=[made.pk]) for act in ("approve", "refuse")),
        *(f"{address}/{made.pk}/{act}" for act in ("approve", "refuse", "withdraw")),
    ]

    for one in (page, reverse("npa:releases_count"), address):
        assert (reviewer.get(one).status_code, analyst.get(one).status_code) == (403, 200), one
    for one in (address, *posts):
        assert reviewer.post(one, {}, content_type="application/json").status_code == 403, one
    shown, seen = (one.get(reverse("npa:provisions"), query).text for one in (reviewer, analyst))
    assert "could be released with the regulator" in seen
    assert page in seen
    assert "could be released with the regulator" not in shown
    assert page not in shown

    made.refresh_from_db()
    assert made.status == "proposed"


def test_no_right_alone_opens_the_reserve_to_who_works_in_branches(
    bob: User, rita: User, loan: Loan, freed: Decimal
) -> None:
    made = _proposed(rita, loan, _wish(freed))
    names = ["view_reserve", "propose_reserve_release", "approve_reserve_release"]
    bob.user_permissions.set(Permission.objects.filter(codename__in=names))
    bob = User.objects.get(pk=bob.pk)
    assert bob.has_perm(policies.APPROVE_RELEASE)

    assert reserve_rows.free_of(bob) == []
    assert not reserve_rows.releases(bob).exists()
    assert reserve_rows.waiting_count(bob) == 0
    with pytest.raises(NotVisible):
        _proposed(bob, loan, _wish(freed))
    with pytest.raises(NotVisible):
        _approved(bob, made)

    made.refresh_from_db()
    assert (made.status, _held(loan)) == ("proposed", freed)


def test_only_roles_that_reach_everywhere_see_reserves() -> None:
    rights = {policies.VIEW_RESERVE, policies.PROPOSE_RELEASE, policies.APPROVE_RELEASE}
    holders = [one for one in roles.ROLES if rights & set(one.permissions)]

    assert holders
    assert all(one.everywhere and policies.VIEW_RESERVE in one.permissions for one in holders)


def test_the_history_keeps_the_fields_of_a_release_but_no_sealed_text(
    rita: User, loan: Loan, freed: Decimal
) -> None:
    made = _proposed(rita, loan, _wish(freed))

    [born] = LogEntry.objects.get_for_object(made)
    assert born.changes["amount"] == ["None", str(freed)]
    assert born.changes["leave_reference"] == ["None", "DoS.CO.PPG/17/2026-27"]
    assert not {"reason", "answer_note"} & set(born.changes)
