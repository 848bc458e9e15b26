"""What is typed about customers. Forms read; what is acceptable is said by `checks`."""

from apps.customers.forms.block_list import BlockForm, LiftForm
from apps.customers.forms.fields import show
from apps.customers.forms.files import DocumentForm, RevealForm
from apps.customers.forms.lists import CustomerFilter
from apps.customers.forms.person import ChangeForm, RegisterForm
from apps.customers.forms.record import (
    BureauForm,
    ConsentForm,
    EmploymentForm,
    EndForm,
    HouseholdForm,
    NoObligationsForm,
    ObligationForm,
    ProtectedForm,
)

__all__ = [
    "BlockForm",
    "BureauForm",
    "ChangeForm",
    "ConsentForm",
    "CustomerFilter",
    "DocumentForm",
    "EmploymentForm",
    "EndForm",
    "HouseholdForm",
    "LiftForm",
    "NoObligationsForm",
    "ObligationForm",
    "ProtectedForm",
    "RegisterForm",
    "RevealForm",
    "show",
]
