"""Two people agree on what tests rest on; what is refused leaves everything as it was."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from apps.accounts.models import Entity, User
from apps.audit.models import Event
from apps.core.errors import DomainError
from apps.impairment.tests.factories import LAST, now
from apps.stress import services
from apps.stress.models import Terms
from apps.stress.reading import Kind
from apps.stress.tests.factories import agreed, body, proposed, refused
from apps.stress.tests.test_reading import years

pytestmark = pytest.mark.django_db


def test_one_proposes_and_another_approves(book: Entity, analyst: User, manager: User) -> None:
    one = agreed(book, analyst, manager, Kind.SCENARIO)

    assert (one.status, one.name, one.version) == ("approved", "Recession", 1)
    assert list(Terms.objects.in_force(book, "scenario")) == [one]
    verbs = ["stress.terms_proposed", "stress.terms_approved"]
    events = Event.objects.filter(verb__in=verbs).order_by("pk")
    assert [event.verb for event in events] == verbs
    assert events[1].facts["sha256"] == one.sha256


def test_the_newest_approved_version_is_in_force(
    book: Entity, analyst: User, manager: User
) -> None:
    first = agreed(book, analyst, manager, Kind.SCENARIO)
    second = proposed(book, analyst, Kind.SCENARIO, **years(rates="0.01"))

    assert second.version == 2
    assert list(Terms.objects.in_force(book, "scenario")) == [first]
    services.approve_terms(actor=manager, one=second, now=now())
    assert [one.pk for one in Terms.objects.in_force(book, "scenario")] == [second.pk]


def test_nobody_approves_or_refuses_their_own(book: Entity, manager: User) -> None:
    one = proposed(book, manager, Kind.SCENARIO)

    own = refused(lambda: services.approve_terms(actor=manager, one=one, now=now()))
    also = refused(lambda: services.refuse_terms(actor=manager, one=one, note="No.", now=now()))

    assert (own.code, also.code) == ("own_terms", "own_terms")


def test_an_analyst_does_not_approve(book: Entity, analyst: User, manager: User) -> None:
    one = proposed(book, manager, Kind.SCENARIO)

    assert (
        refused(lambda: services.approve_terms(actor=analyst, one=one, now=now())).code
        == "not_permitted"
    )


def test_it_is_refused_with_a_reason_or_taken_back(
    book: Entity, analyst: User, manager: User
) -> None:
    one = proposed(book, analyst, Kind.SENSITIVITIES)
    short = refused(lambda: services.refuse_terms(actor=manager, one=one, note=" ", now=now()))
    services.refuse_terms(actor=manager, one=one, note="Too mild.", now=now())
    other = proposed(book, analyst, Kind.SENSITIVITIES)
    foreign = refused(lambda: services.withdraw_terms(actor=manager, one=other, now=now()))
    services.withdraw_terms(actor=analyst, one=other, now=now())

    assert (short.code, foreign.code) == ("reason_missing", "not_own_terms")
    assert sorted(Terms.objects.values_list("version", "status")) == [
        (1, "refused"),
        (2, "withdrawn"),
    ]
    assert refused(lambda: services.approve_terms(actor=manager, one=one, now=now())).status == 409


@pytest.mark.parametrize(
    ("kind", "parts", "says"),
    [
        (Kind.SCENARIO, years(collateral="-1.2"), "years[1].collateral"),
        (Kind.SCENARIO, years(rates="0.6"), "years[1].rates"),
        (Kind.SCENARIO, {"segments": {"nowhere": body(Kind.SCENARIO)["years"]}}, "nowhere"),
        (Kind.SENSITIVITIES, {"collateral": {"castle": "1", "others": "1"}}, "castle"),
        (Kind.FIGURES, {"as_of": (LAST + timedelta(days=9)).isoformat()}, "as_of"),
        (Kind.FIGURES, {"source": ""}, "source"),
    ],
)
def test_what_makes_no_sense_is_refused(
    book: Entity, analyst: User, kind: Kind, parts: dict[str, object], says: str
) -> None:
    refusal = refused(lambda: proposed(book, analyst, kind, **parts))

    assert says in str(refusal.sentence)
    assert "body" in refusal.fields


def test_only_one_of_a_name_waits(book: Entity, analyst: User) -> None:
    proposed(book, analyst, Kind.SCENARIO)
    proposed(book, analyst, Kind.SCENARIO, name="Another")

    assert refused(lambda: proposed(book, analyst, Kind.SCENARIO)).code == "terms_wait"


def test_a_lender_out_of_reach_is_not_there(analyst: User) -> None:
    other = Entity.objects.create(
        code="other", name="Other", country="IN", currency="INR", time_zone="Asia/Kolkata"
    )

    assert refused(lambda: proposed(other, analyst, Kind.SCENARIO)).status == 404


def test_the_database_keeps_what_was_agreed(book: Entity, analyst: User, manager: User) -> None:
    one = agreed(book, analyst, manager, Kind.SCENARIO)
    rows = Terms.objects.filter(pk=one.pk)
    wrongs = (
        {"body": {}},
        {"answer_note": "changed"},
        {"status": "proposed", "answered_by": None, "answered_at": None},
    )

    for wrong in wrongs:
        with pytest.raises((DatabaseError, DomainError)), transaction.atomic():
            rows.update(**wrong)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.delete()
    waits = proposed(book, analyst, Kind.FIGURES)
    with pytest.raises(IntegrityError), transaction.atomic():
        Terms.objects.filter(pk=waits.pk).update(
            status="approved", answered_by=analyst, answered_at=now()
        )
