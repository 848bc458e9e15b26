"""Sampling automatic decisions, judging them blindly, and what comes of it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import Branch, User
from apps.appeals import services as appeals
from apps.appeals.tests import factories as appeals_factories
from apps.applications import services as applications
from apps.applications.models import Application
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible
from apps.decisions import services as decisions
from apps.decisions.errors import Connected
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.tests import factories as decided
from apps.desk import blind_page, blind_rows, services
from apps.desk.models import BlindSample, SamplingShare
from apps.desk.services import BlindVerdict
from apps.desk.tests import factories
from apps.letters.models import Letter

NOW = factories.NOW
LATER = NOW + timedelta(hours=2)


@pytest.fixture
def book(alice: User, charlie: User, pune: Branch, rita: User, mark: User) -> SamplingShare:
    """A lender whose machine decides, and that samples one half of it."""
    decided.stage(pune, rita, mark)
    return factories.share(charlie)


def verdict(outcome: str, **changes: object) -> BlindVerdict:
    codes = {"approve": ("income_confirmed",), "decline": ("purpose_not_financed",)}[outcome]
    return BlindVerdict(**{"outcome": outcome, "codes": codes, **changes})


def taken(bob: User) -> BlindSample:
    return services.take_blind(actor=bob, now=NOW)


def test_it_samples_what_the_share_chooses_and_nothing_twice(
    book: SamplingShare, alice: User
) -> None:
    chosen = factories.machine(alice)
    left = factories.machine(alice, sampled=False)

    made = services.sample(now=NOW)
    again = services.sample(now=NOW + timedelta(minutes=1))

    assert made == BlindSample.objects.count() >= 1
    assert again == 0
    sample = BlindSample.objects.get(decision=chosen)
    assert (sample.status, sample.share, sample.application) == (
        "waiting",
        book,
        chosen.application,
    )
    assert sample.lapses_at == NOW + timedelta(days=14)
    assert not BlindSample.objects.filter(decision=left).exists()
    assert Event.objects.filter(verb="desk.blind_sampled").count() == made


def test_it_never_samples_what_an_outage_has_left_open_to_its_reviewers(
    book: SamplingShare, alice: User
) -> None:
    late = factories.machine(alice)
    moment = timedelta(microseconds=1)
    open_from = late.decided_at + blind_rows.SAMPLED_WITHIN + moment

    assert late not in blind_rows.unsampled(open_from)
    assert late in blind_rows.unsampled(open_from - moment)
    services.sample(now=open_from)
    assert not BlindSample.objects.filter(decision=late).exists()


def test_it_samples_declines_as_well(book: SamplingShare, alice: User) -> None:
    sample = factories.sampled(alice, amount=Decimal(700_000), term_months=12)

    assert sample.decision.outcome == "decline"


def test_it_does_not_sample_what_was_decided_before_the_share(
    alice: User, charlie: User, pune: Branch, rita: User, mark: User
) -> None:
    decided.stage(pune, rita, mark)
    factories.machine(alice)
    factories.share(charlie, now=NOW + timedelta(seconds=1))

    assert services.sample(now=NOW + timedelta(minutes=1)) == 0


def test_it_goes_by_the_row_of_the_product_before_that_for_all(
    book: SamplingShare, alice: User, charlie: User
) -> None:
    made = factories.machine(alice)
    product = made.application.product
    own = factories.share(charlie, product=product, share=Decimal("0.0001"))

    assert services.sample(now=NOW) == 0

    services.end_share(actor=charlie, share=own, now=NOW)
    assert services.sample(now=NOW) >= 1


def test_it_never_samples_what_people_decided_or_decide(book: SamplingShare, alice: User) -> None:
    referral = decided.assessed(alice, amount=Decimal(850_000), term_months=60)
    assert referral.outcome == "refer"

    with pytest.raises(IntegrityError), transaction.atomic():
        BlindSample.objects.create(
            decision=referral,
            application=referral.application,
            share=book,
            sampled_at=NOW,
            lapses_at=LATER,
        )
    assert services.sample(now=NOW) == 0


def test_it_gives_the_sample_that_waits_longest_and_one_at_a_time(
    book: SamplingShare, alice: User, bob: User
) -> None:
    first = factories.sampled(alice)

    found = taken(bob)

    assert (found.pk, found.status, found.claimed_by) == (first.pk, "claimed", bob)
    assert taken(bob).pk == first.pk


def test_it_refuses_who_took_part_or_sees_everything(
    book: SamplingShare, alice: User, bob: User, charlie: User
) -> None:
    sample = factories.sampled(alice)
    Application.objects.filter(pk=sample.application_id).update(taken_by=bob)

    with pytest.raises(NotVisible):
        services.take_blind(actor=bob, now=NOW)
    for person in (alice, charlie):
        with pytest.raises(NotPermitted):
            services.take_blind(actor=person, now=NOW)
    sample.refresh_from_db()
    assert sample.status == "waiting"


def test_it_refuses_a_reviewer_of_another_branch(
    book: SamplingShare, alice: User, make_person: object, nashik: Branch
) -> None:
    factories.sampled(alice)
    far = make_person("Farah", "credit_reviewer", branch=nashik)

    with pytest.raises(NotVisible):
        services.take_blind(actor=far, now=NOW)


def test_it_agrees_where_both_say_the_same_and_leaves_the_decision(
    book: SamplingShare, alice: User, bob: User
) -> None:
    sample = factories.sampled(alice)
    before = Decision.objects.filter(application=sample.application).values().get()

    found = services.judge_blind(
        actor=bob, sample=taken(bob), verdict=verdict("approve", note="Sound."), now=NOW
    )

    assert (found.status, found.agrees, found.reviewed_by) == ("agreed", True, bob)
    assert BlindSample.objects.get().note == "Sound."
    assert Decision.objects.filter(application=sample.application).values().get() == before
    event = Event.objects.get(verb="desk.blind_judged")
    assert event.facts["agrees"] is True
    assert "Sound." not in str(event.facts)


def test_it_takes_the_same_verdict_once(book: SamplingShare, alice: User, bob: User) -> None:
    factories.sampled(alice)
    sample = taken(bob)

    services.judge_blind(actor=bob, sample=sample, verdict=verdict("approve"), now=NOW)
    services.judge_blind(actor=bob, sample=sample, verdict=verdict("approve"), now=NOW)

    assert Event.objects.filter(verb="desk.blind_judged").count() == 1
    with pytest.raises(Conflict):
        services.judge_blind(actor=bob, sample=sample, verdict=verdict("decline"), now=NOW)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (BlindVerdict(outcome="refer", codes=("income_confirmed",)), "outcome"),
        (BlindVerdict(outcome="approve", codes=()), "codes"),
        (BlindVerdict(outcome="approve", codes=("purpose_not_financed",)), "codes"),
        (BlindVerdict(outcome="approve", codes=("no_such_code",)), "codes"),
        (BlindVerdict(outcome="approve", codes=("smaller_amount_bearable",)), "codes"),
        (BlindVerdict(outcome="approve", codes=("income_confirmed",), note="x" * 2001), "note"),
        (BlindVerdict(outcome="approve", codes=("income_confirmed",), note="a\x00b"), "note"),
    ],
    ids=["refer", "no-reason", "wrong-verdict", "unknown", "counter-offer", "long", "nul"],
)
def test_it_refuses_an_incomplete_verdict(
    book: SamplingShare, alice: User, bob: User, given: BlindVerdict, field: str
) -> None:
    factories.sampled(alice)
    sample = taken(bob)

    with pytest.raises(DomainError) as refused:
        services.judge_blind(actor=bob, sample=sample, verdict=given, now=NOW)

    assert set(refused.value.fields) == {field}
    sample.refresh_from_db()
    assert (sample.status, sample.verdict) == ("claimed", "")


def test_it_refuses_a_verdict_after_the_claim_ran_out_and_gives_the_sample_to_another(
    book: SamplingShare, alice: User, bob: User, beth: User
) -> None:
    factories.sampled(alice)
    sample = taken(bob)

    with pytest.raises(Conflict):
        services.judge_blind(actor=bob, sample=sample, verdict=verdict("approve"), now=LATER)
    assert services.end_blind(now=LATER) == 1

    assert services.take_blind(actor=beth, now=LATER).pk == sample.pk
    with pytest.raises(NotVisible):
        services.judge_blind(actor=bob, sample=sample, verdict=verdict("approve"), now=LATER)


def test_it_refuses_a_verdict_after_the_role_was_withdrawn_or_an_interest_declared(
    book: SamplingShare, alice: User, bob: User
) -> None:
    sample = factories.sampled(alice)
    held, given = taken(bob), verdict("approve")
    entry = decisions.InterestEntry(
        relation="relative",
        customer_number=sample.application.customer.number,
        kind="",
        number="",
        reason="A cousin.",
    )
    decisions.declare_interest(actor=bob, entry=entry, now=NOW)

    with pytest.raises(Connected):
        services.judge_blind(actor=bob, sample=held, verdict=given, now=NOW)
    bob.groups.clear()
    without_role = User.objects.get(pk=bob.pk)
    with pytest.raises(NotPermitted):
        services.judge_blind(actor=without_role, sample=held, verdict=given, now=NOW)
    sample.refresh_from_db()
    assert (sample.status, sample.verdict) == ("claimed", "")


def test_it_steps_back_for_good(book: SamplingShare, alice: User, bob: User, beth: User) -> None:
    sample = factories.sampled(alice)

    services.recuse_blind(actor=bob, sample=taken(bob), now=NOW)

    with pytest.raises(NotVisible):
        services.take_blind(actor=bob, now=NOW)
    # Who knows the outcome anyway is kept from nothing any more.
    assert Application.objects.visible_to(bob).filter(pk=sample.application_id).exists()
    assert services.take_blind(actor=beth, now=NOW).pk == sample.pk


def test_it_lapses_what_nobody_judged(book: SamplingShare, alice: User, bob: User) -> None:
    sample = factories.sampled(alice)

    services.end_blind(now=NOW + timedelta(days=14))

    sample.refresh_from_db()
    assert (sample.status, sample.ended_at) == ("lapsed", NOW + timedelta(days=14))
    assert Application.objects.visible_to(bob).filter(pk=sample.application_id).exists()


def test_it_keeps_nobody_with_a_sample_whose_time_is_over(
    book: SamplingShare, alice: User, bob: User
) -> None:
    first = factories.sampled(alice)
    end = first.lapses_at
    services.take_blind(actor=bob, now=end - timedelta(minutes=10))
    with pytest.raises(Conflict):
        services.judge_blind(actor=bob, sample=first, verdict=verdict("approve"), now=end)

    assert blind_rows.held(bob, now=end) is None
    with pytest.raises(NotVisible):
        services.take_blind(actor=bob, now=end)

    assert services.end_blind(now=end) == 1
    first.refresh_from_db()
    assert (first.status, first.ended_at) == ("lapsed", end)


def disagreed(alice: User, bob: User) -> BlindSample:
    factories.sampled(alice)
    return services.judge_blind(actor=bob, sample=taken(bob), verdict=verdict("decline"), now=NOW)


def test_it_leads_a_disagreement_to_a_manager_who_does_nothing(
    book: SamplingShare, alice: User, bob: User, charlie: User
) -> None:
    sample = disagreed(alice, bob)
    assert list(blind_rows.disagreements(charlie)) == [sample]

    found = services.follow_blind(
        actor=charlie, sample=sample, action="none", why="Both are defensible.", now=LATER
    )

    assert (found.status, found.follow_up, found.followed_by) == ("followed_up", "none", charlie)
    assert list(blind_rows.disagreements(charlie)) == []
    assert not ReviewCase.objects.exists()


def test_it_takes_the_decision_up_anew_after_a_disagreement(
    book: SamplingShare, alice: User, bob: User, charlie: User
) -> None:
    sample = disagreed(alice, bob)

    services.follow_blind(
        actor=charlie, sample=sample, action="reopened", why="Income is doubtful.", now=LATER
    )

    case = ReviewCase.objects.get(application=sample.application)
    assert case.status == "open"
    assert case.referral.note == "Income is doubtful."
    assert Decision.objects.get(pk=sample.decision_id).outcome == "approve"


def test_it_refuses_a_follow_up_by_the_wrong_person_twice_or_without_a_reason(
    book: SamplingShare, alice: User, bob: User, charlie: User
) -> None:
    sample = disagreed(alice, bob)
    given = {"sample": sample, "action": "none", "why": "Fine.", "now": NOW}

    for person in (bob, alice):
        with pytest.raises(NotPermitted):
            services.follow_blind(actor=person, **given)
    for wrong in ({"why": " "}, {"action": "forget"}):
        with pytest.raises(DomainError):
            services.follow_blind(actor=charlie, **{**given, **wrong})
    sample.refresh_from_db()
    assert sample.status == "disagreed"
    services.follow_blind(actor=charlie, **given)
    with pytest.raises(Conflict):
        services.follow_blind(actor=charlie, **given)


def test_it_refuses_a_follow_up_by_who_is_close_to_the_borrower(
    book: SamplingShare, alice: User, bob: User, charlie: User
) -> None:
    sample = disagreed(alice, bob)
    number = sample.application.customer.number
    entry = decisions.InterestEntry(relation="friend", reason="Old.", customer_number=number)
    decisions.declare_interest(actor=charlie, entry=entry, now=NOW)

    with pytest.raises(Connected):
        services.follow_blind(actor=charlie, sample=sample, action="none", why="Fine.", now=NOW)

    sample.refresh_from_db()
    assert (sample.status, sample.follow_up) == ("disagreed", "")
    assert blind_page.result(charlie, sample)["follow_form"] is None


def test_it_drops_the_sample_of_a_decision_that_is_taken_up_anew(
    book: SamplingShare, alice: User, charlie: User
) -> None:
    sample = factories.sampled(alice)

    decisions.reopen(actor=charlie, application=sample.application, note="Wrong file.", now=NOW)

    sample.refresh_from_db()
    assert sample.status == "dropped"


def test_it_drops_the_sample_of_a_request_that_is_withdrawn(
    book: SamplingShare, alice: User
) -> None:
    sample = factories.sampled(alice)

    applications.withdraw(
        actor=alice, application=sample.application, reason="customer_asked", now=NOW
    )

    sample.refresh_from_db()
    assert sample.status == "dropped"


def test_it_leaves_what_is_appealed_to_the_appeal(
    book: SamplingShare, alice: User, bob: User
) -> None:
    declined = {"amount": Decimal(700_000), "term_months": 12}
    sample = factories.sampled(alice, **declined)
    later = factories.machine(alice, **declined)
    for decision in (sample.decision, later):
        appeals.ask(
            actor=None,
            application=decision.application,
            asked=appeals_factories.asked(),
            now=appeals_factories.LATER,
        )

    services.sample(now=NOW)

    sample.refresh_from_db()
    assert sample.status == "dropped"
    assert not BlindSample.objects.filter(decision=later).exists()
    assert Application.objects.visible_to(bob).filter(pk=sample.application_id).exists()


def test_it_withholds_the_outcome_from_reviewers_while_the_sample_is_open(
    book: SamplingShare, alice: User, bob: User, beth: User, charlie: User, amir: User
) -> None:
    sample = factories.sampled(alice)
    application = sample.application

    def seen(person: User) -> tuple[bool, ...]:
        return (
            Application.objects.visible_to(person).filter(pk=application.pk).exists(),
            Decision.objects.visible_to(person).filter(application=application).exists(),
            Letter.objects.visible_to(person).filter(pk=sample.decision.letter_id).exists(),
        )

    for person in (bob, beth):
        assert seen(person) == (False, False, False)
    for person in (alice, charlie, amir):
        assert seen(person) == (True, True, True)

    services.judge_blind(actor=bob, sample=taken(bob), verdict=verdict("approve"), now=NOW)
    assert seen(bob) == seen(beth) == (True, True, True)


def test_it_withholds_what_the_next_sweep_will_sample(
    book: SamplingShare, alice: User, bob: User
) -> None:
    chosen, left = factories.machine(alice), factories.machine(alice, sampled=False)
    # The window counts from the database's own clock.
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (clock,) = cursor.fetchone()
    fresh = blind_rows.chosen(NOW - timedelta(minutes=1))

    assert set(fresh.values_list("pk", flat=True)) >= {chosen.pk}
    assert left.pk not in set(fresh.values_list("pk", flat=True))
    hidden = not Application.objects.visible_to(bob).filter(pk=chosen.application_id).exists()
    assert hidden == (chosen.decided_at >= clock - blind_rows.SAMPLED_WITHIN)
    assert Application.objects.visible_to(bob).filter(pk=left.application_id).exists()


def test_it_keeps_a_verdict_independent_in_the_database(
    book: SamplingShare, alice: User, bob: User
) -> None:
    sample = factories.sampled(alice)
    given = {
        "status": "agreed",
        "verdict": "approve",
        "codes": ["income_confirmed"],
        "reviewed_at": NOW,
        "claimed_at": NOW,
    }
    rows = BlindSample.objects.filter(pk=sample.pk)

    for wrong in ({"reviewed_by": alice, "agrees": True}, {"reviewed_by": bob, "agrees": False}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**given, **wrong)
    assert rows.update(**given, reviewed_by=bob, agrees=True) == 1
    with pytest.raises(Exception, match="desk_blind_judged_once"), transaction.atomic():
        rows.update(verdict="decline", agrees=False, status="disagreed")
    with pytest.raises(Exception, match="desk_blind_kept"), transaction.atomic():
        rows.delete()


def test_it_measures_agreement_by_product_and_outcome(
    book: SamplingShare, alice: User, bob: User
) -> None:
    disagreed(alice, bob)

    found = blind_rows.pairs_by(BlindSample.objects.all(), "application__product__name")

    (pairs,) = found.values()
    assert (pairs.machine_approves, pairs.total, pairs.agreed) == (1, 1, 0)


def test_it_replaces_a_share_and_keeps_the_old_row(book: SamplingShare, charlie: User) -> None:
    made = factories.share(charlie, share=Decimal("0.1"), now=NOW)

    book.refresh_from_db()
    assert (book.ended_by, book.ended_at) == (charlie, NOW)
    assert list(SamplingShare.objects.standing()) == [made]
    event = Event.objects.filter(verb="desk.sampling_set").latest("occurred_at")
    assert (event.facts["share"], made.why) == ("0.1", "Trial.")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"share": Decimal(0)}, "share"),
        ({"share": Decimal("0.51")}, "share"),
        ({"days": 0}, "days"),
        ({"days": 91}, "days"),
        ({"why": "  "}, "why"),
    ],
    ids=["nothing", "too-much", "no-day", "too-long", "no-reason"],
)
def test_it_refuses_a_share_out_of_range(
    charlie: User, change: dict[str, object], field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        factories.share(charlie, **change)

    assert set(refused.value.fields) == {field}
    assert not SamplingShare.objects.exists()


def test_it_refuses_a_share_by_who_may_not_set_it(bob: User, amir: User) -> None:
    for person in (bob, amir):
        with pytest.raises(NotPermitted):
            factories.share(person)
