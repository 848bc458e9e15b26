"""Files of applications for tests."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from apps.accounts.models import Branch, User
from apps.bulk import services
from apps.bulk.models import Upload
from apps.core.table_formats import Format
from apps.customers.tests import factories as customers
from apps.products.tests import factories as products

NOW = customers.NOW
SOURCE = "Dealer Kulkarni"
# Somebody like the borrower of the other factories, who gets 200,000 over 24 months.
ROW: dict[str, str] = {
    "product": "sahyadri-personal",
    "amount": "200000",
    "term_months": "24",
    "purpose": "medical",
    "full_name": "Ravi Kulkarni",
    "date_of_birth": "1988-04-12",
    "street": "14 Tilak Road",
    "city": "Pune",
    "region": "Maharashtra",
    "postal_code": "411030",
    "consent_credit_assessment": "yes",
    "consent_automated_decision": "yes",
    "consent_bureau_enquiry": "yes",
    "consent_wording": "2026-11",
    "consent_channel": "paper",
    "consent_given_on": "2026-11-19",
    "consent_evidence": "BOX-1/7",
    "employment_type": "salaried",
    "employer": "Deccan Textiles",
    "months_employed": "60",
    "gross_annual_income": "900000",
    "net_monthly_income": "60000",
    "income_as_of": "2026-11-01",
    "income_verified": "documents",
    "documented_net_monthly_income": "60000",
    "documented_by": "payslip",
    "home": "rent",
    "dependants": "2",
    "monthly_expenses": "18000",
    "no_obligations_on": "2026-11-19",
    "no_obligations_channel": "paper",
    "bureau": "CIBIL",
    "bureau_pulled_on": "2026-11-15",
    "bureau_score": "760",
    "oldest_account_date": "2015-06-01",
    "delinquencies_24m": "0",
    "enquiries_6m": "1",
    "open_accounts": "4",
    "total_accounts": "9",
    "public_records": "0",
    "bankruptcies": "0",
    "accounts_delinquent_now": "0",
    "revolving_balance": "24000",
    "revolving_utilisation": "0.24",
}


def row(serial: int, **changes: str) -> dict[str, str]:
    """Return a good row about a person of their own; an empty change leaves the cell empty."""
    own = {
        "reference": f"R{serial}",
        "phone": customers.phone(5_000_000 + serial),
        "email": f"bulk{serial}@example.com",
        "pan": customers.pan(500_000 + serial),
        "bureau_reference": f"B-{serial}",
    }
    return {**ROW, **own, **changes}


def written(rows: Sequence[Mapping[str, str]], *, delimiter: str = ",") -> bytes:
    """Return rows as a CSV file with the columns of the first."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def received(
    actor: User, content: bytes, *, branch: Branch | None = None, **changes: Any
) -> Upload:
    """Return a file as it was received."""
    products.personal_loan((branch or actor.branch).entity)
    values: dict[str, Any] = {
        "source": SOURCE,
        "filename": "november.csv",
        "form": Format(),
        "now": NOW,
        **changes,
    }
    upload, _is_new = services.receive(
        actor=actor, branch=branch or actor.branch, stream=io.BytesIO(content), **values
    )
    return upload


def checked(actor: User, rows: Sequence[Mapping[str, str]]) -> Upload:
    """Return a file that was received and checked."""
    upload = received(actor, written(rows))
    services.ask_check(actor=actor, upload=upload)
    services.check(upload_id=upload.pk, now=NOW)
    upload.refresh_from_db()
    return upload


def started(actor: User, rows: Sequence[Mapping[str, str]]) -> Upload:
    """Return a file whose taking in has begun, with nothing taken in yet."""
    return services.start(actor=actor, upload=checked(actor, rows), now=NOW)


def run(upload: Upload) -> Upload:
    """Let one worker do everything there is to do."""
    while services.advance(upload_id=upload.pk, now=NOW):
        pass
    upload.refresh_from_db()
    return upload


def taken_in(actor: User, rows: Sequence[Mapping[str, str]]) -> Upload:
    """Return a file that was taken in."""
    return run(started(actor, rows))
