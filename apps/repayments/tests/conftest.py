"""What the tests of repayments share: a loan that was paid out."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.accounts.models import Branch, Entity, User
from apps.decisions import rulebook, sources
from apps.decisions.tests import factories as decisions
from apps.loans import services as loans
from apps.loans.models import Loan
from apps.loans.tests import factories as lending
from apps.loans.tests.factories import us_platform
from apps.loans.tests.test_import_tape import run, write
from apps.loans.tests.test_mapping import line
from apps.repayments.tests import factories
from apps.scoring import champion
from tests.kept import kept


@pytest.fixture
def known_book(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep loans only in the tests' own book, and nothing loaded from one test to the next."""
    monkeypatch.setattr(sources, "_sources", {"tests": decisions.nobody_defaulted})
    champion.forget()
    rulebook.forget()
    yield
    champion.forget()
    rulebook.forget()


@pytest.fixture
@kept
def stage(known_book: None, pune: Branch, rita: User, mark: User) -> None:
    """A champion and a policy that approves nearly everybody."""
    lending.stage(pune, rita, mark)


@pytest.fixture
@kept
def lent(stage: None, alice: User, bob: User) -> Loan:
    """A loan of 200,000 over 24 months at 16 %, paid out today."""
    return factories.lent(alice, bob)


@pytest.fixture
@kept
def taken(tmp_path: Path, db: None) -> list[Loan]:
    """Three loans of 7,500 over 36 months, taken on from a tape; paid out in 2010."""
    return factories.taken_on(tmp_path, 3)


@pytest.fixture
def dear(tmp_path: Path) -> Loan:
    """A loan in Kenya whose interest is more than its principal: 7,500 at 36 % for five years."""
    branch = us_platform()
    Entity.objects.filter(pk=branch.entity_id).update(country="KE", kind=Entity.Kind.BANK)
    row = line(
        loan_no="1",
        issue_d="2010-01-01",
        loan_status="Fully Paid",
        term="60",
        int_rate="0.36",
        installment="271.00",
    )
    run(write(tmp_path, row), tmp_path / "rejects.csv")
    loans.take_on(actor="system:test", loans=Loan.objects.all(), now=factories.NOW)
    return Loan.objects.get()
