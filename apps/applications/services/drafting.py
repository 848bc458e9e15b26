"""Take an application, and change it while it is a draft."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, User
from apps.applications import numbering, requirements
from apps.applications.entries import ApplicationEntry, Terms
from apps.applications.models import Application
from apps.applications.services import opening
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError, NotVisible
from apps.core.visibility import get_visible
from apps.customers.models import Customer
from apps.products.models import Product

_KEY = re.compile(r"[\x21-\x7e]{1,80}")


def draft(
    *, actor: User, entry: ApplicationEntry, now: datetime, idempotency_key: str = ""
) -> Application:
    """Write a new application down as a draft and return it.

    The same key with the same content returns the application it made before, with other content
    it is a Conflict. One that pays off a loan is taken in the branch of that. Raises NotPermitted,
    NotVisible for the customer, DomainError with a sentence for each input the product does not
    allow.
    """
    opening.permit(actor)
    _check_key(idempotency_key)
    _require_seen(actor, entry)
    before = _made_before(actor, entry, idempotency_key)
    if before is not None:
        return before
    _check(entry, entry.customer)
    try:
        with transaction.atomic():
            return _write(actor, entry, now=now, idempotency_key=idempotency_key)
    except IntegrityError:
        # The same request, sent twice at once: the other one has won.
        before = _made_before(actor, entry, idempotency_key)
        if before is None:
            raise
        return before


@transaction.atomic
def change(
    *, actor: User, application: Application, terms: Terms, version: str = ""
) -> Application:
    """Change what a draft asks for and return it.

    Raises Conflict when it is no draft any more, StaleRecord when it changed since `version`,
    DomainError with a sentence for each input the product does not allow.
    """
    found = opening.locked_draft(actor, application, version=version)
    _check(terms, found.customer)
    wanted = _values(terms)
    changed = sorted(name for name, value in wanted.items() if getattr(found, name) != value)
    if not changed:
        return found
    for name, value in wanted.items():
        setattr(found, name, value)
    found.save(update_fields=[*wanted, "updated_at"])
    audit.record(actor, "applications.changed", found, case=found, fields=changed, **_facts(found))
    return found


def _write(
    actor: User, entry: ApplicationEntry, *, now: datetime, idempotency_key: str
) -> Application:
    entity = entry.customer.entity
    today = now.astimezone(ZoneInfo(entity.time_zone)).date()
    application = Application.objects.create(
        number=numbering.take(1, on=today)[0],
        branch=entry.settled_in or entry.customer.branch,
        customer=entry.customer,
        channel=entry.channel,
        settles=entry.settles,
        applied_date=today,
        taken_by=actor,
        idempotency_key=idempotency_key,
        idempotency_digest=entry.digest if idempotency_key else "",
        **_values(entry),
    )
    settled = {} if entry.settles is None else {"settles": entry.settles.number}
    audit.record(
        actor,
        "applications.drafted",
        application,
        case=application,
        **_facts(application),
        **settled,
    )
    return application


def _require_seen(actor: User, entry: ApplicationEntry) -> None:
    """Raise NotVisible where a customer is not the person's to see, nor a loan of theirs is."""
    branch, settles = entry.settled_in, entry.settles
    if branch is not None and settles is not None and settles.customer_id == entry.customer.pk:
        # Who calls has seen that the person sees the loan; the request is to be in its branch.
        rows = Branch.objects.filter(accounts.in_reach(actor, branch_field="pk"), pk=branch.pk)
        if not rows.filter(entity=entry.customer.entity_id).exists():
            sentence = _("There is no such record, or it is not yours to see.")
            raise NotVisible("not_found", sentence)
        return
    get_visible(Customer.objects.all(), actor, pk=entry.customer.pk)


def _values(terms: Terms) -> dict[str, object]:
    return {
        "product": terms.product,
        "amount": terms.amount,
        "currency": terms.product.currency,
        "term_months": terms.term_months,
        "annual_rate": terms.product.annual_rate,
        "purpose": terms.purpose,
        "purpose_note": terms.purpose_note,
    }


def _facts(application: Application) -> dict[str, object]:
    return {
        "number": application.number,
        "product": application.product.code,
        "amount": str(application.amount),
        "currency": application.currency,
        "term_months": application.term_months,
        "purpose": application.purpose,
    }


def _check(terms: Terms, customer: Customer) -> None:
    errors = _product_errors(terms.product, customer) or requirements.outside_product(
        terms.product,
        amount=terms.amount,
        term_months=terms.term_months,
        purpose=terms.purpose,
    )
    if errors:
        raise DomainError(
            "outside_product", _("The product does not allow this request."), fields=errors
        )


def _product_errors(product: Product, customer: Customer) -> dict[str, str]:
    if product.entity_id == customer.entity_id:
        return {}
    return {"product": _("The customer's lender does not offer this product.")}


def _check_key(key: str) -> None:
    if key and not _KEY.fullmatch(key):
        raise DomainError(
            "idempotency_key_invalid",
            _("The idempotency key must be 1 to 80 printable characters without spaces."),
        )


def _made_before(actor: User, entry: ApplicationEntry, key: str) -> Application | None:
    if not key:
        return None
    found = Application.objects.filter(taken_by=actor, idempotency_key=key).first()
    if found is not None and found.idempotency_digest != entry.digest:
        raise Conflict(
            "idempotency_conflict",
            _("This request was sent before with other content. Use a new idempotency key."),
        )
    return found
