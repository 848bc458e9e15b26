"""What each regime asks of a letter, by the sections of the rule book named in brackets."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.letters import bureaus, content, deadlines, regimes
from apps.letters.content import LetterFacts
from apps.letters.tests import factories

MAKERS: dict[str, Callable[..., LetterFacts]] = {
    "declined": factories.refusal,
    "approved": factories.approval,
    "counter_offer": factories.counter_offer,
    "incomplete": factories.incomplete,
    "appeal": factories.appeal,
    "lapsed": factories.lapsed,
}
REGIMES = sorted(regimes.LIMITS)


@pytest.mark.parametrize(
    ("country", "regime"),
    [("IN", "india"), ("KE", "kenya"), ("US", "united_states"), ("DE", "european_union")],
)
def test_a_country_has_a_regime(country: str, regime: str) -> None:
    assert regimes.regime_of(country) == regime


def test_it_knows_all_member_states_and_no_country_it_has_no_rules_for() -> None:
    members = [code for code, regime in regimes.COUNTRIES.items() if regime == "european_union"]

    assert len(members) == 27
    with pytest.raises(regimes.UnknownRegime):
        regimes.regime_of("TZ")


@pytest.mark.parametrize("regime", REGIMES)
def test_every_kind_of_letter_has_a_limit_with_its_source(regime: str) -> None:
    assert set(regimes.LIMITS[regime]) == set(content.KINDS)
    assert all(limit.source for limit in regimes.LIMITS[regime].values())


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("regime", REGIMES)
def test_a_whole_letter_lacks_nothing(regime: str, kind: str) -> None:
    facts = MAKERS[kind](regime=regime, bureau=factories.american().bureau)
    if regime == "united_states" and kind in {"declined", "counter_offer"}:
        facts = MAKERS[kind](regime=regime, bureau=facts.bureau, score=factories.american().score)

    assert regimes.lacking(facts) == ()


@pytest.mark.parametrize(
    ("regime", "kind", "expected"),
    [
        # 4.2, 4.4
        ("united_states", "declined", ("ecoa", "fcra")),
        ("united_states", "counter_offer", ("ecoa", "fcra")),
        ("united_states", "appeal", ("ecoa",)),
        ("united_states", "approved", ()),
        ("united_states", "incomplete", ()),
        # 5.1, 5.2; 5.5 begins on 2 December 2027
        ("european_union", "declined", ("gdpr_human", "gdpr_explanation")),
        ("european_union", "approved", ("gdpr_human",)),
        # 6.1, 6.2, 6.3
        ("kenya", "declined", ("kenya_reconsideration", "kenya_bureau", "kenya_access")),
        ("kenya", "approved", ("kenya_reconsideration",)),
        # 6.9, 6.5 and 6.6; 6.4 begins on 13 May 2027
        ("india", "declined", ("india_fair_practices",)),
        ("india", "counter_offer", ("india_fair_practices", "india_key_facts")),
        ("india", "approved", ("india_key_facts",)),
        ("india", "incomplete", ()),
    ],
)
def test_a_letter_carries_the_notices_of_its_regime(
    regime: str, kind: str, expected: tuple[str, ...]
) -> None:
    bureau = None if kind == "incomplete" else factories.american().bureau

    assert MAKERS[kind](regime=regime, bureau=bureau).notices == expected


def test_a_person_deciding_gives_no_right_against_machines() -> None:
    # 5.1, 6.1: the rights are against decisions by automated means alone.
    assert factories.refusal(regime="kenya", automated=False, bureau=None).notices == (
        "kenya_access",
    )
    assert factories.refusal(regime="european_union", automated=False).notices == (
        "gdpr_explanation",
    )


def test_no_bureau_no_notice_about_one() -> None:
    # 6.3 T2: declined without bureau data is no adverse action notice, but has its reasons.
    facts = factories.refusal(regime="kenya", bureau=None)

    assert "kenya_bureau" not in facts.notices
    assert regimes.lacking(facts) == ()
    assert "fcra" not in factories.refusal(regime="united_states", bureau=None).notices


@pytest.mark.parametrize(
    ("regime", "code", "day"),
    [("european_union", "ai_act", date(2027, 12, 2)), ("india", "india_data", date(2027, 5, 13))],
)
def test_a_notice_begins_on_its_day(regime: str, code: str, day: date) -> None:
    # 5.5, 6.4: rules carry the day from which they hold.
    def on(decided: date) -> tuple[str, ...]:
        until = decided + timedelta(days=30)
        return factories.refusal(regime=regime, decided_date=decided, review_until=until).notices

    assert code not in on(day - timedelta(days=1))
    assert code in on(day)


@pytest.mark.parametrize(
    ("facts", "changes", "lacking"),
    [
        ("refusal", {"completed_date": None}, ("dates",)),
        ("refusal", {"regime": ""}, ("regime",)),
        ("refusal", {"notices": ()}, ("notices",)),
        ("refusal", {"notices": ("india_fair_practices", "ecoa")}, ("notices",)),
        ("counter_offer", {"reasons_until": None}, ("reasons_or_right_to_them",)),
        ("appeal", {"reasons": ()}, ("reasons",)),
        ("american", {"score": None}, ("score",)),
        (
            "american",
            {"bureau": replace(factories.american().bureau, phone="")},  # type: ignore[type-var]
            ("bureau_phone",),
        ),
        (
            "refusal",
            {"score": factories.american().score},
            ("score_not_asked_for",),
        ),
    ],
)
def test_a_letter_without_an_element_says_which(
    facts: str, changes: dict[str, Any], lacking: tuple[str, ...]
) -> None:
    # 4.2 T2: a letter that misses an element is not valid; 10: nothing is told that is not asked.
    assert regimes.lacking(getattr(factories, facts)(**changes)) == lacking


def test_who_got_everything_in_a_review_needs_no_reasons() -> None:
    granted = factories.appeal(reasons=(), approval=factories.APPROVAL)

    assert regimes.lacking(granted) == ()


@pytest.mark.parametrize(
    ("regime", "kind", "since", "last"),
    [
        # 4.1: thirty days from the completed application; T3: ninety from a counter-offer.
        ("united_states", "declined", date(2026, 3, 3), date(2026, 4, 2)),
        ("united_states", "incomplete", date(2026, 3, 3), date(2026, 4, 2)),
        ("united_states", "lapsed", date(2026, 3, 3), date(2026, 6, 1)),
        # 5.2 T4: one month.
        ("european_union", "appeal", date(2026, 11, 20), date(2026, 12, 20)),
        ("european_union", "appeal", date(2027, 1, 31), date(2027, 2, 28)),
        # Section 10 (e) of the rule book: the lender's own limit elsewhere.
        ("india", "declined", date(2026, 11, 1), date(2026, 12, 1)),
        ("kenya", "approved", date(2026, 11, 1), date(2026, 12, 1)),
    ],
)
def test_a_letter_has_a_last_day(regime: str, kind: str, since: date, last: date) -> None:
    assert regimes.limit(regime, kind).last_day(since) == last


def test_the_time_runs_from_what_the_letter_says() -> None:
    assert regimes.began(factories.refusal()) == date(2026, 11, 18)
    assert regimes.began(factories.incomplete()) == date(2026, 11, 16)
    assert regimes.began(factories.appeal()) == date(2026, 11, 19)
    assert regimes.began(factories.lapsed()) == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("today", "stage"),
    [
        (date(2026, 11, 1), "due"),
        (date(2026, 11, 21), "due"),
        (date(2026, 11, 22), "soon_late"),
        (date(2026, 11, 26), "soon_late"),
        (date(2026, 11, 27), "late"),
        (date(2026, 12, 1), "late"),
        (date(2026, 12, 2), "overdue"),
    ],
)
def test_an_unsent_letter_is_late_before_its_last_day_passes(today: date, stage: str) -> None:
    made = deadlines.deadline(since=date(2026, 11, 1), last_day=date(2026, 12, 1))

    assert made.stage(today) == stage


@given(st.integers(1, 120), st.integers(-5, 130))
def test_it_never_gets_better_with_time(span: int, day: int) -> None:
    since = date(2026, 1, 1)
    made = deadlines.deadline(since=since, last_day=since + timedelta(days=span))
    stages = [made.stage(since + timedelta(days=day + more)) for more in (0, 1)]

    assert [*map(deadlines.STAGES.index, stages)] == sorted(map(deadlines.STAGES.index, stages))
    assert made.soon_date <= made.late_date <= made.due_date
    assert made.stage(made.due_date) == "late"


def test_a_bureau_is_found_by_the_name_of_its_reports() -> None:
    text = "CIBIL\nOne World Centre\nMumbai 400013\n+91 22 6140 4300\n\nMzizi\nNairobi\n+254 20 5"

    assert bureaus.find(text, "cibil") == bureaus.Listed(
        "CIBIL", "One World Centre\nMumbai 400013", "+91 22 6140 4300"
    )
    assert bureaus.find(text, "Experian") is None
    assert bureaus.is_readable(text)
    assert bureaus.is_readable("")
    assert not bureaus.is_readable("CIBIL\n+91 22 6140 4300")
