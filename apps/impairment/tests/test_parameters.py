"""Parameters: read whole or refused, in force from a day on, decided by two people."""

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from apps.accounts.models import Entity, User
from apps.audit.models import Event
from apps.impairment import parameters, services, stored
from apps.impairment.measuring import Outlook
from apps.impairment.models import ParameterSet
from apps.impairment.services import Asked
from apps.impairment.tests import factories
from apps.impairment.tests.factories import LAST, LONG_AGO, body, now, refused
from apps.products.models import Product
from apps.products.reading import CatalogueRefused

SHARES = {"others": "0.4", "unsecured": "0.6"}


def scenario(weight: str, pd_shift: str = "1") -> dict[str, str]:
    """Return a scenario as it stands in a body."""
    return {"weight": weight, "pd_shift": pd_shift, "lgd_shift": "1"}


def shifted(name: str, value: str) -> dict[str, Any]:
    """Return a base scenario with one shift."""
    return {"scenarios": {"base": {**scenario("0.50"), name: value}}}


def test_it_reads_the_parameters_of_the_program() -> None:
    found = factories.terms()

    assert found.bands == tuple(map(Decimal, ("0.02", "0.05", "0.10", "0.20")))
    assert found.scenarios[Outlook.DOWNSIDE].pd_shift == Decimal("1.40")
    assert found.recoveries.floor_of("gold") == Decimal("0.10")
    assert found.recoveries.floor_of("vehicle") == Decimal("0.15"), "as all others"
    assert found.conversion_of("microloan") == Decimal("0.75")


@pytest.mark.parametrize(
    ("parts", "place"),
    [
        ({"bands": ["0.05", "0.02"]}, "bands"),
        ({"bands": []}, "bands"),
        ({"bands": ["NaN"]}, "bands.value"),
        ({"scenarios": {"base": scenario("0.6")}}, "scenarios"),
        ({"scenarios": {"base": scenario("0.5", "0")}}, "scenarios.base.pd_shift"),
        ({"scenarios": {"worst": {}}}, "scenarios"),
        ({"stages": {"pd_multiple": "1"}}, "stages.pd_multiple"),
        ({"stages": {"pd_least": "1"}}, "stages.pd_least"),
        ({"stages": {"cure_3_months": 25}}, "stages"),
        ({"stages": {"days": 60}}, "stages"),
        (shifted("pd_shift", "10.01"), "scenarios.base.pd_shift"),
        (shifted("lgd_shift", "5.01"), "scenarios.base.lgd_shift"),
        (shifted("lgd_shift", "0"), "scenarios.base.lgd_shift"),
        ({"conversion": {"others": "1.1"}}, "conversion"),
        ({"hazards": {"prior_pd_12": "0"}}, "hazards.prior_pd_12"),
        ({"hazards": {"credibility": 0}}, "hazards.credibility"),
        ({"hazards": {"least_months": -1}}, "hazards.least_months"),
        ({"hazards": {"prior_lateness": {"1-29": "2"}}}, "hazards.prior_lateness"),
        ({"recoveries": {"floors": {"others": "0.1"}}}, "recoveries.floors"),
        ({"recoveries": {"prior": {"gold": "0.1"}}}, "recoveries.prior"),
        ({"recoveries": {"prior": {"gold": "0.1", "others": "0.4"}}}, "recoveries.prior"),
        ({"recoveries": {"floors": {"unsecured": "0.1"}}}, "recoveries.floors"),
        ({"recoveries": {"floors": []}}, "recoveries.floors"),
        ({"stages": {"pd_multiple": 2}}, "stages.pd_multiple"),
        ({"recoveries": {"workout_months": 6}}, "recoveries.workout_months"),
        ({"recoveries": {"credibility": 0}}, "recoveries.credibility"),
        ({"recoveries": {"least_cases": -1}}, "recoveries.least_cases"),
    ],
)
def test_it_refuses_what_is_out_of_bounds(parts: dict[str, Any], place: str) -> None:
    with pytest.raises(CatalogueRefused) as refusal:
        parameters.read(body(**parts))

    assert refusal.value.place == place


def test_it_refuses_a_part_that_is_missing() -> None:
    found = body()
    del found["stages"]

    with pytest.raises(CatalogueRefused):
        parameters.read(found)


def test_two_people_decide_them(india: Entity, rita: User, charlie: User) -> None:
    one = factories.proposed(india, rita)
    assert ParameterSet.objects.in_force(india, LAST) is None

    services.approve_parameters(actor=charlie, one=one, now=now())

    assert ParameterSet.objects.in_force(india, LAST) == one
    assert ParameterSet.objects.in_force(india, LONG_AGO - timedelta(days=1)) is None
    verbs = Event.objects.filter(verb__startswith="impairment.").values_list("verb", flat=True)
    assert set(verbs) == {"impairment.parameters_proposed", "impairment.parameters_approved"}


def test_later_ones_take_over_on_their_day(india: Entity, rita: User, charlie: User) -> None:
    first = factories.approved(india, rita, charlie)
    day = date(2026, 7, 1)
    second = factories.approved(india, rita, charlie, day, stages={"pd_multiple": "3"})

    assert ParameterSet.objects.in_force(india, day - timedelta(days=1)) == first
    assert ParameterSet.objects.in_force(india, day) == second


def test_nobody_agrees_to_their_own(india: Entity, charlie: User) -> None:
    one = factories.proposed(india, charlie)

    approving = refused(lambda: services.approve_parameters(actor=charlie, one=one, now=now()))
    refusing = refused(
        lambda: services.refuse_parameters(actor=charlie, one=one, note="No.", now=now())
    )

    assert (approving.code, refusing.code) == ("own_parameters", "own_parameters")


def test_an_analyst_does_not_approve(india: Entity, rita: User, charlie: User) -> None:
    one = factories.proposed(india, charlie)

    refusal = refused(lambda: services.approve_parameters(actor=rita, one=one, now=now()))

    assert refusal.code == "not_permitted"


def test_one_waits_at_a_time(india: Entity, rita: User) -> None:
    factories.proposed(india, rita)

    assert refused(lambda: factories.proposed(india, rita)).code == "parameters_wait"


def test_two_do_not_begin_on_one_day(india: Entity, rita: User, charlie: User) -> None:
    factories.approved(india, rita, charlie)
    one = factories.proposed(india, rita)

    refusal = refused(lambda: services.approve_parameters(actor=charlie, one=one, now=now()))

    assert refusal.code == "parameters_same_day"


def test_it_says_where_a_body_is_wrong(india: Entity, rita: User) -> None:
    refusal = refused(lambda: factories.proposed(india, rita, conversion={"others": "2"}))

    assert refusal.code == "parameters_refused"
    assert "conversion" in str(refusal.sentence)


@pytest.mark.parametrize(
    ("parts", "place"),
    [
        ({"conversion": {"nowhere": "0.5"}}, "conversion"),
        (
            {"recoveries": {"floors": {**SHARES, "residental_property": "0.1"}}},
            "recoveries.floors",
        ),
        ({"recoveries": {"prior": {**SHARES, "Gold": "0.1"}}}, "recoveries.prior"),
    ],
)
def test_it_refuses_names_that_nothing_has(
    book: Entity, analyst: User, parts: dict[str, Any], place: str
) -> None:
    refusal = refused(lambda: factories.proposed(book, analyst, **parts))

    assert refusal.code == "parameters_refused"
    assert str(refusal.sentence).startswith(f"{place}: Nothing is called ")


def test_the_lenders_segments_and_kinds_of_security_are_names(book: Entity, analyst: User) -> None:
    segment = Product.objects.filter(entity=book)[0].scoring_segment
    floors = {**SHARES, "crop": "0.2"}

    one = factories.proposed(
        book, analyst, conversion={segment: "0.5"}, recoveries={"floors": floors}
    )

    assert parameters.read(one.body).conversion_of(segment) == Decimal("0.5")


def test_a_reason_is_asked_for(india: Entity, rita: User, charlie: User) -> None:
    asked = Asked(effective_from=LONG_AGO, body=body(), reason="  ")
    refusal = refused(
        lambda: services.propose_parameters(actor=rita, entity=india, asked=asked, now=now())
    )
    assert set(refusal.fields) == {"reason"}

    one = factories.proposed(india, rita)
    refusal = refused(
        lambda: services.refuse_parameters(actor=charlie, one=one, note="", now=now())
    )
    assert set(refusal.fields) == {"note"}


def test_a_proposal_is_refused_or_taken_back(india: Entity, rita: User, charlie: User) -> None:
    one = factories.proposed(india, rita)
    services.refuse_parameters(actor=charlie, one=one, note="Too mild.", now=now())
    two = factories.proposed(india, rita)
    assert (
        refused(lambda: services.withdraw_parameters(actor=charlie, one=two, now=now())).code
        == "not_own_parameters"
    )
    services.withdraw_parameters(actor=rita, one=two, now=now())

    states = ParameterSet.objects.order_by("proposed_at", "created_at")
    assert set(states.values_list("status", flat=True)) == {"refused", "withdrawn"}
    assert ParameterSet.objects.in_force(india, LAST) is None


def test_the_database_keeps_them_as_they_were(india: Entity, rita: User, charlie: User) -> None:
    approved = factories.approved(india, rita, charlie)
    for change in ({"sha256": "x"}, {"answered_at": now(LAST + timedelta(days=9))}):
        with pytest.raises(DatabaseError), transaction.atomic():
            ParameterSet.objects.filter(pk=approved.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        approved.delete()


def test_the_database_keeps_what_was_answered(india: Entity, rita: User, charlie: User) -> None:
    one = factories.proposed(india, rita)
    services.refuse_parameters(actor=charlie, one=one, note="Too mild.", now=now())

    with pytest.raises(DatabaseError, match="once_answered"), transaction.atomic():
        ParameterSet.objects.filter(pk=one.pk).update(status="approved")

    assert ParameterSet.objects.in_force(india, LAST) is None


ODD = ("1_0", "\N{FULLWIDTH DIGIT ONE}", "1e0", "+1", "0.00000000001", "1.")


@pytest.mark.parametrize("odd", ODD)
def test_a_number_is_written_as_the_database_reads_it(india: Entity, rita: User, odd: str) -> None:
    parameters.read(body(**shifted("pd_shift", odd)))

    refusal = refused(lambda: factories.proposed(india, rita, **shifted("pd_shift", odd)))

    assert refusal.code == "parameters_refused"
    said = "scenarios.base.pd_shift: Must be in plain digits, with at most 10 decimals."
    assert str(refusal.sentence) == said


@pytest.mark.parametrize(
    ("parts", "place"),
    [
        ({"bands": ["0.02", "0.0_5"]}, "bands"),
        ({"conversion": {"others": "1e-1"}}, "conversion.others"),
        (
            {"recoveries": {"floors": {"others": "0.1", "unsecured": ".1"}}},
            "recoveries.floors.unsecured",
        ),
    ],
)
def test_so_is_every_other_number(parts: dict[str, Any], place: str) -> None:
    odd = body(**parts)
    parameters.read(odd)

    with pytest.raises(CatalogueRefused) as refusal:
        parameters.require_plain(odd)

    assert refusal.value.place == place
    parameters.require_plain(body(**shifted("pd_shift", "0.0000000001")))


def test_another_refusal_of_the_database_is_not_said_to_be_one_of_those(
    india: Entity, rita: User, charlie: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = factories.proposed(india, rita)
    with monkeypatch.context() as given:
        given.setattr(stored, "sha256", lambda _body: None)
        with pytest.raises(IntegrityError), transaction.atomic():
            factories.proposed(india, rita)
    refusal = refused(lambda: factories.proposed(india, rita))

    assert refusal.code == "parameters_wait"
    found = ParameterSet.objects.get()
    assert (found.pk, found.status) == (waiting.pk, "proposed")


@pytest.mark.parametrize(("name", "most"), [("pd_shift", "10"), ("lgd_shift", "5")])
def test_an_outlook_multiplies_by_no_more_than_the_most(
    india: Entity, rita: User, name: str, most: str
) -> None:
    refusal = refused(lambda: factories.proposed(india, rita, **shifted(name, "11")))
    assert f"scenarios.base.{name}" in str(refusal.sentence)
    one = factories.proposed(india, rita, **shifted(name, most))
    one.pk, one.status = uuid.uuid4(), "withdrawn"
    one.answered_by, one.answered_at = rita, now()
    for wrong in ("11", "0"):
        one.body = factories.body(**shifted(name, wrong))
        with pytest.raises(IntegrityError, match="shifts_within"), transaction.atomic():
            one.save(force_insert=True)
    assert ParameterSet.objects.count() == 1
