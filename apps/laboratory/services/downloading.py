"""Hand out the applications behind an experiment as a file, and note that it was done."""

from dataclasses import asdict

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import NotPermitted
from apps.laboratory import listing, policies
from apps.laboratory.listing import RowFilters
from apps.laboratory.models import Experiment, ExperimentRow


@transaction.atomic
def download(
    *, actor: User, experiment: Experiment, filters: RowFilters
) -> QuerySet[ExperimentRow]:
    """Return the rows a person may take out, by key, and record how many and by which filters.

    They leave the system, where the trail sees nothing any more. Rows of a done experiment never
    change, so what is counted is what is read afterwards. Raises NotPermitted.
    """
    if not actor.has_perm(policies.ROWS):
        raise NotPermitted("not_permitted", _("Your role does not see these applications."))
    rows = listing.rows(experiment, filters, actor=actor).order_by("id")
    asked = {name: value for name, value in asdict(filters).items() if value}
    audit.record(
        actor,
        "laboratory.rows_downloaded",
        experiment,
        count=rows.count(),
        filters=asked,
    )
    return rows
