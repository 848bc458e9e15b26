"""Pages of customers."""

from apps.customers.views.block_list import block, block_list, lift
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
    no_obligations,
    obligation,
    obligation_end,
    obligation_is_ours,
    protected_attributes,
)

__all__ = [
    "block",
    "block_list",
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
    "lift",
    "no_obligations",
    "obligation",
    "obligation_end",
    "obligation_is_ours",
    "protected_attributes",
    "reveal",
    "upload",
]
