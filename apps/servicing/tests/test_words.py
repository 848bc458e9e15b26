"""What people write about a borrower's troubles stands sealed beside what it is about."""

from datetime import timedelta
from typing import Any

from django.db import connection

from apps.accounts.models import User
from apps.loans.models import Loan
from apps.repayments import services as repayments
from apps.repayments.models import AccountEvent
from apps.servicing import services
from apps.servicing.models import Pause, Proposal
from apps.servicing.tests import factories
from apps.servicing.tests.factories import at, waiver

SECRET = "Thalassaemia"
# Everything that a lender's database keeps of it.
_TABLES = """
    SELECT quote_ident(table_name) FROM information_schema.tables
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
"""


def _tables_that_tell(word: str) -> list[str]:
    """Return the tables in which a word can be read."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        tables = [name for (name,) in cursor.fetchall()]
        found = []
        for name in tables:
            cursor.execute(
                f"SELECT count(*) FROM {name} AS t WHERE t::text ILIKE %s",  # noqa: S608 - own names
                [f"%{word}%"],
            )
            if cursor.fetchone()[0]:
                found.append(name)
        return found


def test_why_somebody_is_relieved_or_left_alone_is_nowhere_in_the_clear(
    lent: Loan, alice: User, bob: User, charlie: User
) -> None:
    day = factories.late(lent, 5)
    proposal = services.propose(
        actor=alice, loan=lent, relief=waiver(reason=f"Has {SECRET}"), now=at(day)
    )
    services.approve(actor=bob, proposal=proposal, now=at(day), note=f"A letter says {SECRET}")
    pause = services.pause(
        actor=bob,
        loan=lent,
        starts_on=day,
        ends_on=day + timedelta(days=30),
        reason=f"{SECRET} again",
        now=at(day),
    )
    services.end_pause(actor=bob, pause=pause, reason=f"No more {SECRET}", now=at(day))
    change: dict[str, Any] = {
        "kind": "rate_change",
        "parameters": {"annual_rate": "0.14", "keeps": "term"},
    }
    changed = services.change(
        actor=charlie, loan=lent, reason=f"Pension because of {SECRET}", now=at(day), **change
    )
    services.undo(actor=charlie, event=changed, reason=f"Not {SECRET} after all", now=at(day))

    found = {one.kind: one for one in AccountEvent.objects.all()}
    assert found["waiver"].reason == f"Has {SECRET}"
    assert found["change"].reason == f"Pension because of {SECRET}"
    assert found["change"].reversed_reason == f"Not {SECRET} after all"
    assert Proposal.objects.get().note == f"A letter says {SECRET}"
    assert Pause.objects.get().ended_reason == f"No more {SECRET}"
    assert _tables_that_tell(SECRET) == []
    # What nobody wrote is found, so that the search can fail.
    assert "repayments_accountevent" in _tables_that_tell("rate_change")


def test_the_same_words_are_the_same_report_and_others_are_not(lent: Loan, charlie: User) -> None:
    day = factories.late(lent, 5)
    change: dict[str, Any] = {
        "actor": charlie,
        "loan": lent,
        "kind": "rate_change",
        "parameters": {"annual_rate": "0.14", "keeps": "term"},
        "now": at(day),
        "reference": "change-1",
    }
    first = services.change(reason="Paid later", **change)

    assert services.change(reason="Paid later", **change).pk == first.pk
    refusal = factories.refused(lambda: services.change(reason="Asked for it", **change))
    assert refusal.code == "reference_used"
    back = {"actor": charlie, "event": first, "now": at(day)}
    repayments.take_back(reason="A mistake", **back)
    assert repayments.take_back(reason="A mistake", **back).pk == first.pk
    assert (
        factories.refused(lambda: repayments.take_back(reason="Another mistake", **back)).code
        == "taken_back_already"
    )
