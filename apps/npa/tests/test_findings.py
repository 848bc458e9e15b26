"""What two people found about a loan: kept for good, and acted on by the rules from that day on."""

import uuid
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core import home
from apps.core.errors import DomainError
from apps.loans.models import Loan
from apps.npa import explaining, finding_report, findings, services
from apps.npa.models import Finding
from apps.npa.services import Found
from apps.npa.tests import day_factories as days
from apps.npa.tests import portfolio_factories as factories
from apps.npa.tests.portfolio_factories import TODAY, at
from apps.repayments.tests import factories as repaying
from apps.servicing import services as servicing

NOW = at(TODAY)
DAY = timedelta(days=1)
REASON = "Report of the forensic auditor, number 12"


@pytest.fixture(autouse=True)
def _rules(request: pytest.FixtureRequest) -> None:
    if "lent" in request.fixturenames:
        request.getfixturevalue("lent")
        factories.rules()


def _found(kind: str, value: str = "", **changes: Any) -> Found:
    values: dict[str, Any] = {
        "kind": kind,
        "value": value,
        "from_date": TODAY,
        "until_date": None,
        "reason": REASON,
        **changes,
    }
    return Found(**values)


def _approved(loan: Loan, one: User, other: User, found: Found, day: date = TODAY) -> Finding:
    made = services.propose_finding(actor=one, loan=loan, found=found, now=at(day))
    return services.approve_finding(actor=other, finding=made, now=at(day))


def _refused(act: Any) -> DomainError:
    before = (list(Finding.objects.values_list("pk", "status")), Event.objects.count())
    with pytest.raises(DomainError) as refusal:
        act()
    assert (list(Finding.objects.values_list("pk", "status")), Event.objects.count()) == before
    return refusal.value


# --- two people -----------------------------------------------------------------------------------
def test_one_person_alone_finds_nothing(lent: Loan, bob: User, charlie: User, alice: User) -> None:
    made = services.propose_finding(actor=charlie, loan=lent, found=_found("fraud"), now=NOW)

    for answer in (
        lambda: services.approve_finding(actor=charlie, finding=made, now=NOW),
        lambda: services.refuse_finding(actor=charlie, finding=made, note="no no", now=NOW),
    ):
        assert _refused(answer).code == "own_finding"
    for stranger in (
        lambda: services.approve_finding(actor=bob, finding=made, now=NOW),
        lambda: services.propose_finding(actor=alice, loan=lent, found=_found("escrow"), now=NOW),
    ):
        assert _refused(stranger).code == "not_permitted"
    said = factories.database_refuses(
        "UPDATE npa_finding SET status = 'approved', answered_by_id = proposed_by_id,"
        " answered_at = now(), counts_from = from_date WHERE id = %s",
        [made.pk],
    )
    assert "npa_finding_by_two_people" in said
    assert not Finding.objects.in_force(TODAY).exists()


def test_nobody_deletes_or_alters_what_was_found(lent: Loan, bob: User, charlie: User) -> None:
    made = _approved(lent, bob, charlie, _found("guarantee", "central_government"))

    for attack in (
        "DELETE FROM npa_finding WHERE id = %s",
        "UPDATE npa_finding SET reason = 'x'::bytea WHERE id = %s",
        "UPDATE npa_finding SET value = 'state_government' WHERE id = %s",
        "UPDATE npa_finding SET kind = 'fraud', value = '' WHERE id = %s",
        "UPDATE npa_finding SET counts_from = counts_from + 1 WHERE id = %s",
        "UPDATE npa_finding SET until_date = from_date WHERE id = %s",
        "UPDATE npa_finding SET answered_by_id = proposed_by_id WHERE id = %s",
    ):
        factories.database_refuses(attack, [made.pk])

    assert Finding.objects.get(pk=made.pk).reason == REASON
    sealed = Finding.objects.filter(pk=made.pk).values_list("reason", flat=True).get()
    assert REASON.encode() not in bytes(sealed)
    event = Event.objects.get(verb="npa.finding_approved")
    assert (event.subject, event.actor) == (f"loans.loan:{lent.pk}", charlie.audit_reference)
    assert event.facts["value"] == "central_government"
    assert REASON not in str(event.facts)


def test_what_cannot_be_found_is_refused(lent: Loan, bob: User, charlie: User) -> None:
    for code, found in (
        ("kind_refused", _found("gossip")),
        ("value_refused", _found("fraud", "yes")),
        ("value_refused", _found("review", "standard")),
        ("value_refused", _found("segment", "moon")),
        ("value_refused", _found("crop_season", "0")),
        ("value_refused", _found("rating")),
        ("day_refused", _found("fraud", until_date=TODAY - DAY)),
        ("day_refused", _found("fraud", from_date=TODAY - 9 * DAY, until_date=TODAY - DAY)),
        ("reason_missing", _found("fraud", reason=" ")),
    ):
        refusal = _refused(
            lambda found=found: services.propose_finding(actor=bob, loan=lent, found=found, now=NOW)
        )
        assert refusal.code == code
    services.propose_finding(actor=bob, loan=lent, found=_found("escrow"), now=NOW)
    again = _refused(
        lambda: services.propose_finding(actor=charlie, loan=lent, found=_found("escrow"), now=NOW)
    )
    assert again.code == "finding_waits"


def test_one_of_a_kind_holds_until_two_people_end_it(lent: Loan, bob: User, charlie: User) -> None:
    made = _approved(lent, bob, charlie, _found("review", "substandard"))
    worse = services.propose_finding(actor=bob, loan=lent, found=_found("review", "loss"), now=NOW)
    overlap = _refused(lambda: services.approve_finding(actor=charlie, finding=worse, now=NOW))
    assert overlap.code == "finding_overlaps"

    later = at(TODAY + 3 * DAY)
    services.propose_finding_end(actor=charlie, finding=made, reason="Reviewed anew", now=later)
    assert (
        _refused(lambda: services.end_finding(actor=charlie, finding=made, now=later)).code
        == "own_finding"
    )
    said = factories.database_refuses(
        "UPDATE npa_finding SET status = 'ended', ended_by_id = end_proposed_by_id,"
        " ended_at = now(), ended_on = %s WHERE id = %s",
        [TODAY + 3 * DAY, made.pk],
    )
    assert "npa_finding_ended_by_two_people" in said
    assert Finding.objects.get(pk=made.pk).is_in_force(TODAY + 3 * DAY)


def test_it_counts_no_longer_once_ended_and_the_past_stays(
    lent: Loan, bob: User, charlie: User
) -> None:
    made = _approved(lent, bob, charlie, _found("review", "substandard"))
    later = at(TODAY + 3 * DAY)
    services.propose_finding_end(actor=bob, finding=made, reason="Reviewed anew", now=later)
    assert services.keep_finding(actor=charlie, finding=made, now=later).status == "approved"
    services.propose_finding_end(actor=bob, finding=made, reason="Reviewed anew", now=later)

    done = services.end_finding(actor=charlie, finding=made, now=later)

    each = [TODAY - DAY, TODAY, TODAY + 2 * DAY, TODAY + 3 * DAY]
    assert [done.is_in_force(day) for day in each] == [False, True, True, False]
    assert [Finding.objects.in_force(day).exists() for day in each] == [False, True, True, False]
    _approved(lent, bob, charlie, _found("review", "loss"), TODAY + 3 * DAY)


def test_what_was_so_long_ago_counts_from_the_first_day_not_ended(
    lent: Loan, bob: User, charlie: User
) -> None:
    factories.ended(lent.branch.entity, TODAY)

    made = _approved(lent, bob, charlie, _found("fraud", from_date=TODAY - 40 * DAY))

    assert (made.from_date, made.counts_from) == (TODAY - 40 * DAY, TODAY + DAY)
    short = services.propose_finding(
        actor=bob, loan=lent, found=_found("escrow", until_date=TODAY), now=NOW
    )
    late = _refused(lambda: services.approve_finding(actor=charlie, finding=short, now=NOW))
    assert late.code == "finding_is_over"
    services.withdraw_finding(actor=bob, finding=short, now=NOW)


# --- what the audit committee is told -------------------------------------------------------------
def _told(actor: User, start: date, end: date) -> list[dict[str, Any]]:
    made = services.report_findings(actor=actor, start=start, end=end)
    heading, *rows = list(finding_report.table(made))
    return [dict(zip(heading, row, strict=True)) for row in rows]


def test_the_audit_committee_is_told_what_was_found_by_whom_and_what_is_owed(
    lent: Loan, bob: User, charlie: User, amir: User
) -> None:
    made = _approved(lent, bob, charlie, _found("guarantee", "central_government"))
    factories.snapshot(lent, TODAY, principal=Decimal(90_000))
    other = factories.LoanDay.objects.get(loan=lent)
    other.loan_id, other.principal = uuid.uuid4(), Decimal(10_000)
    other.save(force_insert=True)
    factories.ended(lent.branch.entity, TODAY)

    [row] = _told(amir, TODAY, TODAY + 5 * DAY)

    assert (row["loan"], row["kind"], row["value"], row["reason"]) == (
        *(lent.number, "guarantee", "central_government", REASON),
    )
    assert (row["recorded_by"], row["answered_by"]) == ("Bob", "Charlie")
    assert row["answered_at"] == made.answered_at.isoformat(timespec="seconds")
    assert (row["from"], row["until"], row["counts_from"]) == (TODAY, "", TODAY)
    assert row["told_because"] == "recorded; answered; in force"
    assert (row["standing_on"], row["class"], row["currency"]) == (TODAY, "standard", "INR")
    assert (row["outstanding"], row["borrower_loans"], row["borrower_outstanding"]) == (
        *(Decimal(90_000), 2, Decimal(100_000)),
    )
    event = Event.objects.get(verb="npa.findings_reported")
    assert event.facts == {"start": str(TODAY), "end": str(TODAY + 5 * DAY)}
    assert REASON not in str(event.facts)


def test_the_report_says_what_was_recorded_in_force_and_lifted_in_its_days(
    lent: Loan, bob: User, charlie: User, amir: User
) -> None:
    made = _approved(lent, bob, charlie, _found("fraud"))
    ends = TODAY + 10 * DAY
    services.propose_finding_end(actor=bob, finding=made, reason="Cleared", now=at(ends))
    services.end_finding(actor=charlie, finding=made, now=at(ends))

    def because(start: date, end: date) -> list[str]:
        return [row["told_because"] for row in _told(amir, start, end)]

    assert because(TODAY - DAY, TODAY - DAY) == []
    assert because(TODAY, TODAY) == ["recorded; answered; in force"]
    assert because(TODAY + DAY, TODAY + 9 * DAY) == ["in force"]
    assert because(TODAY + DAY, ends) == ["in force; lifted"]
    assert because(ends, ends) == ["lifted"]
    assert because(ends + DAY, ends + DAY) == []
    [row] = _told(amir, ends, ends)
    assert (row["end_recorded_by"], row["ended_by"], row["end_reason"]) == (
        *("Bob", "Charlie", "Cleared"),
    )
    assert (row["ended_on"], row["standing_on"], row["outstanding"]) == (ends, "", "")


def test_what_never_came_into_force_is_told_only_where_it_was_recorded_or_lifted(
    lent: Loan, bob: User, charlie: User, amir: User
) -> None:
    first = TODAY + 20 * DAY
    refused = services.propose_finding(actor=bob, loan=lent, found=_found("escrow"), now=NOW)
    services.refuse_finding(actor=charlie, finding=refused, note="No such account", now=at(first))
    later = _approved(lent, bob, charlie, _found("fraud", from_date=first))
    services.propose_finding_end(actor=bob, finding=later, reason="An error", now=NOW)
    services.end_finding(actor=charlie, finding=later, now=NOW)

    told = [(row["kind"], row["told_because"]) for row in _told(amir, first, first + 5 * DAY)]

    assert told == [("escrow", "answered")]


def test_the_days_of_the_report_are_those_of_the_lender(
    lent: Loan, bob: User, charlie: User, amir: User
) -> None:
    # Just after midnight in Kolkata it is still the day before in UTC.
    night = datetime.combine(TODAY, time(0, 30), ZoneInfo("Asia/Kolkata"))
    services.propose_finding(actor=bob, loan=lent, found=_found("fraud"), now=night)

    assert [row["kind"] for row in _told(amir, TODAY, TODAY)] == ["fraud"]
    assert _told(amir, TODAY - DAY, TODAY - DAY) == []


def test_the_report_is_for_who_may_see_the_portfolio_and_of_a_span_in_order(
    lent: Loan, bob: User, charlie: User, alice: User, amir: User
) -> None:
    _approved(lent, bob, charlie, _found("fraud"))

    for actor, end, code in ((alice, TODAY, "not_permitted"), (amir, TODAY - DAY, "span_refused")):
        refusal = _refused(
            lambda actor=actor, end=end: services.report_findings(actor=actor, start=TODAY, end=end)
        )
        assert refusal.code == code


# --- what the rules make of it --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("found", "late", "says"),
    [
        pytest.param([("fraud", "")], 0, ("loss", "fraud", "npa"), id="1.8-fraud"),
        pytest.param(
            [("review", "doubtful_1")], 0, ("doubtful_1", "reviewed", "npa"), id="2.1-review"
        ),
        pytest.param(
            [("crop_season", "6")], 120, ("standard", "in_time", "none"), id="1.4-T4-crop"
        ),
        pytest.param(
            [("guarantee", "central_government")],
            120,
            ("standard", "in_time", "sma_2"),
            id="1.15-central-guarantee",
        ),
        pytest.param(
            [("guarantee", "central_government"), ("repudiation", "")],
            120,
            ("substandard", "days", "npa"),
            id="1.15-repudiated",
        ),
        pytest.param(
            [("guarantee", "state_government")],
            120,
            ("substandard", "days", "npa"),
            id="1.15-state-guarantee",
        ),
    ],
)
def test_the_night_and_the_page_act_on_it_alike(
    lent: Loan,
    bob: User,
    charlie: User,
    found: list[tuple[str, str]],
    late: int,
    says: tuple[str, str, str],
) -> None:
    day = repaying.due_dates(lent)[0] + timedelta(days=late - 1)
    for kind, value in found:
        _approved(lent, bob, charlie, _found(kind, value))

    days.end(lent, day)

    snapshot = days.of_day(lent, day)
    assert (snapshot.asset_class, snapshot.reason, snapshot.bucket) == says
    assert explaining.explain(lent, day).differences == ()


def test_sector_and_scheme_change_the_provision_and_downgrade_nothing_1_11_1_13(
    lent: Loan, bob: User, charlie: User
) -> None:
    day = repaying.due_dates(lent)[0] - DAY
    _approved(lent, bob, charlie, _found("segment", "other"))
    _approved(lent, bob, charlie, _found("scheme", "natural_calamity"))
    servicing.change(
        actor=charlie,
        loan=lent,
        kind="restructure",
        parameters={"instalments": 36, "difficulty": True},
        reason="The flood",
        now=repaying.at(day),
    )

    days.end(lent, day)

    explained = explaining.explain(lent, day)
    assert explained.differences == ()
    assert explained.stood.facility.segment == "other"
    assert days.of_day(lent, day).asset_class == "standard"


_PAIRS = st.sampled_from(
    [
        *((kind, "") for kind in findings.PLAIN),
        *((kind, value) for kind, values in findings.VALUES.items() for value in values),
        ("review", "loss"),
        ("segment", "other"),
        ("crop_season", "14"),
    ]
)


@given(st.lists(_PAIRS, unique_by=lambda pair: pair[0]))
def test_each_kind_fills_fields_of_its_own(pairs: list[tuple[str, str]]) -> None:
    filled = findings.fields(pairs)

    crop = any(kind == "crop_season" for kind, _value in pairs)
    assert len(filled) == len(pairs) + crop
    assert filled == findings.fields(reversed(pairs))


def test_what_waits_for_a_second_person_is_on_that_persons_start_page(
    lent: Loan, bob: User, charlie: User
) -> None:
    count = home.counted("npa.findings").count
    found = _found("escrow")
    made = services.propose_finding(actor=bob, loan=lent, found=found, now=at(TODAY))
    assert (count(bob, at(TODAY)), count(charlie, at(TODAY))) == (0, 1)

    services.approve_finding(actor=charlie, finding=made, now=at(TODAY))
    assert count(charlie, at(TODAY)) == 0
    services.propose_finding_end(actor=charlie, finding=made, reason="Over", now=at(TODAY))
    assert (count(bob, at(TODAY)), count(charlie, at(TODAY))) == (1, 0)
