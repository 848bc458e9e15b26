"""Which letters each regime wants, what must stand in them, and by when: data with sources. Pure.

Sources name sections of the rule book. Section 10 is the list that every letter is held against;
what one regime asks for beyond it is a notice, whose words are in the edition of the template.
A limit without a day count in the law is the lender's own, taken from section 10 (e).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from apps.core import dates
from apps.letters.content import (
    APPEAL,
    APPROVED,
    COUNTER_OFFER,
    DECLINED,
    INCOMPLETE,
    LAPSED,
    LetterFacts,
)

INDIA, KENYA, UNITED_STATES, EUROPEAN_UNION = "india", "kenya", "united_states", "european_union"
_EU = (
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905 - a list of codes reads better as words
)
COUNTRIES = {
    "IN": INDIA,
    "KE": KENYA,
    "US": UNITED_STATES,
    **dict.fromkeys(_EU, EUROPEAN_UNION),
}


class UnknownRegime(LookupError):
    """Nobody has written down what letters of this country must say."""


def regime_of(country: str) -> str:
    """Return the regime of a lender's country. Raises UnknownRegime."""
    if country not in COUNTRIES:
        raise UnknownRegime(f"No rules for letters are known for {country!r}.")
    return COUNTRIES[country]


@dataclass(frozen=True, kw_only=True)
class Element:
    """One thing a letter must have, wherever `applies`; `source` says who asks for it."""

    code: str
    source: str
    kinds: frozenset[str]
    has: Callable[[LetterFacts], bool]
    applies: Callable[[LetterFacts], bool] = lambda _facts: True


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A statement the law of a regime wants in letters of some kinds, from a day on."""

    code: str
    regime: str
    source: str
    kinds: frozenset[str]
    effective_from: date | None = None
    applies: Callable[[LetterFacts], bool] = lambda _facts: True


@dataclass(frozen=True, kw_only=True)
class Limit:
    """By when a letter must have been sent: so long after an event."""

    after: str
    source: str
    days: int = 0
    months: int = 0
    in_law: bool = False

    def last_day(self, since: date) -> date:
        """Return the last day, counted from the day of the event."""
        return dates.add_months(since, self.months) + timedelta(days=self.days)


_ALL = frozenset({DECLINED, APPROVED, COUNTER_OFFER, INCOMPLETE, APPEAL, LAPSED})
_OUTCOMES = frozenset({DECLINED, APPROVED, COUNTER_OFFER})
_ADVERSE = frozenset({DECLINED, COUNTER_OFFER})
_REVIEWABLE = _OUTCOMES | {LAPSED}


def _against(facts: LetterFacts) -> bool:
    """Say whether the letter tells that something was not given as it was asked for."""
    return facts.kind in _ADVERSE or (facts.appeal is not None and facts.approval is None)


def _by_machine(facts: LetterFacts) -> bool:
    return facts.automated and facts.kind in _OUTCOMES


def _from_bureau(facts: LetterFacts) -> bool:
    return facts.bureau is not None


ELEMENTS = (
    Element(
        code="lender",
        source="10, 4.2",
        kinds=_ALL,
        has=lambda facts: bool(facts.lender.name and facts.lender.address and facts.lender.phone),
    ),
    Element(
        code="applicant",
        source="10",
        kinds=_ALL,
        has=lambda facts: bool(facts.applicant_name and facts.application_number),
    ),
    Element(
        code="dates",
        source="10, 10 (e)",
        kinds=_ALL - {INCOMPLETE},
        has=lambda facts: facts.completed_date is not None,
    ),
    Element(
        code="reasons",
        source="10, 4.2, 4.3, 6.9",
        kinds=frozenset({DECLINED}),
        has=lambda facts: len(facts.reasons) >= 1,
    ),
    Element(
        code="reasons_or_right_to_them",
        source="4.2, 10",
        kinds=frozenset({COUNTER_OFFER}),
        has=lambda facts: bool(facts.reasons) or facts.reasons_until is not None,
    ),
    Element(
        code="reasons",
        source="6.1, 10",
        kinds=frozenset({APPEAL}),
        applies=_against,
        has=lambda facts: bool(facts.reasons),
    ),
    Element(
        code="terms",
        source="10",
        kinds=frozenset({APPROVED, COUNTER_OFFER, LAPSED}),
        has=lambda facts: facts.approval is not None,
    ),
    Element(
        code="missing",
        source="4.1",
        kinds=frozenset({INCOMPLETE}),
        has=lambda facts: bool(facts.missing) and facts.missing_until is not None,
    ),
    Element(
        code="outcome",
        source="6.1, 5.1",
        kinds=frozenset({APPEAL}),
        has=lambda facts: facts.appeal is not None,
    ),
    Element(
        code="review",
        source="10, 5.1, 6.1",
        kinds=_REVIEWABLE,
        has=lambda facts: bool(facts.lender.review_contact),
    ),
    Element(
        code="bureau",
        source="10, 4.4, 6.3",
        kinds=_ALL - {INCOMPLETE},
        applies=_from_bureau,
        has=lambda facts: facts.bureau is not None and bool(facts.bureau.contact),
    ),
    Element(
        code="bureau_phone",
        source="4.4",
        kinds=_ADVERSE,
        applies=lambda facts: facts.regime == UNITED_STATES and _from_bureau(facts),
        has=lambda facts: facts.bureau is not None and bool(facts.bureau.phone.strip()),
    ),
    Element(
        code="score",
        source="4.4",
        kinds=_ADVERSE,
        applies=lambda facts: (
            facts.regime == UNITED_STATES and _from_bureau(facts) and facts.automated
        ),
        has=lambda facts: facts.score is not None,
    ),
    Element(
        code="data_protection",
        source="10",
        kinds=_ALL,
        has=lambda facts: bool(facts.lender.data_protection_contact),
    ),
    Element(
        code="regulator",
        source="10, 4.2",
        kinds=_ALL,
        has=lambda facts: bool(facts.lender.regulator),
    ),
)
NOTICES = (
    Notice(code="ecoa", regime=UNITED_STATES, source="4.2", kinds=_ALL, applies=_against),
    Notice(
        code="fcra",
        regime=UNITED_STATES,
        source="4.4",
        kinds=_ADVERSE,
        applies=_from_bureau,
    ),
    Notice(
        code="gdpr_human",
        regime=EUROPEAN_UNION,
        source="5.1",
        kinds=_OUTCOMES,
        applies=_by_machine,
    ),
    Notice(code="gdpr_explanation", regime=EUROPEAN_UNION, source="5.2", kinds=_ADVERSE),
    Notice(
        code="ai_act",
        regime=EUROPEAN_UNION,
        source="5.5",
        kinds=_ADVERSE,
        effective_from=date(2027, 12, 2),
        applies=lambda facts: facts.automated,
    ),
    Notice(
        code="kenya_reconsideration",
        regime=KENYA,
        source="6.1",
        kinds=_OUTCOMES,
        applies=_by_machine,
    ),
    Notice(code="kenya_bureau", regime=KENYA, source="6.3", kinds=_ADVERSE, applies=_from_bureau),
    Notice(code="kenya_access", regime=KENYA, source="6.2", kinds=_ADVERSE),
    Notice(code="india_fair_practices", regime=INDIA, source="6.9", kinds=_ADVERSE),
    Notice(
        code="india_key_facts",
        regime=INDIA,
        source="6.5, 6.6",
        kinds=frozenset({APPROVED, COUNTER_OFFER}),
    ),
    Notice(
        code="india_data",
        regime=INDIA,
        source="6.4",
        kinds=_ADVERSE,
        effective_from=date(2027, 5, 13),
    ),
)

_OWN = Limit(after="completed", days=30, source="10 (e)")
_OWN_LIMITS = {
    DECLINED: _OWN,
    APPROVED: _OWN,
    COUNTER_OFFER: _OWN,
    INCOMPLETE: Limit(after="received", days=30, source="10 (e)"),
    APPEAL: Limit(after="asked", days=30, source="10 (e)"),
    LAPSED: Limit(after="lapsed", days=30, source="10 (e)"),
}
_REGULATION_B = Limit(after="completed", days=30, source="4.1", in_law=True)
LIMITS = {
    # The lender's own policy fixes the "stipulated time" of 6.9.
    INDIA: _OWN_LIMITS,
    # 6.1: "as soon as reasonably practicable", without a day count.
    KENYA: _OWN_LIMITS,
    UNITED_STATES: {
        **_OWN_LIMITS,
        DECLINED: _REGULATION_B,
        APPROVED: _REGULATION_B,
        COUNTER_OFFER: _REGULATION_B,
        INCOMPLETE: Limit(after="received", days=30, source="4.1", in_law=True),
        LAPSED: Limit(after="offered", days=90, source="4.1", in_law=True),
    },
    EUROPEAN_UNION: {
        **_OWN_LIMITS,
        APPEAL: Limit(after="asked", months=1, source="5.2", in_law=True),
    },
}


def limit(regime: str, kind: str) -> Limit:
    """Return by when a regime wants a kind of letter. Raises UnknownRegime."""
    if regime not in LIMITS:
        raise UnknownRegime(f"No rules for letters are known for {regime!r}.")
    return LIMITS[regime][kind]


def began(facts: LetterFacts) -> date:
    """Return the day from which the time to send a letter runs, as far as the letter says it.

    When an offer was made an earlier letter says; here it is the day on which it ended.
    """
    if facts.appeal is not None:
        return facts.appeal.asked_date
    if facts.kind == INCOMPLETE:
        return facts.received_date
    return facts.offer_until or facts.completed_date or facts.decided_date


def notices(facts: LetterFacts) -> tuple[str, ...]:
    """Return the codes of the statements this letter must carry, in their order."""
    return tuple(
        notice.code
        for notice in NOTICES
        if notice.regime == facts.regime
        and facts.kind in notice.kinds
        and (notice.effective_from is None or notice.effective_from <= facts.decided_date)
        and notice.applies(facts)
    )


def lacking(facts: LetterFacts) -> tuple[str, ...]:
    """Return what the letter must have and has not, and what it has and must not have.

    A letter of which anything is returned here must not be issued.
    """
    found = [
        element.code
        for element in ELEMENTS
        if facts.kind in element.kinds and element.applies(facts) and not element.has(facts)
    ]
    if facts.regime not in LIMITS:
        found.append("regime")
    if facts.notices != notices(facts):
        found.append("notices")
    if facts.score is not None and "fcra" not in facts.notices:
        found.append("score_not_asked_for")
    return tuple(found)
