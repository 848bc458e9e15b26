"""Who owes a loan together with the borrower, and for how much guarantors answer.

Like collateral and guarantors themselves this belongs to the draft: what was submitted is what is
decided.
"""

import uuid
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application, Guarantor
from apps.applications.services import opening
from apps.audit import services as audit
from apps.collateral import checks, liability
from apps.collateral.entries import LiabilityEntry
from apps.collateral.models import CoBorrower, GuarantorLiability
from apps.core import dates
from apps.core.errors import DomainError, NotVisible
from apps.core.visibility import get_visible
from apps.customers import selectors as customers
from apps.customers.models import Customer

MOST_CO_BORROWERS = 5


@transaction.atomic
def add_co_borrower(
    *,
    actor: User,
    application: Application,
    customer: Customer,
    entry: LiabilityEntry,
    now: datetime,
    version: str = "",
) -> CoBorrower:
    """Record a customer who owes the loan together with the borrower.

    Raises what opening a draft raises, and DomainError with a sentence for each field.
    """
    found = opening.locked_draft(actor, application, version=version)
    checks.refuse(checks.liable(entry) | _person_errors(actor, found, customer, now=now))
    if CoBorrower.objects.filter(application=found).count() >= MOST_CO_BORROWERS:
        raise DomainError(
            "too_many", _("No more than %(most)d can be recorded.") % {"most": MOST_CO_BORROWERS}
        )
    _require_room(found, entry)
    made = CoBorrower.objects.create(
        application=found,
        customer=customer,
        liability=entry.liability,
        share=entry.share,
        added_by=actor,
    )
    _touch(found)
    audit.record(actor, "collateral.co_borrower_added", made, case=found, liability=made.liability)
    return made


@transaction.atomic
def remove_co_borrower(*, actor: User, application: Application, co_borrower_id: uuid.UUID) -> None:
    """Take a co-borrower off a draft. Raises NotVisible when it is not there (any more)."""
    found = opening.locked_draft(actor, application, version="")
    row = CoBorrower.objects.filter(application=found, pk=co_borrower_id).first()
    if row is None:
        raise NotVisible("not_found", _("This co-borrower was removed already."))
    audit.record(actor, "collateral.co_borrower_removed", row, case=found)
    row.delete()
    _touch(found)


@transaction.atomic
def set_liability(
    *,
    actor: User,
    application: Application,
    guarantor_id: uuid.UUID,
    entry: LiabilityEntry,
    version: str = "",
) -> GuarantorLiability:
    """Say for how much a guarantor of a draft answers: for all of the debt, or for a share."""
    found = opening.locked_draft(actor, application, version=version)
    guarantor = Guarantor.objects.filter(application=found, pk=guarantor_id).first()
    if guarantor is None:
        raise NotVisible("not_found", _("This guarantor was removed already."))
    checks.refuse(checks.liable(entry))
    _require_room(found, entry, besides=guarantor)
    row, _made = GuarantorLiability.objects.update_or_create(
        guarantor=guarantor,
        defaults={"liability": entry.liability, "share": entry.share, "set_by": actor},
    )
    _touch(found)
    audit.record(actor, "collateral.liability_set", guarantor, case=found, liability=row.liability)
    return row


def _person_errors(
    actor: User, application: Application, customer: Customer, *, now: datetime
) -> checks.Errors:
    get_visible(Customer.objects.all(), actor, pk=customer.pk)
    if customer.entity_id != application.branch.entity_id:
        return {"customer": _("This customer is with another lender.")}
    if customer.pk == application.customer_id:
        return {"customer": _("The borrower owes the loan already.")}
    if CoBorrower.objects.filter(application=application, customer=customer).exists():
        return {"customer": _("This customer is a co-borrower of the application already.")}
    if application.guarantors.filter(customer=customer).exists():
        return {"customer": _("This customer is a guarantor of the application already.")}
    today = dates.local_date(now, application.branch.entity.time_zone)
    if customers.is_blocked(customer, today):
        return {"customer": _("An entry of the block list names this customer.")}
    return {}


def _require_room(
    application: Application, entry: LiabilityEntry, *, besides: Guarantor | None = None
) -> None:
    """Raise DomainError where the shares together would be more than the whole debt."""
    if entry.share is None:
        return
    own = CoBorrower.objects.filter(application=application, share__isnull=False)
    others = GuarantorLiability.objects.filter(
        guarantor__application=application, share__isnull=False
    )
    if besides is not None:
        others = others.exclude(guarantor=besides)
    taken = [*own.values_list("share", flat=True), *others.values_list("share", flat=True)]
    if not liability.leaves_room((one for one in taken if one is not None), entry.share):
        checks.refuse({"share": _("All shares together would be more than the whole debt.")})


def _touch(application: Application) -> None:
    """Give the application a new version: another tab no longer shows what would be submitted."""
    application.save(update_fields=["updated_at"])
