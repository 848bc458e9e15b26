from datetime import date, timedelta
from decimal import Decimal

from apps.accounts.models import Branch
from apps.applications.models import Application
from apps.applications.tests import factories as applications
from apps.decisions import sources
from apps.decisions.sources import Borrowing
from apps.loans import standing
from apps.loans.models import Loan, Outcome

DISBURSED = date(2011, 4, 1)


def _loan(application: Application, *, defaulted: bool) -> Loan:
    loan = Loan.objects.create(
        number=f"L-{application.number}",
        branch=application.branch,
        customer=application.customer,
        application=application,
        product=application.product,
        principal=application.amount,
        currency=application.currency,
        annual_rate=application.annual_rate,
        term_months=application.term_months,
        instalment=Decimal(3_500),
        status="imported",
        opened_date=DISBURSED,
        disbursed_date=DISBURSED,
        source=application.source,
        source_reference=application.source_reference,
    )
    Outcome.objects.create(loan=loan, defaulted=defaulted, reported_status="Finished")
    return loan


def test_it_counts_earlier_defaults_and_not_the_applications_own_loan(pune: Branch) -> None:
    borrower = applications.borrower(pune)
    first = applications.historic(borrower)
    repaid = applications.historic(borrower)
    _loan(first, defaulted=True)
    _loan(repaid, defaulted=False)
    later = applications.historic(borrower, applied_date=DISBURSED + timedelta(days=1))
    _loan(later, defaulted=True)

    assert [one.defaults for one in standing.of_borrowers([later, first])] == [1, 0]
    assert standing.of_borrowers([later]) == [Borrowing(defaults=1, owed=Decimal(0))]
    assert standing.of_borrowers([first]) == [Borrowing(defaults=0, owed=Decimal(0))]
    assert standing.of_borrowers([]) == []


def test_decisions_ask_for_it() -> None:
    assert sources._sources["loans"] is standing.of_borrowers
