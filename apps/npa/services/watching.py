"""Set the thresholds of a lender's alerts; what was before stays on the audit trail."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import Branch, Entity, User
from apps.audit import services as audit
from apps.core.errors import DomainError, NotPermitted, NotVisible
from apps.npa import policies, webhook_signing
from apps.npa.measures import Measure
from apps.npa.models import Alert, Threshold
from apps.npa.watch_lifecycle import STANDING

_PLACES = Decimal("0.000001")
_WHY_NOT = {
    "no_address": gettext_lazy("This is no address."),
    "not_https": gettext_lazy("The address must begin with https://."),
    "not_plain": gettext_lazy("The address must hold no user, port or fragment."),
    "host_not_allowed": gettext_lazy("The operator does not allow messages to this host."),
}


@dataclass(frozen=True, kw_only=True)
class Bound:
    """What is watched: the measure, its threshold as a fraction, who answers for it."""

    measure: str
    bound: Decimal
    owner: User
    webhook_url: str = ""
    is_watched: bool = True


@transaction.atomic
def set_threshold(*, actor: User, entity: Entity, asked: Bound, now: datetime) -> Threshold:
    """Set the threshold of one measure and return it; what it was before is on the audit trail.

    Raises NotPermitted, NotVisible for a lender the person does not work for, and DomainError for
    a bound, an owner or an address that is refused.
    """
    if not actor.has_perm(policies.THRESHOLDS):
        raise NotPermitted("not_permitted", _("Your role does not allow this."))
    if not Threshold.reaches(actor, entity):
        raise NotVisible("not_found", _("There is no such lender."))
    _check(entity, asked)
    # Two who set one threshold at once wait for each other; the lender's row is always there.
    Entity.objects.select_for_update(of=("self",), no_key=True).get(pk=entity.pk)
    found = Threshold.objects.filter(entity=entity, measure=asked.measure).first()
    before = str(found.bound) if found else ""
    row = found or Threshold(entity=entity, measure=asked.measure)
    row.bound, row.owner = asked.bound, asked.owner
    row.webhook_url, row.is_watched = asked.webhook_url.strip(), asked.is_watched
    row.set_by, row.set_at = actor, now
    row.save()
    audit.record(
        actor,
        "npa.threshold_set",
        row,
        measure=row.measure,
        before=before,
        after=str(row.bound),
        owner=str(row.owner_id),
        is_watched=row.is_watched,
    )
    if not row.is_watched:
        close_unwatched(row, actor)
    return row


def close_unwatched(threshold: Threshold, actor: User | str) -> None:
    """Close what stands of a threshold that is not watched: no night would say that it is over.

    Watched again, a breach that lasts is told anew. The caller holds the lender's row.
    """
    for alert in Alert.objects.filter(threshold=threshold, status__in=STANDING):
        alert.move("unwatch")
        audit.record(actor, "npa.alert_unwatched", alert, measure=alert.measure)


def _check(entity: Entity, asked: Bound) -> None:
    if asked.measure not in set(Measure):
        raise _refused("measure", "unknown_measure", _("There is no such measure."))
    if not 0 < asked.bound <= 1 or asked.bound != asked.bound.quantize(_PLACES):
        raise _refused(
            "bound", "bound_refused", _("A threshold lies above 0 % and is at most 100 %.")
        )
    is_ours = Branch.objects.filter(entity=entity, pk=asked.owner.branch_id).exists()
    if not asked.owner.is_active or not is_ours:
        raise _refused("owner", "owner_refused", _("The owner must work for this lender."))
    if asked.webhook_url.strip():
        try:
            webhook_signing.allowed(asked.webhook_url.strip(), hosts=settings.ALERT_WEBHOOK_HOSTS)
        except webhook_signing.AddressRefused as refusal:
            sentence = str(_WHY_NOT[str(refusal)])
            raise _refused("webhook_url", str(refusal), sentence) from None


def _refused(field: str, code: str, sentence: str) -> DomainError:
    return DomainError(code, sentence, fields={field: sentence})
