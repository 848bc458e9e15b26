"""Classes set by people: two of them, with a reason, for a time, kept for good (rule book 1.16)."""

from datetime import date, timedelta

import pytest

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.errors import Conflict
from apps.loans.models import Loan
from apps.npa import override_rows, services
from apps.npa.models import Override
from apps.npa.tests import portfolio_factories as factories
from apps.npa.tests.portfolio_factories import REASON, TODAY, approved, asked, at

NOW = at(TODAY)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _rules(india: object) -> None:
    factories.rules()


@pytest.fixture
def proposed(lent: Loan, bob: User) -> Override:
    """What Bob proposed: sub-standard for thirty days."""
    return services.propose_override(actor=bob, loan=lent, asked=asked(), now=NOW)


def test_it_refuses_an_override_without_a_reason_1_16_t2(lent: Loan, bob: User) -> None:
    for reason in ("", "  ", "x"):
        refusal = factories.refused(
            lambda reason=reason: services.propose_override(
                actor=bob, loan=lent, asked=asked(reason=reason), now=NOW
            )
        )
        assert refusal.code == "reason_missing"
    assert not Override.objects.exists()


def test_it_accepts_two_people_with_a_reason_and_says_who_when_old_and_new_1_16_t3(
    lent: Loan, bob: User, charlie: User
) -> None:
    factories.snapshot(lent, TODAY - DAY)

    made = approved(lent, bob, charlie)

    assert (made.status, made.asset_class, made.class_before) == (
        "approved",
        "substandard",
        "standard",
    )
    assert (made.reason, made.proposed_by, made.answered_by) == (REASON, bob, charlie)
    event = Event.objects.get(verb="npa.override_approved")
    assert event.subject == f"loans.loan:{lent.pk}"
    assert event.actor == charlie.audit_reference
    assert event.facts["old"] == "standard"
    assert event.facts["new"] == "substandard"
    assert REASON not in str(event.facts)


def test_nobody_deletes_or_alters_it_however_old_it_is_1_16_t5(
    lent: Loan, bob: User, charlie: User
) -> None:
    made = approved(lent, bob, charlie)
    attacks = (
        "DELETE FROM npa_override WHERE id = %s",
        "UPDATE npa_override SET reason = 'x'::bytea WHERE id = %s",
        "UPDATE npa_override SET asset_class = 'loss' WHERE id = %s",
        "UPDATE npa_override SET until_date = until_date + 1 WHERE id = %s",
        "UPDATE npa_override SET proposed_by_id = answered_by_id WHERE id = %s",
        "UPDATE npa_override SET answered_by_id = proposed_by_id WHERE id = %s",
        "UPDATE npa_override SET answered_at = answered_at - interval '900 days' WHERE id = %s",
    )

    for attack in attacks:
        factories.database_refuses(attack, [made.pk])

    assert Override.objects.get(pk=made.pk).reason == REASON
    sealed = Override.objects.filter(pk=made.pk).values_list("reason", flat=True).get()
    assert REASON.encode() not in bytes(sealed)


def test_one_person_alone_sets_no_class(lent: Loan, charlie: User) -> None:
    made = services.propose_override(actor=charlie, loan=lent, asked=asked(), now=NOW)

    for answer in (
        lambda: services.approve_override(actor=charlie, override=made, now=NOW),
        lambda: services.refuse_override(actor=charlie, override=made, note="no no", now=NOW),
    ):
        assert factories.refused(answer).code == "own_override"
    said = factories.database_refuses(
        "UPDATE npa_override SET status = 'approved', answered_by_id = proposed_by_id,"
        " answered_at = now() WHERE id = %s",
        [made.pk],
    )
    assert "npa_override_by_two_people" in said


def test_it_counts_from_its_first_to_its_last_day(lent: Loan, bob: User, charlie: User) -> None:
    made = services.propose_override(actor=bob, loan=lent, asked=asked(), now=NOW)
    assert not made.is_in_force(TODAY)
    assert not Override.objects.in_force(TODAY).exists()
    made = services.approve_override(actor=charlie, override=made, now=NOW)

    days = [TODAY - DAY, TODAY, TODAY + 30 * DAY, TODAY + 31 * DAY]

    assert [made.is_in_force(day) for day in days] == [False, True, True, False]
    assert [Override.objects.in_force(day).exists() for day in days] == [False, True, True, False]


def test_one_approved_late_leaves_days_that_were_ended_as_they_are(
    proposed: Override, lent: Loan, bob: User, charlie: User
) -> None:
    late = TODAY + 5 * DAY

    made = services.approve_override(actor=charlie, override=proposed, now=at(late))

    assert (made.from_date, made.counts_from) == (TODAY, late)
    days = [TODAY, late - DAY, late]
    assert [made.is_in_force(day) for day in days] == [False, False, True]
    assert [Override.objects.in_force(day).exists() for day in days] == [False, False, True]
    said = factories.database_refuses(
        "UPDATE npa_override SET counts_from = from_date WHERE id = %s", [made.pk]
    )
    assert "npa_override_once_answered" in said
    assert not override_rows.reported(charlie, TODAY + DAY, late - DAY).exists()


def test_its_end_before_its_time_takes_two_people(lent: Loan, bob: User, charlie: User) -> None:
    made = approved(lent, bob, charlie)
    later = at(TODAY + 3 * DAY)
    ending = services.propose_override_end(
        actor=charlie, override=made, reason="The posting was mended", now=later
    )

    alone = factories.refused(
        lambda: services.end_override(actor=charlie, override=ending, now=later)
    )
    assert alone.code == "own_override"
    assert ending.is_in_force(TODAY + 3 * DAY)
    said = factories.database_refuses(
        "UPDATE npa_override SET status = 'ended', ended_by_id = end_proposed_by_id,"
        " ended_at = now(), ended_on = %s WHERE id = %s",
        [TODAY + 3 * DAY, made.pk],
    )
    assert "npa_override_ended_by_two_people" in said


def test_once_ended_the_rules_class_the_loan_again_and_the_past_stays(
    lent: Loan, bob: User, charlie: User
) -> None:
    made = approved(lent, bob, charlie)
    later = at(TODAY + 3 * DAY)
    services.propose_override_end(actor=bob, override=made, reason="Mended", now=NOW)
    kept = services.keep_override(actor=charlie, override=made)
    assert (kept.status, kept.is_in_force(TODAY)) == ("approved", True)
    services.propose_override_end(actor=bob, override=made, reason="Mended", now=later)

    done = services.end_override(actor=charlie, override=made, now=later)

    assert (done.status, done.ended_on) == ("ended", TODAY + 3 * DAY)
    assert done.is_in_force(TODAY + 2 * DAY)
    assert not done.is_in_force(TODAY + 3 * DAY)
    assert Override.objects.in_force(TODAY + 2 * DAY).get() == done
    assert not Override.objects.in_force(TODAY + 3 * DAY).exists()
    factories.database_refuses(
        "UPDATE npa_override SET ended_on = ended_on + 5 WHERE id = %s", [made.pk]
    )


def test_a_second_override_on_the_same_days_is_refused(
    lent: Loan, bob: User, charlie: User
) -> None:
    approved(lent, bob, charlie)
    other = services.propose_override(
        actor=bob,
        loan=lent,
        asked=asked("loss", from_date=TODAY + 30 * DAY, until_date=TODAY + 40 * DAY),
        now=NOW,
    )

    refusal = factories.refused(
        lambda: services.approve_override(actor=charlie, override=other, now=NOW)
    )

    assert refusal.code == "override_overlaps"
    services.withdraw_override(actor=bob, override=other, now=NOW)
    next_day, last = TODAY + 31 * DAY, TODAY + 40 * DAY
    following = approved(lent, bob, charlie, from_date=next_day, until_date=last)
    assert following.status == "approved"


def test_what_cannot_be_set_is_refused(lent: Loan, bob: User) -> None:
    for code, changes in (
        ("class_refused", {"asset_class": "watch"}),
        ("class_refused", {"asset_class": ""}),
        ("day_refused", {"from_date": TODAY - DAY}),
        ("day_refused", {"until_date": TODAY - DAY}),
        ("too_long", {"until_date": TODAY + 181 * DAY}),
        ("too_long", {"until_date": date.max}),
    ):
        refusal = factories.refused(
            lambda changes=changes: services.propose_override(
                actor=bob, loan=lent, asked=asked(**changes), now=NOW
            )
        )
        assert refusal.code == code


def test_it_is_refused_and_taken_back_only_by_whom_it_may(
    proposed: Override, lent: Loan, alice: User, bob: User, charlie: User
) -> None:
    for act in (
        lambda: services.approve_override(actor=bob, override=proposed, now=NOW),
        lambda: services.propose_override(actor=alice, loan=lent, asked=asked(), now=NOW),
    ):
        assert factories.refused(act).code == "not_permitted"
    assert (
        factories.refused(
            lambda: services.withdraw_override(actor=charlie, override=proposed, now=NOW)
        ).code
        == "not_own_override"
    )

    refused = services.refuse_override(
        actor=charlie, override=proposed, note="The ticket is closed", now=NOW
    )

    assert (refused.status, refused.answer_note) == ("refused", "The ticket is closed")
    again = services.propose_override(actor=bob, loan=lent, asked=asked(), now=NOW)
    assert services.withdraw_override(actor=bob, override=again, now=NOW).status == "withdrawn"


def test_one_waits_for_an_answer_at_a_time_and_not_for_ever(
    proposed: Override, lent: Loan, charlie: User
) -> None:
    refusal = factories.refused(
        lambda: services.propose_override(actor=charlie, loan=lent, asked=asked(), now=NOW)
    )

    assert isinstance(refusal, Conflict)
    late = factories.refused(
        lambda: services.approve_override(
            actor=charlie, override=proposed, now=at(TODAY + 31 * DAY)
        )
    )
    assert late.code == "override_is_over"


def test_the_audit_committee_is_told_who_why_old_and_new(
    lent: Loan, bob: User, charlie: User, amir: User
) -> None:
    made = approved(lent, bob, charlie)

    rows = services.report_overrides(actor=amir, start=TODAY, end=TODAY + DAY)
    heading, row = list(override_rows.table(rows))
    told = dict(zip(heading, row, strict=True))

    assert (told["loan"], told["class_set"], told["reason"]) == (lent.number, "substandard", REASON)
    assert (told["proposed_by"], told["answered_by"]) == ("Bob", "Charlie")
    assert told["answered_at"] == made.answered_at.isoformat(timespec="seconds")
    assert Event.objects.filter(verb="npa.overrides_reported").count() == 1
    before, after = TODAY - 60 * DAY, TODAY + 60 * DAY
    assert not services.report_overrides(actor=amir, start=before, end=before + DAY)
    assert not services.report_overrides(actor=amir, start=after, end=after + DAY)


def test_an_override_may_begin_on_the_last_day_there_is(lent: Loan, bob: User) -> None:
    last = asked(from_date=date.max, until_date=date.max)

    made = services.propose_override(actor=bob, loan=lent, asked=last, now=NOW)

    assert made.until_date == date.max


def test_the_audit_committee_is_not_told_of_what_was_never_in_force(
    lent: Loan, bob: User, charlie: User, amir: User
) -> None:
    first = TODAY + 20 * DAY
    later = asked(from_date=first, until_date=first + DAY)
    refused = services.propose_override(actor=bob, loan=lent, asked=later, now=NOW)
    services.refuse_override(actor=charlie, override=refused, note="No such error", now=NOW)
    held = approved(lent, bob, charlie, from_date=first, until_date=first + DAY)

    rows = services.report_overrides(actor=amir, start=first, end=first)

    assert list(rows) == [held]
