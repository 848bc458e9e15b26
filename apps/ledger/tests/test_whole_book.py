"""A statement over the whole book joins whole tables, and nothing after it has to."""

import pytest
from django.db import connection

from apps.ledger import proofs

pytestmark = pytest.mark.django_db


def setting() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_nestloop")
        return str(cursor.fetchone()[0])


def test_it_joins_no_loan_one_by_one() -> None:
    found = proofs.first_loan("SELECT 'L-1', 7, current_setting('enable_nestloop'), 0")

    assert found == proofs.Offender("L-1", "off", "0", "7")
    assert setting() == "on"


def test_it_finds_nothing_in_a_clean_book() -> None:
    assert proofs.first_loan("SELECT 'L-1', 7, 1, 1 WHERE false") is None
