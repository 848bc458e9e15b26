"""Record collateral and guarantors of a draft, and take them off again."""

import uuid
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.entries import CollateralEntry, GuarantorEntry
from apps.applications.models import Application, Collateral, Guarantor
from apps.applications.services import opening
from apps.audit import services as audit
from apps.core.errors import DomainError, NotVisible
from apps.core.money import money
from apps.core.visibility import get_visible
from apps.customers.models import Customer

MOST_ROWS = 20


@transaction.atomic
def add_collateral(
    *, actor: User, application: Application, entry: CollateralEntry, version: str = ""
) -> Collateral:
    """Record security for a draft and return it. Raises DomainError with field sentences."""
    found = opening.locked_draft(actor, application, version=version)
    _check_room(found.collaterals.count())
    errors = _amount_errors(found.currency, valuation=entry.valuation, price=entry.price)
    if entry.kind not in Collateral.Kind.values:
        errors["kind"] = _("Choose what kind of security this is.")
    _refuse(errors)
    collateral = Collateral.objects.create(
        application=found,
        kind=entry.kind,
        description=entry.description,
        currency=found.currency,
        price=entry.price,
        valuation=entry.valuation,
        valued_date=entry.valued_date,
    )
    _touch(found)
    audit.record(
        actor,
        "applications.collateral_recorded",
        collateral,
        case=found,
        kind=collateral.kind,
        value=str(collateral.value),
        currency=collateral.currency,
    )
    return collateral


@transaction.atomic
def remove_collateral(*, actor: User, application: Application, collateral_id: uuid.UUID) -> None:
    """Take security off a draft. Raises NotVisible when it is not there (any more)."""
    found = opening.locked_draft(actor, application, version="")
    collateral = found.collaterals.filter(pk=collateral_id).first()
    if collateral is None:
        raise NotVisible("not_found", _("This collateral was removed already."))
    audit.record(
        actor, "applications.collateral_removed", collateral, case=found, kind=collateral.kind
    )
    collateral.delete()
    _touch(found)


@transaction.atomic
def add_guarantor(
    *, actor: User, application: Application, entry: GuarantorEntry, version: str = ""
) -> Guarantor:
    """Record who answers for a draft and return it. Raises DomainError with field sentences."""
    found = opening.locked_draft(actor, application, version=version)
    _check_room(found.guarantors.count())
    errors = _amount_errors(found.currency, amount=entry.amount)
    _refuse(errors | _guarantor_errors(actor, found, entry))
    guarantor = Guarantor.objects.create(
        application=found,
        customer=entry.customer,
        name=entry.customer.full_name if entry.customer else entry.name,
        relationship=entry.relationship,
        amount=entry.amount,
        currency=found.currency,
    )
    _touch(found)
    audit.record(
        actor,
        "applications.guarantor_recorded",
        guarantor,
        case=found,
        amount=str(guarantor.amount),
        currency=guarantor.currency,
        is_customer=entry.customer is not None,
    )
    return guarantor


@transaction.atomic
def remove_guarantor(*, actor: User, application: Application, guarantor_id: uuid.UUID) -> None:
    """Take a guarantor off a draft. Raises NotVisible when it is not there (any more)."""
    found = opening.locked_draft(actor, application, version="")
    guarantor = found.guarantors.filter(pk=guarantor_id).first()
    if guarantor is None:
        raise NotVisible("not_found", _("This guarantor was removed already."))
    audit.record(actor, "applications.guarantor_removed", guarantor, case=found)
    guarantor.delete()
    _touch(found)


def _touch(application: Application) -> None:
    """Give the application a new version: another tab no longer shows what would be submitted."""
    application.save(update_fields=["updated_at"])


def _check_room(count: int) -> None:
    if count >= MOST_ROWS:
        raise DomainError(
            "too_many", _("No more than %(most)d can be recorded.") % {"most": MOST_ROWS}
        )


def _amount_errors(currency: str, **amounts: Decimal | None) -> dict[str, str]:
    return {
        name: _("Enter an amount above zero, in whole smallest units of the currency.")
        for name, amount in amounts.items()
        if amount is not None and (amount <= 0 or amount != money(amount, currency))
    }


def _guarantor_errors(
    actor: User, application: Application, entry: GuarantorEntry
) -> dict[str, str]:
    customer = entry.customer
    if customer is None:
        return {} if entry.name.strip() else {"name": _("Name the guarantor.")}
    get_visible(Customer.objects.all(), actor, pk=customer.pk)
    if customer.pk == application.customer_id:
        return {"customer": _("Nobody can guarantee their own loan.")}
    if application.guarantors.filter(customer=customer).exists():
        return {"customer": _("This customer is a guarantor of the application already.")}
    return {}


def _refuse(errors: dict[str, str]) -> None:
    if errors:
        raise DomainError("not_acceptable", _("Some values are not acceptable."), fields=errors)
