"""Mandates: recorded with their consent, accepted by the bank, ended when the borrower says so."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import Branch, Entity, User
from apps.audit.models import Event
from apps.core.errors import Conflict, NotPermitted, NotVisible
from apps.debits import services
from apps.debits.lifecycle import MANDATE
from apps.debits.models import Debit, Mandate
from apps.debits.tests import factories
from apps.loans.models import Loan
from apps.repayments.tests import factories as books
from conftest import MakePerson

pytestmark = pytest.mark.django_db
TODAY, at, entry, refused = factories.TODAY, factories.at, factories.entry, factories.refused


def test_a_mandate_goes_from_the_borrower_to_the_bank(alice: User, lent: Loan) -> None:
    made = factories.recorded(alice, lent)
    assert (made.status, made.reference) == ("draft", f"{lent.number}-M1")
    assert (made.account_number, made.account_tail) == ("50100123456789", "••••6789")
    assert not made.holds_on(TODAY)

    told = services.register_mandate(actor=alice, mandate=made, now=at(TODAY))
    accepted = services.accept_mandate(
        actor=alice, mandate=told, bank_reference="NACH-7", now=at(TODAY)
    )

    assert (accepted.status, accepted.bank_reference) == ("active", "NACH-7")
    assert accepted.holds_on(TODAY)
    verbs = Event.objects.filter(verb__startswith="debits.").order_by("id")
    assert list(verbs.values_list("verb", flat=True)) == [
        "debits.mandate_recorded",
        "debits.mandate_registered",
        "debits.mandate_accepted",
    ]
    assert "50100123456789" not in str(list(Event.objects.values_list("facts", flat=True)))


def test_the_account_is_sealed_in_the_database(alice: User, lent: Loan) -> None:
    made = factories.recorded(alice, lent)

    with connection.cursor() as cursor:
        cursor.execute("SELECT m::text FROM debits_mandate m WHERE id = %s", [made.pk])
        (row,) = cursor.fetchone()
    assert "50100123456789" not in row
    assert "Meera" not in row


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"holder": " "}, "holder", id="no-holder"),
        pytest.param({"account_number": "12"}, "account_number", id="short-account"),
        pytest.param({"bank_code": "?"}, "bank_code", id="no-bank"),
        pytest.param({"maximum": Decimal(0)}, "maximum", id="nothing"),
        pytest.param({"maximum": Decimal("1.001")}, "maximum", id="fractions"),
        pytest.param({"maximum": Decimal("NaN")}, "maximum", id="no-number"),
        pytest.param({"until_date": TODAY - timedelta(days=1)}, "until_date", id="over"),
        pytest.param({"consent_channel": "wink"}, "consent_channel", id="no-consent"),
        pytest.param({"consent_date": TODAY + timedelta(days=1)}, "consent_date", id="ahead"),
        pytest.param({"evidence": " "}, "evidence", id="no-evidence"),
        pytest.param({"reference": "R" * 36}, "reference", id="long-reference"),
    ],
)
def test_what_is_no_mandate_is_refused(
    alice: User, lent: Loan, changes: dict[str, Any], field: str
) -> None:
    found = refused(
        lambda: services.record_mandate(
            actor=alice, loan=lent, entry=entry(**changes), now=at(TODAY)
        )
    )

    assert field in found.fields


def test_a_loan_has_one_mandate_in_force(alice: User, lent: Loan, mandate: Mandate) -> None:
    found = refused(
        lambda: services.record_mandate(actor=alice, loan=lent, entry=entry(), now=at(TODAY))
    )

    assert isinstance(found, Conflict)
    assert mandate.reference in str(found)


def test_a_reference_is_taken_once_within_a_lender(
    alice: User, bob: User, lent: Loan, mandate: Mandate
) -> None:
    other = books.lent(alice, bob)

    found = refused(
        lambda: services.record_mandate(
            actor=alice, loan=other, entry=entry(reference=mandate.reference), now=at(TODAY)
        )
    )

    assert "reference" in found.fields


def test_the_borrower_ends_it_at_once_and_what_waits_is_withdrawn(
    alice: User, lent: Loan, mandate: Mandate
) -> None:
    file = factories.prepared(alice, books.due_dates(lent)[0])

    ended = services.cancel_mandate(
        actor=alice, mandate=mandate, reason="Asked at the counter.", now=at(TODAY)
    )

    assert (ended.status, ended.reason, ended.ended_date) == (
        "cancelled",
        "Asked at the counter.",
        TODAY,
    )
    debit = file.debits.get()
    assert (debit.status, debit.reason_code) == ("withdrawn", "mandate_cancelled_before")
    assert isinstance(
        refused(lambda: services.resume_mandate(actor=alice, mandate=mandate)), Conflict
    )


def test_a_pause_withdraws_what_waits_and_ends(alice: User, lent: Loan, mandate: Mandate) -> None:
    file = factories.prepared(alice, books.due_dates(lent)[0])

    paused = services.pause_mandate(actor=alice, mandate=mandate, reason="Dispute.")
    assert (paused.status, file.debits.get().status) == ("paused", "withdrawn")

    resumed = services.resume_mandate(actor=alice, mandate=mandate)
    assert (resumed.status, resumed.reason) == ("active", None)


def test_a_mandate_whose_last_day_is_over_expires(alice: User, lent: Loan) -> None:
    made = factories.active(alice, lent, until_date=TODAY)

    assert services.expire_mandates(now=at(TODAY)) == 0
    assert services.expire_mandates(now=at(TODAY + timedelta(days=1))) == 1
    assert services.expire_mandates(now=at(TODAY + timedelta(days=1))) == 0

    made.refresh_from_db()
    assert made.status == "expired"


def test_it_takes_the_right_and_the_branch(
    bob: User, lent: Loan, mandate: Mandate, make_person: MakePerson, nashik: Branch
) -> None:
    elsewhere = make_person("Nisha", "loan_officer", branch=nashik)

    def end(actor: User) -> object:
        return services.cancel_mandate(actor=actor, mandate=mandate, reason="x", now=at(TODAY))

    assert isinstance(refused(lambda: end(bob)), NotPermitted)
    assert isinstance(refused(lambda: end(elsewhere)), NotVisible)


def test_what_was_consented_to_never_changes(mandate: Mandate) -> None:
    with pytest.raises(Exception, match="debits_mandate_as_consented"), transaction.atomic():
        Mandate.objects.filter(pk=mandate.pk).update(maximum=1_000_000)


@pytest.mark.parametrize("status", sorted({*MANDATE.states} - {"draft"}))
def test_the_database_knows_what_a_state_needs(alice: User, lent: Loan, status: str) -> None:
    made = factories.recorded(alice, lent)
    needs = status != "registered"

    def write() -> None:
        with transaction.atomic():
            Mandate.objects.filter(pk=made.pk).update(status=status)

    if needs:
        with pytest.raises(IntegrityError):
            write()
    else:
        write()
    assert Debit.objects.count() == 0


def test_a_mandate_goes_along_with_its_loan_to_another_branch(
    alice: User, lent: Loan, mandate: Mandate, nashik: Branch, make_person: MakePerson
) -> None:
    nora = make_person("Nora", "loan_officer", branch=nashik)
    end = {"mandate": mandate, "reason": "By telephone.", "now": at(TODAY)}
    assert isinstance(refused(lambda: services.cancel_mandate(actor=nora, **end)), NotVisible)

    Loan.objects.filter(pk=lent.pk).update(branch=nashik)

    assert isinstance(refused(lambda: services.cancel_mandate(actor=alice, **end)), NotVisible)
    assert services.cancel_mandate(actor=nora, **end).status == "cancelled"


def test_a_mandate_for_all_loans_is_ended_wherever_a_loan_is_that_it_covers(
    alice: User, lent: Loan, nashik: Branch, make_person: MakePerson
) -> None:
    nora = make_person("Nora", "loan_officer", branch=nashik)
    for_all = factories.active(alice, lent, for_all_loans=True)
    end = {"mandate": for_all, "reason": "By telephone.", "now": at(TODAY)}
    assert isinstance(refused(lambda: services.cancel_mandate(actor=nora, **end)), NotVisible)

    Loan.objects.filter(pk=lent.pk).update(branch=nashik)

    assert Mandate.objects.visible_to(alice).get() == for_all
    assert services.cancel_mandate(actor=nora, **end).status == "cancelled"


def test_a_mandate_for_all_loans_of_one_lender_is_not_seen_at_another(
    alice: User, lent: Loan, make_person: MakePerson
) -> None:
    umoja = Entity.objects.create(
        code="umoja", name="Umoja", kind="nbfc", country="KE", currency="KES"
    )
    abroad = Branch.objects.create(entity=umoja, code="kisumu", name="Kisumu")
    otto = make_person("Otto", "loan_officer", branch=abroad)
    factories.active(alice, lent, for_all_loans=True)

    Loan.objects.filter(pk=lent.pk).update(branch=abroad)

    assert Loan.objects.visible_to(otto).count() == 1
    assert not Mandate.objects.visible_to(otto).exists()


def test_a_made_up_reference_is_one_nobody_has(alice: User, lent: Loan) -> None:
    factories.recorded(alice, lent, reference=f"{lent.number}-M2")
    for_all = factories.recorded(alice, lent, for_all_loans=True)

    assert for_all.reference == f"{lent.number}-M3"


def test_what_is_written_behind_a_made_up_reference_is_no_number(alice: User, lent: Loan) -> None:
    factories.recorded(alice, lent, reference=f"{lent.number}-MX")

    assert factories.recorded(alice, lent, for_all_loans=True).reference == f"{lent.number}-M1"


def test_a_long_number_somebody_typed_does_not_count(alice: User, lent: Loan) -> None:
    factories.recorded(alice, lent, reference=f"{lent.number}-M".ljust(35, "9"))

    assert factories.recorded(alice, lent, for_all_loans=True).reference == f"{lent.number}-M1"
