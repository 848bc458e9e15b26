"""What the pages of stress tests ask the database."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from apps.accounts.models import Entity, User
from apps.impairment.models import Run
from apps.stress.models import Case, Sums, Terms, Test
from apps.stress.reading import Kind
from apps.stress.wording import SUMS

_BY = {"segment": ("segment", "stage"), "security": ("security", "stage")}


@dataclass(frozen=True)
class Group:
    """What a case comes to for a part of the loans, beside the base case."""

    key: dict[str, Any]
    sums: dict[str, Decimal]
    base: dict[str, Decimal]


def tests(actor: User) -> QuerySet[Test]:
    """Return the tests a person may see."""
    return Test.objects.visible_to(actor).select_related("entity", "measured", "asked_by")


def cases(test: Test) -> list[Case]:
    """Return the cases of a test in their order."""
    return list(test.cases.select_related("scenario").order_by("place"))


def measured(entity: Entity) -> list[Run]:
    """Return the measurements that a test can be of, the last first."""
    return list(Run.objects.filter(entity=entity, status="finished").order_by("-day"))


def scenarios(entity: Entity) -> list[Terms]:
    """Return the scenarios in force, by name."""
    return list(Terms.objects.in_force(entity, Kind.SCENARIO.value))


def same(test: Test) -> list[Test]:
    """Return other tests of the same inputs, the last first."""
    if not test.inputs_sha256:
        return []
    rows = Test.objects.filter(entity=test.entity_id, inputs_sha256=test.inputs_sha256)
    return list(rows.exclude(pk=test.pk).order_by("-asked_at")[:5])


def groups(test: Test, *, place: int, year: int, by: str) -> list[Group]:
    """Return the sums of a case at the end of a year, each beside those of the base case."""
    names = _BY[by]
    found = _summed(test, place, year, names)
    base = found if place == 0 else _summed(test, 0, year, names)
    nothing = dict.fromkeys(SUMS, Decimal(0))
    return [
        Group(dict(zip(names, key, strict=True)), found.get(key, nothing), base.get(key, nothing))
        for key in sorted({*found, *base})
    ]


def _summed(
    test: Test, place: int, year: int, names: tuple[str, ...]
) -> dict[tuple[Any, ...], dict[str, Decimal]]:
    rows = Sums.objects.filter(test=test, case__place=place, case__test=test, year=year)
    summed = rows.values_list(*names).annotate(**{f"of_{one}": Sum(one) for one in SUMS})
    return {
        tuple(row[: len(names)]): dict(zip(SUMS, row[len(names) :], strict=True))
        for row in summed.order_by(*names)
    }


def all_sums(test: Test) -> QuerySet[Sums]:
    """Return every sum of a test, in order."""
    rows = Sums.objects.filter(test=test).select_related("case__scenario")
    return rows.order_by("case__place", "year", "segment", "security", "stage")
