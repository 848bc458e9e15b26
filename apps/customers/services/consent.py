"""Give and withdraw consents, and keep what may only be kept with one."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.customers import policies, protected, selectors, sentences, wordings
from apps.customers.models import Consent, Customer, ProtectedAttributes
from apps.customers.services import _ground
from apps.customers.services.record import ConsentMissing


@transaction.atomic
def give_consent(
    *,
    actor: User,
    customer: Customer,
    purpose: str,
    wording_version: str,
    channel: str,
    now: datetime,
) -> Consent:
    """Record that the customer consents, now, to a purpose under a wording.

    Raises Conflict when such a consent stands already.
    """
    _ground.permit(policies.may_edit, actor=actor, customer=customer)
    _refuse_unknown(purpose, wording_version, channel)
    customer = _ground.lock(customer)
    if selectors.has_consent(customer, purpose):
        raise Conflict("consent_stands", _("This consent has already been given."))
    consent = Consent.objects.create(
        customer=customer,
        purpose=purpose,
        wording_version=wording_version,
        channel=channel,
        given_at=now,
        recorded_by=actor,
    )
    audit.record(
        actor,
        "customers.consent_given",
        customer,
        purpose=purpose,
        wording=wording_version,
        channel=channel,
    )
    return consent


@transaction.atomic
def withdraw_consent(*, actor: User, consent: Consent, now: datetime) -> Consent:
    """Record that the customer withdraws a consent; the row stays as proof of what was given.

    With the consent to fairness monitoring goes what was kept for it. Raises Conflict when it
    was withdrawn before.
    """
    _ground.permit(policies.may_edit, actor=actor, customer=consent.customer)
    customer = _ground.lock(consent.customer)
    consent = Consent.objects.get(pk=consent.pk)
    if consent.withdrawn_at is not None:
        raise Conflict("consent_withdrawn", _("This consent was withdrawn before."))
    consent.withdrawn_at = now
    consent.save(update_fields=["withdrawn_at", "updated_at"])
    if consent.purpose == Consent.Purpose.FAIRNESS_MONITORING:
        ProtectedAttributes.objects.filter(customer=customer).delete()
    audit.record(actor, "customers.consent_withdrawn", customer, purpose=consent.purpose)
    return consent


@transaction.atomic
def record_protected_attributes(
    *, actor: User, customer: Customer, values: Mapping[str, str]
) -> ProtectedAttributes:
    """Record or replace the protected attributes of a customer who consents to their use.

    The audit trail learns that it happened, never what was said. Raises ConsentMissing.
    """
    _ground.permit(policies.may_edit, actor=actor, customer=customer)
    stated = sentences.checked(protected.values, values)
    customer = _ground.lock(customer)
    if not selectors.has_consent(customer, Consent.Purpose.FAIRNESS_MONITORING):
        raise ConsentMissing(
            "consent_missing",
            _("The customer has not consented to the use of protected data to watch fairness."),
        )
    row = ProtectedAttributes.objects.filter(customer=customer).first()
    if row is None:
        row = ProtectedAttributes(customer=customer)
    row.values = stated
    row.save()
    audit.record(actor, "customers.protected_attributes_recorded", customer)
    return row


def _refuse_unknown(purpose: str, wording_version: str, channel: str) -> None:
    if purpose not in Consent.Purpose.values:
        raise sentences.refuse("purpose", "not_a_choice")
    if wordings.text(purpose, wording_version) is None:
        raise sentences.refuse("wording_version", "wording_unknown")
    if channel not in wordings.CHANNELS:
        raise sentences.refuse("channel", "consent_channel")
