"""The demonstration's past: finished loans, written by COPY as an import leaves them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.db import transaction

from apps.accounts.models import Branch
from apps.applications import numbering as application_numbers
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core import bulk, dates
from apps.customers import numbering as customer_numbers
from apps.customers import wordings
from apps.customers.models import (
    BureauReport,
    Consent,
    Customer,
    Employment,
    Household,
    NoObligations,
    Obligation,
    ProtectedAttributes,
)
from apps.demo import applicants, endings, people
from apps.demo.applicants import Applicant, Place
from apps.loans.models import Loan, Outcome
from apps.products.models import Product
from apps.products.pricing import level_payment

SOURCE = "demonstration"
_YEAR = 12
_NOON = time(12)
_TABLES = (
    Customer,
    Employment,
    Household,
    Obligation,
    NoObligations,
    BureauReport,
    Consent,
    ProtectedAttributes,
    Application,
    Loan,
    Outcome,
)


@dataclass(frozen=True)
class _Line:
    """One applicant with the product that fits and the numbers the rows will carry."""

    applicant: Applicant
    product: Product
    branch: Branch
    customer_number: str
    application_number: str

    def key(self, kind: str) -> uuid.UUID:
        """Return the primary key of one of the line's rows."""
        name = f"{SOURCE}:{self.product.scoring_segment}:{kind}:{self.reference}"
        return uuid.uuid5(uuid.NAMESPACE_URL, name)

    @property
    def reference(self) -> str:
        """The line's own reference."""
        return f"{self.product.scoring_segment}-{self.applicant.serial:06d}"


@transaction.atomic
def write(place: Place, *, rows: int, seed: int, start: date, end: date) -> int:
    """Write about `rows` finished loans of a place; return how many; none where some are there.

    An applicant whom no product fits is left out, as a lender would have sent the person away.
    """
    if Loan.objects.filter(source=SOURCE, product__scoring_segment=place.segment).exists():
        return 0
    drawn = applicants.draw(place, rows=rows, seed=seed, start=start, end=end)
    lines = _lines(place, list(drawn))
    columns: dict[Any, list[dict[str, Any]]] = {model: [] for model in _TABLES}
    # Every loan is older than that by a year at least, so its last payment is no future one.
    over_by = dates.add_months(end, _YEAR)
    for line in lines:
        for model, values in _rows(line, over_by=over_by).items():
            columns[model].append(values)
    for model in _TABLES:
        bulk.copy_into(model, columns[model])
    bulk.refresh_statistics(*_TABLES)
    audit.record(
        people.ACTOR,
        "demo.seeded",
        f"demo.history:{place.segment}",
        loans=len(lines),
        seed=seed,
        synthetic=True,
    )
    return len(lines)


def fitting(products: Sequence[Product], applicant: Applicant) -> Product | None:
    """Return the first product that offers what an applicant asks for."""
    amount = applicant.money("amount")
    term, purpose = applicant.features["term_months"], applicant.features["purpose"]
    for product in products:
        in_bounds = (
            amount is not None
            and product.minimum_amount <= amount <= product.maximum_amount
            and product.minimum_term_months <= term <= product.maximum_term_months
        )
        if in_bounds and purpose in product.purposes:
            return product
    return None


def _lines(place: Place, drawn: Sequence[Applicant]) -> list[_Line]:
    products = list(
        Product.objects.filter(scoring_segment=place.segment, secured=False).order_by("code")
    )
    branches = Branch.objects.in_bulk(list(place.branches), field_name="code")
    fitted = [(one, product) for one in drawn if (product := fitting(products, one))]
    customers = customer_numbers.next_numbers(len(fitted))
    return [
        _Line(
            one,
            product,
            branches[one.branch],
            customers[position],
            application_numbers.take(1, on=one.applied_date)[0],
        )
        for position, (one, product) in enumerate(fitted)
    ]


def _rows(line: _Line, *, over_by: date) -> dict[Any, dict[str, Any]]:
    """Return one row for each table, with an obligation or the word that there is none."""
    rows: dict[Any, dict[str, Any]] = {
        Customer: _customer(line),
        Employment: _employment(line),
        Household: {
            "id": line.key("household"),
            "customer_id": line.key("customer"),
            "home": line.applicant.features["home_ownership"],
        },
        Application: _application(line),
        Loan: _loan(line),
        Outcome: _outcome(line, over_by=over_by),
    }
    if line.applicant.obligations_monthly:
        rows[Obligation] = _obligation(line)
    else:
        rows[NoObligations] = {
            "id": line.key("no-obligations"),
            "customer_id": line.key("customer"),
            "declared_date": line.applicant.applied_date,
            "channel": "paper",
        }
    if line.applicant.has_bureau_file:
        rows[BureauReport] = _bureau_report(line)
    if line.applicant.protected.stated:
        rows |= _stated(line)
    return rows


def _stated(line: _Line) -> dict[Any, dict[str, Any]]:
    """Return what the person said of groups, with the consent to keep it."""
    customer = {"customer_id": line.key("customer")}
    return {
        Consent: {
            **customer,
            "id": line.key("consent"),
            "purpose": Consent.Purpose.FAIRNESS_MONITORING.value,
            "wording_version": wordings.CURRENT,
            "channel": "paper",
            "given_at": datetime.combine(line.applicant.applied_date, _NOON, tzinfo=UTC),
        },
        ProtectedAttributes: {
            **customer,
            "id": line.key("protected"),
            "values": line.applicant.protected.stated,
        },
    }


def _customer(line: _Line) -> dict[str, Any]:
    return {
        "id": line.key("customer"),
        "number": line.customer_number,
        "entity_id": line.branch.entity_id,
        "branch_id": line.branch.pk,
        "country": line.applicant.country,
        "language": "en",
        "full_name": line.applicant.name,
        "date_of_birth": line.applicant.born,
        "source": SOURCE,
        "source_reference": line.reference,
    }


def _employment(line: _Line) -> dict[str, Any]:
    one = line.applicant
    return {
        "id": line.key("employment"),
        "customer_id": line.key("customer"),
        "as_of": one.applied_date,
        "type": one.features["employment_type"] or "",
        "employer": one.employer,
        "months_employed": one.features["employment_months"],
        "currency": one.currency,
        "gross_annual_income": one.money("annual_income"),
        "net_monthly_income": one.net_monthly_income,
        "verification": one.features["income_verification"],
        **one.documented_income,
        "basic_monthly_pay": one.basic_monthly_pay,
    }


def _obligation(line: _Line) -> dict[str, Any]:
    return {
        "id": line.key("obligation"),
        "customer_id": line.key("customer"),
        "kind": Obligation.Kind.TOTAL.value,
        "currency": line.applicant.currency,
        "monthly_payment": line.applicant.obligations_monthly,
        "from_date": line.applicant.applied_date,
    }


def _bureau_report(line: _Line) -> dict[str, Any]:
    one = line.applicant
    return {
        "id": line.key("bureau"),
        "customer_id": line.key("customer"),
        "bureau": "Synthetic bureau file",
        "reference": line.reference,
        "pulled_date": one.applied_date,
        "oldest_account_date": one.opened,
        "currency": one.currency,
        "revolving_balance": one.money("revolving_balance"),
        "revolving_utilisation": one.utilisation,
        **{name: one.features[name] for name in applicants.COUNTS},
    }


def _application(line: _Line) -> dict[str, Any]:
    one = line.applicant
    return {
        "id": line.key("application"),
        "status": "historic",
        "number": line.application_number,
        "branch_id": line.branch.pk,
        "customer_id": line.key("customer"),
        "product_id": line.product.pk,
        "channel": Application.Channel.TAPE.value,
        "amount": one.money("amount"),
        "currency": one.currency,
        "term_months": one.features["term_months"],
        "annual_rate": line.product.annual_rate,
        "purpose": one.features["purpose"],
        "applied_date": one.applied_date,
        "employment_id": line.key("employment"),
        "bureau_report_id": line.key("bureau") if one.has_bureau_file else None,
        "obligations_monthly": one.obligations_monthly,
        "home": one.features["home_ownership"],
        "source": SOURCE,
        "source_reference": line.reference,
    }


def _outcome(line: _Line, *, over_by: date) -> dict[str, Any]:
    one, agreed = line.applicant, _contract(line)
    if one.bad:
        ending = endings.defaulted(agreed, serial=one.serial)
    else:
        ending = endings.repaid(agreed, by=over_by)
    return {
        "id": line.key("outcome"),
        "loan_id": line.key("loan"),
        "defaulted": one.bad,
        "reported_status": "Defaulted" if one.bad else "Repaid",
        "total_paid": ending.total_paid,
        "last_payment_date": ending.last_payment_date,
    }


def _contract(line: _Line) -> endings.Contract:
    one, product = line.applicant, line.product
    principal = one.money("amount")
    if principal is None:
        raise ValueError("An applicant without an amount fits no product.")
    term = int(one.features["term_months"])
    return endings.Contract(
        principal=principal,
        annual_rate=product.annual_rate,
        term_months=term,
        instalment=level_payment(principal, product.annual_rate, term, one.currency),
        currency=one.currency,
        disbursed_date=one.applied_date,
    )


def _loan(line: _Line) -> dict[str, Any]:
    agreed = _contract(line)
    return {
        "id": line.key("loan"),
        "number": line.application_number.replace("A-", "L-", 1),
        "branch_id": line.branch.pk,
        "customer_id": line.key("customer"),
        "application_id": line.key("application"),
        "product_id": line.product.pk,
        "principal": agreed.principal,
        "currency": agreed.currency,
        "annual_rate": agreed.annual_rate,
        "term_months": agreed.term_months,
        "instalment": agreed.instalment,
        "status": "imported",
        "opened_date": agreed.disbursed_date,
        "disbursed_date": agreed.disbursed_date,
        "source": SOURCE,
        "source_reference": line.reference,
    }
