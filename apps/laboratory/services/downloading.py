"""Hand out the applications behind an experiment, as a file or by pages, and note that it was done.

They leave the system then, where the trail sees nothing any more.
"""

from dataclasses import asdict

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import keyset
from apps.core.errors import NotPermitted
from apps.laboratory import listing, policies
from apps.laboratory.listing import RowFilters
from apps.laboratory.models import Experiment, ExperimentRow


@transaction.atomic
def download(
    *, actor: User, experiment: Experiment, filters: RowFilters
) -> QuerySet[ExperimentRow]:
    """Return the rows a person may take out, by key, and record how many and by which filters.

    Rows of a done experiment never change, so what is counted is what is read afterwards. Raises
    NotPermitted.
    """
    _permit(actor)
    rows = listing.rows(experiment, filters, actor=actor).order_by("id")
    _record(actor, experiment, filters, count=rows.count())
    return rows


@transaction.atomic
def page(
    *, actor: User, experiment: Experiment, filters: RowFilters, after: str, size: int
) -> keyset.Page[ExperimentRow]:
    """Return the rows a program takes out at once, by key, and record how many.

    Raises NotPermitted, and DomainError for a position that is none.
    """
    _permit(actor)
    rows = listing.rows(experiment, filters, actor=actor)
    found = keyset.page(rows, by=("id",), after=after, size=size)
    _record(actor, experiment, filters, count=len(found.rows))
    return found


def _permit(actor: User) -> None:
    if not actor.has_perm(policies.ROWS):
        raise NotPermitted("not_permitted", _("Your role does not see these applications."))


def _record(actor: User, experiment: Experiment, filters: RowFilters, *, count: int) -> None:
    asked = {name: value for name, value in asdict(filters).items() if value}
    audit.record(actor, "laboratory.rows_downloaded", experiment, count=count, filters=asked)
