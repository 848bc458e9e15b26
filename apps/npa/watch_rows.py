"""What the pages of alerts and thresholds ask the database."""

from django.db.models import QuerySet

from apps.accounts.models import Entity, User
from apps.npa.measures import Measure
from apps.npa.models import Alert, Threshold


def by_measure(entity: Entity) -> dict[str, Threshold]:
    """Return the thresholds of a lender by measure."""
    return {one.measure: one for one in Threshold.objects.filter(entity=entity)}


def thresholds(actor: User, entity: Entity) -> list[tuple[Measure, Threshold | None]]:
    """Return every measure with its threshold, None where nobody set one."""
    rows = Threshold.objects.visible_to(actor).filter(entity=entity)
    found = {one.measure: one for one in rows.select_related("owner", "set_by")}
    return [(measure, found.get(measure)) for measure in Measure]


def alerts(actor: User, *, state: str = "") -> QuerySet[Alert]:
    """Return the alerts of the lenders a person works for; `standing` ones are not over."""
    rows: QuerySet[Alert] = Alert.objects.visible_to(actor).select_related(
        "entity", "threshold__owner", "acknowledged_by"
    )
    if state == "standing":
        return rows.exclude(status="over")
    return rows.filter(status=state) if state else rows


def open_count(actor: User) -> int:
    """Return how many alerts nobody has acknowledged yet."""
    return Alert.objects.visible_to(actor).filter(status="open").count()
