"""A statement that the database knows meets a table that a migration changed."""

from collections.abc import Iterator
from datetime import date

import pytest
from django.db import connection, transaction

from apps.accounts.models import Branch
from apps.core import prepared, statements
from apps.core.prepared import Given
from apps.core.statements import PlanOutdated

pytestmark = pytest.mark.django_db(transaction=True)


def _widen(size: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE accounts_branch ALTER COLUMN name TYPE varchar({size})")


@pytest.fixture
def _restored() -> Iterator[None]:
    yield
    _widen(120)


@pytest.mark.usefixtures("_restored")
def test_outside_of_a_transaction_nobody_notices(pune: Branch) -> None:
    question = prepared.Query(lambda: Branch.objects.filter(pk=Given("branch")))
    other = prepared.Query(lambda: Branch.objects.filter(code=Given("code")))
    assert question.first(branch=pune.pk) == other.first(code="pune") == pune

    _widen(130)

    assert question.first(branch=pune.pk) == pune
    with transaction.atomic():
        assert other.first(code="pune") == pune


@pytest.mark.usefixtures("_restored")
def test_a_transaction_fails_and_the_next_connection_knows_the_table(pune: Branch) -> None:
    question = prepared.Query(lambda: Branch.objects.filter(pk=Given("branch")))
    assert question.first(branch=pune.pk) == pune

    _widen(130)
    with pytest.raises(PlanOutdated), transaction.atomic():
        question.first(branch=pune.pk)
    # What Django does when a request, or a task, has ended.
    connection.close_if_unusable_or_obsolete()

    assert question.first(branch=pune.pk) == pune


def test_a_text_that_names_its_values_is_sent_with_them_and_its_constants() -> None:
    found = statements.named(
        "test_named",
        "SELECT %(day)s::date - 1, %(day)s::date, %(word)s::text, 'at 5%%'",
        word="kept",
    )

    with connection.cursor() as cursor:
        found.send(cursor, {"day": date(2026, 3, 1)})
        rows_found = cursor.fetchall()
        with pytest.raises(KeyError):
            found.send(cursor, {})

    assert rows_found == [(date(2026, 2, 28), date(2026, 3, 1), "kept", "at 5%")]
