"""Put a lien on an item, and drop one from an item that was never pledged."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit import services as audit
from apps.collateral import checks, policies, worths
from apps.collateral.entries import LienEntry
from apps.collateral.errors import BeyondValue, NotValued
from apps.collateral.models import Item, Lien
from apps.collateral.services import _ground
from apps.collateral.worths import Worth
from apps.core import formatting
from apps.core.errors import Conflict, NotVisible
from apps.core.visibility import get_visible

HIGHEST_RANK = 20


@transaction.atomic
def charge(*, actor: User, item: Item, entry: LienEntry, now: datetime) -> Lien:
    """Put a lien on an item: for one of our applications, or one another lender has on it.

    Ours comes after every lien that stands and secures at most what is left of the value; it rests
    on a valuation that holds today. Another lender's is a fact: it may secure more than the value,
    which is then shown. Raises NotPermitted, NotVisible, Ended, NotValued, BeyondValue, Conflict,
    and DomainError with a sentence for each field.
    """
    found = _ground.locked_live(actor, item)
    before = Lien.objects.filter(pk=entry.key).first()
    if before is not None:
        _ground.refuse_other(before.added_by_id, actor)
        return before
    worth = worths.of_item(found, _ground.today(found, now))
    checks.refuse(_errors(found, entry))
    rank = _rank(entry, worth)
    if entry.application is not None:
        _require_fit(actor, found, entry.application, entry)
        _require_value(worth, entry)
    lien = Lien.objects.create(
        pk=entry.key,
        item=found,
        application=entry.application,
        holder=entry.holder.strip(),
        declared=entry.declared,
        rank=rank,
        secured_amount=entry.secured_amount,
        added_by=actor,
    )
    audit.record(
        actor,
        "collateral.lien_added",
        found,
        case=_case(lien),
        rank=rank,
        secured=str(lien.secured_amount),
        currency=found.currency,
        is_ours=entry.application is not None,
    )
    return lien


@transaction.atomic
def drop(*, actor: User, lien: Lien, now: datetime) -> Lien:
    """Take a lien off an item that was never pledged, or another lender's that is paid off.

    Raises NotPermitted, NotVisible, and Conflict for a lien of ours on a pledged item: that is
    released by two people.
    """
    found = _ground.locked(actor, lien.item)
    standing = Lien.objects.filter(pk=lien.pk, item=found, status="standing").first()
    if standing is None:
        raise NotVisible("not_found", _("This lien has ended already."))
    if standing.application_id is not None and found.status != "proposed":
        raise Conflict(
            "release_needed", _("The item is pledged: ask for a release of the lien instead.")
        )
    standing.move("drop", ended_at=now)
    audit.record(
        actor,
        "collateral.lien_dropped",
        found,
        case=_case(standing),
        rank=standing.rank,
        is_ours=standing.application_id is not None,
    )
    return standing


def _case(lien: Lien) -> str:
    if lien.application_id is None:
        return ""
    return f"applications.application:{lien.application_id}"


def _errors(item: Item, entry: LienEntry) -> checks.Errors:
    errors: checks.Errors = {}
    if entry.currency and entry.currency != item.currency:
        errors["currency"] = _("Liens on this item are in %(currency)s.") % {
            "currency": item.currency
        }
    wrong = checks.amount_error(entry.secured_amount, item.currency)
    if wrong:
        errors["secured_amount"] = wrong
    if entry.application is not None and entry.holder:
        errors["holder"] = _("Give either an application of ours or another lender, not both.")
    if entry.application is None:
        wrong = checks.line_error(entry.holder, most=120)
        if wrong:
            errors["holder"] = wrong
    return errors


def _rank(entry: LienEntry, worth: Worth) -> int:
    """Return the rank asked for, or the one after all that stand."""
    taken = {lien.rank for lien in worth.liens}
    after = max(taken, default=0) + 1
    rank = after if entry.rank is None else entry.rank
    if not 1 <= rank <= HIGHEST_RANK:
        sentence = _("A rank is between 1 and %(highest)d.") % {"highest": HIGHEST_RANK}
        checks.refuse({"rank": sentence})
    if rank in taken:
        checks.refuse({"rank": _("Another lien has this rank.")})
    if entry.application is not None and rank < after:
        checks.refuse({"rank": _("A lien of ours comes after those that stand.")})
    return rank


def _require_fit(actor: User, item: Item, application: Application, entry: LienEntry) -> None:
    """Raise DomainError where the item cannot secure the application; hold it until we commit.

    After the item, as a release does: nobody withdraws it or decides it in the meantime.
    """
    rows = Application.objects.select_for_update(of=("self",), no_key=True)
    found = get_visible(rows.select_related("branch"), actor, pk=application.pk)
    errors: checks.Errors = {}
    if found.branch.entity_id != item.entity_id:
        errors["application"] = _("This application is with another lender.")
    elif found.currency != item.currency:
        errors["application"] = _("The application is in %(one)s, the item in %(other)s.") % {
            "one": found.currency,
            "other": item.currency,
        }
    elif found.status not in policies.CHARGEABLE:
        errors["application"] = _("Only a submitted application that is not over can be secured.")
    elif Lien.objects.filter(item=item, application=found, status="standing").exists():
        errors["application"] = _("The item has a lien for this application already.")
    if entry.declared is not None and entry.declared.application_id != found.pk:
        errors["declared"] = _("This was declared for another application.")
    checks.refuse(errors)


def _require_value(worth: Worth, entry: LienEntry) -> None:
    if worth.value is None or worth.is_stale:
        raise NotValued
    if entry.secured_amount > worth.left:
        currency = worth.item.currency
        raise BeyondValue(
            formatting.format_money(worth.left, currency),
            formatting.format_money(worth.value, currency),
        )
