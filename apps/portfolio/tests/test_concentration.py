"""With whom principal is outstanding: what is kept is what the loans come to; who reads names."""

import csv
import io
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from plotly import graph_objects

from apps.accounts.models import Branch, Entity, User
from apps.applications.models import Application
from apps.customers.models import Address, Employment
from apps.loans.models import Loan
from apps.npa.models import LoanDay
from apps.npa.tests import portfolio_factories as nights
from apps.portfolio import concentration, services, share_rows
from apps.portfolio.concentration import MANY, Dimension, Share
from apps.portfolio.models import DayShare
from apps.portfolio.services import sharing, totalling
from apps.portfolio.summary_rows import Chosen
from apps.portfolio.tests import living
from apps.repayments.tests import factories as repaid
from benchmarks import loan_book

Browser = Callable[[User], Client]
EMPLOYERS = ("Pune Mills", " pune mills", "Deccan Cotton", "PUNE MILLS ", "", "Deccan Cotton")
REGIONS = ("Maharashtra", "Goa ", "", " GOA")


def _works(loan: Loan, employer: str) -> None:
    work = Employment.objects.create(
        customer=loan.customer,
        as_of=loan.application.applied_date,
        employer=employer,
        currency=loan.currency,
        verification="none",
    )
    Application.objects.filter(pk=loan.application_id).update(employment=work)


@pytest.fixture
def taken_apart(book: Entity) -> Entity:
    """Twenty loans with employers, some of them of one loan alone, and regions."""
    for number, loan in enumerate(Loan.objects.order_by("number")):
        _works(loan, EMPLOYERS[number % 6] if number % 4 else f"Shop {number}")
        if number % 5:
            Address.objects.update_or_create(
                customer=loan.customer,
                defaults={"region": REGIONS[number % 4], "city": "Pune", "street": "1 Mill Road"},
            )
    return book


def _key(row: LoanDay, dimension: Dimension) -> str:
    request = row.loan.application
    if dimension == Dimension.PURPOSE:
        return str(request.purpose)
    if dimension == Dimension.REGION:
        address = Address.objects.filter(customer=row.customer_id).first()
        return address.region.strip().upper() if address else ""
    return request.employment.employer.strip().upper() if request.employment else ""


def _computed(entity: Entity, day: Any) -> dict[Any, Share]:
    """Return the same from the snapshots one by one: employers by name."""
    rows = [
        row
        for row in LoanDay.objects.filter(entity=entity, day=day).select_related(
            "loan__application__employment"
        )
        if row.asset_class not in {"closed", "written_off"}
    ]
    found: dict[Any, Share] = defaultdict(lambda: Share("", 0, Decimal(0)))
    for dimension in (Dimension.PURPOSE, Dimension.REGION, Dimension.EMPLOYER):
        number: dict[str, int] = defaultdict(int)
        for row in rows:
            number[_key(row, dimension)] += 1
        for row in rows:
            name = _key(row, dimension)
            alone = dimension == Dimension.EMPLOYER and name and number[name] == 1
            place = (dimension.value, MANY if alone else name, str(row.branch_id))
            was = found[place]
            found[place] = Share(
                place[1],
                was.loans + 1,
                was.principal + row.principal,
                was.npa_principal + (row.principal if row.npa_date else 0),
                was.squares + (row.principal**2 if alone else 0),
            )
    return dict(found)


def _kept(entity: Entity, day: Any) -> dict[Any, Share]:
    found = {}
    names = {str(one.pk): one.employer.strip().upper() for one in Employment.objects.all()}
    for row in DayShare.objects.filter(summed__entity=entity, summed__day=day):
        key = names.get(row.key, row.key)
        key = key.upper() if row.dimension == "region" else key
        found[row.dimension, key, str(row.branch_id)] = Share(
            key, row.loans, row.principal, row.npa_principal, row.squares
        )
    return found


def test_what_is_kept_is_what_the_loans_come_to(taken_apart: Entity) -> None:
    living.live_through(taken_apart, 7)
    now = loan_book.at(living.DAYS[-1] + living.DAY, 18)
    totalling.total(taken_apart, now=now)

    end, last = living.DAYS[2], living.DAYS[-1]
    assert sharing.share_out(taken_apart) == [end, last]

    for day in (end, last):
        kept, computed = _kept(taken_apart, day), _computed(taken_apart, day)
        assert kept == computed
        several = kept["employer", "PUNE MILLS", next(iter(kept))[2]]
        many = kept["employer", MANY, next(iter(kept))[2]]
        assert several.loans > 1 < many.loans
        assert many.squares > 0
    regions = DayShare.objects.filter(dimension="region").values_list("key", flat=True)
    assert set(regions) == {"GOA", "Maharashtra", ""}
    # No name stands in the sums.
    assert not DayShare.objects.filter(key__icontains="mills").exists()
    assert sharing.share_out(taken_apart) == []
    # The last day gives way to the next one, the end of the month stays.
    living.end(taken_apart, last + living.DAY)
    totalling.total(taken_apart, now=loan_book.at(last + 2 * living.DAY, 18))
    assert sharing.share_out(taken_apart) == [last + living.DAY]
    days = set(DayShare.objects.values_list("summed__day", flat=True))
    assert days == {end, last + living.DAY}


def test_the_loans_behind_each_share_come_to_it(taken_apart: Entity) -> None:
    living.live_through(taken_apart, 8)
    day = living.DAYS[-1]
    totalling.total(taken_apart, now=loan_book.at(day + living.DAY, 18))
    sharing.share_out(taken_apart)
    chosen = Chosen(entity=taken_apart, currency=taken_apart.currency, day=day)
    person = living.auditor()

    for dimension in Dimension:
        shares = share_rows.shares(person, chosen, dimension)
        assert sum(one.loans for one in shares) == 20
        for one in shares:
            rows = share_rows.loans(person, chosen, dimension, one.key)
            assert rows.count() == one.loans, (dimension, one.key)
            assert sum(row.principal for row in rows) == one.principal


@pytest.fixture
def summed(lent: Loan, india: Entity) -> Loan:
    """A loan whose borrower works for an employer that two loans name."""
    nights.ended(india, repaid.TODAY)
    nights.snapshot(lent, repaid.TODAY)
    _works(lent, "Pune Mills")
    services.summarise(entity=india, now=repaid.at(repaid.TODAY))
    return lent


def _get(client: Client, name: str, **query: str) -> Any:
    return client.get(reverse(f"portfolio:{name}"), query)


def test_it_shows_shares_the_index_and_leads_to_the_loans(
    signed_in: Browser, summed: Loan, charlie: User
) -> None:
    client = signed_in(charlie)

    page = _get(client, "concentration")

    assert "10,000" in page.text
    assert "highly concentrated" in page.text
    assert "data-chart" in page.text
    graph_objects.Figure(page.context["figure"])
    (row,) = page.context["rows"]
    assert row["name"] == summed.application.get_purpose_display()
    listed = client.get(f"{reverse('portfolio:concentration_loans')}?{row['query']}")
    assert summed.number in listed.text
    other = _get(client, "concentration_loans", dimension="purpose", of="nothing")
    assert summed.number not in other.text


def test_an_employer_is_named_to_who_may_open_requests(
    signed_in: Browser, summed: Loan, charlie: User, make_person: Any, pune: Branch
) -> None:
    work = Employment.objects.get(employer="Pune Mills")
    DayShare.objects.filter(dimension="employer").update(key=str(work.pk))
    collector = make_person("Cora", "collections_officer", branch=pune)
    told, untold = (
        _get(signed_in(one), "concentration", dimension="employer") for one in (charlie, collector)
    )
    files = [
        _get(signed_in(one), "concentration_file", dimension="employer").text
        for one in (charlie, collector)
    ]

    assert "Pune Mills" in told.text
    assert "Pune Mills" not in untold.text
    assert "Employer 1" in untold.text
    assert ["Pune Mills" in one for one in files] == [True, False]
    key = {"dimension": "employer", "of": str(work.pk)}
    assert summed.number in _get(signed_in(charlie), "concentration_loans", **key).text
    assert _get(signed_in(collector), "concentration_loans", **key).status_code == 403
    # Once the record is erased the name is gone.
    Employment.objects.filter(pk=work.pk).update(employer="")
    assert "Pune Mills" not in _get(signed_in(charlie), "concentration", dimension="employer").text
    # And its key does not stand for all whose employer is not known.
    assert summed.number not in _get(signed_in(charlie), "concentration_loans", **key).text
    unknown = {"dimension": "employer", "unknown": "1"}
    assert summed.number in _get(signed_in(charlie), "concentration_loans", **unknown).text


def test_no_record_is_named_that_stands_for_no_share_the_person_sees(
    signed_in: Browser, summed: Loan, charlie: User, make_person: Any, nashik: Branch
) -> None:
    work = Employment.objects.get(employer="Pune Mills")
    DayShare.objects.filter(dimension="employer").update(key=str(work.pk))
    other = Employment.objects.create(
        customer=summed.customer,
        as_of=summed.application.applied_date,
        employer="Secret Mills",
        currency=summed.currency,
        verification="none",
    )
    far = make_person("Nitin", "credit_reviewer", branch=nashik)

    def listed(person: User, record: Employment) -> str:
        of = {"dimension": "employer", "of": str(record.pk)}
        return str(_get(signed_in(person), "concentration_loans", **of).text)

    assert "Pune Mills" in listed(charlie, work)
    assert "Secret Mills" not in listed(charlie, other)
    assert "Pune Mills" not in listed(far, work)


def test_the_file_holds_shares_and_the_index(
    signed_in: Browser, summed: Loan, charlie: User
) -> None:
    answer = _get(signed_in(charlie), "concentration_file", dimension="branch")

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["of"], row["share"]) for row in rows] == [(summed.branch.name, "1"), ("hhi", "1")]
    assert rows[0]["principal"] == "100000.00"


@pytest.mark.parametrize(
    "query",
    [
        {"dimension": "weight", "day": "yesterday", "segment": "nowhere"},
        {"dimension": "employer", "of": "no key"},
        {"dimension": "region", "of": "'"},
        {"day": "1999-01-01"},
    ],
)
def test_what_is_not_valid_finds_nothing(
    signed_in: Browser, summed: Loan, charlie: User, query: dict[str, str]
) -> None:
    client = signed_in(charlie)

    for name in ("concentration", "concentration_file", "concentration_loans"):
        assert _get(client, name, **query).status_code == 200


def test_roles_without_the_right_are_refused(signed_in: Browser, alice: User) -> None:
    for name in ("concentration", "concentration_file", "concentration_loans"):
        assert _get(signed_in(alice), name).status_code == 403


def test_the_index_is_that_of_the_rule_book() -> None:
    parts = ["0.05", "0.15", "0.3", "0.3", "0.15", "0.05"]
    shares = [Share(f"s{place}", 1, Decimal(one)) for place, one in enumerate(parts)]

    # Rule book 9.9, T2 and T4.
    assert concentration.index(shares) == Decimal("0.23")
    assert concentration.effective_number([Share("a", 1, Decimal(7))]) == 1
    assert concentration.top(shares, 2) == Decimal("0.6")
    # What is not known is in the whole and in no share.
    shares.append(Share("", 1, Decimal(1)))
    assert concentration.index(shares) == Decimal("0.23")
    assert concentration.top(shares, 2) == Decimal("0.3")
    # Those that stand for many count one by one.
    many = [Share("a", 1, Decimal(2)), Share(MANY, 2, Decimal(2), squares=Decimal(2))]
    assert concentration.index(many) == Decimal(6) / 16
    assert [one.key for one in concentration.ordered(many)] == ["a", MANY]
    assert concentration.index([]) is None
