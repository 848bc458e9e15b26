"""What stands between an approval and its money, in words, with the way to put it right."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.collateral import policies as collateral
from apps.collateral import selectors as securing
from apps.collateral import standings
from apps.collateral.standings import Lack
from apps.core import dates
from apps.decisions import papers
from apps.decisions import policies as decisions
from apps.decisions.checklist import Item


@dataclass(frozen=True)
class Way:
    """An address at which something is put right, and what it is called."""

    url: str
    label: str


@dataclass(frozen=True)
class Obstacle:
    """One thing that is missing, and what this person may do about it."""

    code: str
    sentence: str
    ways: tuple[Way, ...]


def papers_of(actor: User, application: Application, *, now: datetime) -> list[Obstacle]:
    """Return the required papers without which the offer is not accepted and nothing is lent.

    Needs product, customer and the branch with its entity on the application, as the next does.
    """
    today = dates.local_date(now, application.branch.entity.time_zone)
    return [_paper(actor, application, one) for one in papers.lacking(application, on=today)]


def security_of(
    actor: User, application: Application, *, now: datetime, amount: Decimal | None = None
) -> list[Obstacle]:
    """Return what the security lacks before money is paid out; without an amount, what is asked."""
    today = dates.local_date(now, application.branch.entity.time_zone)
    found = standings.standing(application, today, amount=amount)
    return [_security(actor, application, lack) for lack in found.lacks]


def _paper(actor: User, application: Application, item: Item) -> Obstacle:
    ways = []
    if actor.has_perm("customers.upload_document"):
        url = reverse("customers:upload", args=[application.customer_id])
        ways.append(Way(url, _("Add it")))
    if decisions.may_waive_papers(actor, application):
        url = reverse("decisions:waive_paper", args=[application.pk, item.code])
        ways.append(Way(url, _("Do without it")))
    if not ways:
        url = reverse("applications:detail", args=[application.pk])
        ways.append(Way(f"{url}#documents", _("See the documents")))
    sentence = _("%(paper)s is missing.") % {"paper": papers.LABELS[item.code]}
    return Obstacle(f"paper_{item.code}", sentence, tuple(ways))


def _security(actor: User, application: Application, lack: Lack) -> Obstacle:
    return Obstacle(lack.code, lack.sentence, tuple(_to_security(actor, application, lack)))


def _to_security(actor: User, application: Application, lack: Lack) -> Iterable[Way]:
    if not actor.has_perm(collateral.VIEW):
        return
    if lack.item is not None:
        yield Way(reverse("collateral:detail", args=[lack.item]), _("Put it right"))
        return
    may_enter = actor.has_perm(collateral.KEEP) and application.status in collateral.CHARGEABLE
    if lack.code != "not_registered" or not may_enter:
        url = reverse("applications:detail", args=[application.pk])
        yield Way(f"{url}#register", _("See the security"))
        return
    address = f"{reverse('collateral:enter')}?application={application.pk}"
    declared = securing.not_taken_up(application)
    for one in declared:
        label = _("Take up: %(what)s") % {"what": one.description}
        yield Way(f"{address}&declared={one.pk}", label)
    if not declared:
        yield Way(address, _("Enter it in the register"))
