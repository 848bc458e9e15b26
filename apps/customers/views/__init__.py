"""Pages of customers."""

from apps.customers.views.browse import customers, detail
from apps.customers.views.files import download, upload
from apps.customers.views.person import change, create, identity_fields
from apps.customers.views.personal import reveal
from apps.customers.views.record import (
    bureau_report,
    consent,
    consent_withdraw,
    employment,
    household,
    obligation,
    obligation_end,
    protected_attributes,
)

__all__ = [
    "bureau_report",
    "change",
    "consent",
    "consent_withdraw",
    "create",
    "customers",
    "detail",
    "download",
    "employment",
    "household",
    "identity_fields",
    "obligation",
    "obligation_end",
    "protected_attributes",
    "reveal",
    "upload",
]
