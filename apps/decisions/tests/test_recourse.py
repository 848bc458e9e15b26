from decimal import Decimal

from apps.decisions import recourse
from apps.decisions.recourse import Change, Room


def _room(**changes: object) -> Room:
    values: dict[str, object] = {
        "amount": Decimal(200_000),
        "term_months": 24,
        "least_amount": Decimal(25_000),
        "terms": [18, 30, 36],
        **changes,
    }
    return Room(**values)  # type: ignore[arg-type]


def test_it_finds_the_largest_smaller_amount_that_passes() -> None:
    found = recourse.changes(_room(), passes=lambda amount, term: amount <= 137_000 and term == 24)

    assert found == (Change(Decimal(130_000), 24),)


def test_it_finds_the_nearest_other_term() -> None:
    found = recourse.changes(_room(), passes=lambda amount, term: term >= 30)

    assert found == (Change(Decimal(200_000), 30),)


def test_it_claims_nothing_that_was_not_tried() -> None:
    tried: list[tuple[Decimal, int]] = []

    def passes(amount: Decimal, term: int) -> bool:
        tried.append((amount, term))
        return amount <= 60_000 or term == 36

    found = recourse.changes(_room(), passes=passes)

    assert len(found) == 2
    assert all((one.amount, one.term_months) in tried for one in found)
    assert len(tried) <= 9


def test_it_offers_nothing_when_nothing_passes() -> None:
    assert recourse.changes(_room(), passes=lambda amount, term: False) == ()


def test_it_stays_within_the_product() -> None:
    found = recourse.changes(
        _room(least_amount=Decimal(190_001)), passes=lambda amount, term: amount < 190_000
    )

    assert found == ()
    assert recourse.offered_terms(24, shortest=24, longest=24) == []
    assert recourse.offered_terms(24, shortest=6, longest=60) == [18, 30, 12, 36]
