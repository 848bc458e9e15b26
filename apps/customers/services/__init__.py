"""What can be done with customers, one module per action.

Callers import this package: `customer_services.register(...)`.
"""

from apps.customers.services.block_list import block, lift
from apps.customers.services.changes import change
from apps.customers.services.consent import (
    give_consent,
    record_protected_attributes,
    withdraw_consent,
)
from apps.customers.services.correcting import correct_facts
from apps.customers.services.disclosure import reveal
from apps.customers.services.document import read_document, upload_document
from apps.customers.services.obligations import (
    declare_no_obligations,
    end_obligation,
    mark_own_loan,
    record_obligation,
)
from apps.customers.services.record import (
    record_bureau_report,
    record_employment,
    record_household,
)
from apps.customers.services.registration import DuplicateFound, register

__all__ = [
    "DuplicateFound",
    "block",
    "change",
    "correct_facts",
    "declare_no_obligations",
    "end_obligation",
    "give_consent",
    "lift",
    "mark_own_loan",
    "read_document",
    "record_bureau_report",
    "record_employment",
    "record_household",
    "record_obligation",
    "record_protected_attributes",
    "register",
    "reveal",
    "upload_document",
    "withdraw_consent",
]
