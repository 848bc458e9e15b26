"""Many rows move with one UPDATE, and only those the lifecycle lets."""

import pytest
from django.db import transaction
from django.db.models import QuerySet

from apps.core.errors import StaleRecord
from apps.scoring.models import ModelVersion

pytestmark = pytest.mark.django_db


def _models(*states: str) -> QuerySet[ModelVersion]:
    for number, state in enumerate(states, start=1):
        ModelVersion.objects.create(
            segment=f"segment-{number}",
            number=number,
            name=state,
            status=state,
            body="",
            manifest={},
            sha256=f"{number}" * 64,
            signature="b",
            schema_hash="c" * 64,
        )
    return ModelVersion.objects.order_by("number")


def test_it_moves_only_rows_in_a_state_the_action_starts_from() -> None:
    rows = _models("registered", "retired", "registered")
    before = list(rows.values_list("updated_at", flat=True))

    moved = ModelVersion.move_all(rows, "retire", name="Old")

    assert moved == 2
    assert [row.status for row in rows.all()] == ["retired", "retired", "retired"]
    assert list(rows.values_list("name", flat=True)) == ["Old", "retired", "Old"]
    after = list(rows.values_list("updated_at", flat=True))
    assert [new > old for new, old in zip(after, before, strict=True)] == [True, False, True]


def test_it_moves_with_one_query(django_assert_num_queries: object) -> None:
    rows = _models("registered", "registered")

    with django_assert_num_queries(1):  # type: ignore[operator]
        ModelVersion.move_all(rows, "retire")


def test_it_refuses_an_action_the_lifecycle_does_not_know() -> None:
    rows = _models("registered")

    with pytest.raises(ValueError, match="no action 'explode'"):
        ModelVersion.move_all(rows, "explode")

    assert rows.get().status == "registered"


def test_each_row_moves_by_actions_of_its_own(django_assert_num_queries: object) -> None:
    first, second, third = _models("registered", "registered", "registered")

    with django_assert_num_queries(1):  # type: ignore[operator]
        ModelVersion.move_each(
            [
                (first, ("retire",), {"name": "Old"}),
                (second, ("promote", "retire"), {"name": "Best"}),
            ]
        )

    assert (first.status, first.name, second.status, second.name) == (
        *("retired", "Old"),
        *("retired", "Best"),
    )
    stored = ModelVersion.objects.order_by("number").values_list("status", "name")
    assert list(stored) == [("retired", "Old"), ("retired", "Best"), ("registered", third.name)]


def test_none_moves_alone_where_one_of_them_has_moved() -> None:
    first, second = _models("registered", "registered")
    ModelVersion.objects.filter(pk=second.pk).update(status="retired")

    with pytest.raises(StaleRecord), transaction.atomic():
        ModelVersion.move_each([(first, ("retire",), {}), (second, ("retire",), {})])

    assert ModelVersion.objects.get(pk=first.pk).status == "registered"
    assert first.status == "registered"


def test_a_row_read_without_its_status_does_not_ask_for_it(
    django_assert_num_queries: object,
) -> None:
    rows = _models("retired", "retired")

    with django_assert_num_queries(1):  # type: ignore[operator]
        found = list(rows.only("name"))

    assert [one.status for one in found] == ["retired", "retired"]
