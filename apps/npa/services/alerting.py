"""Measure the portfolio at the end of a day, raise what is beyond its threshold, tell it once."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core import dates, jobs
from apps.core.errors import DomainError, NotPermitted
from apps.core.visibility import get_visible
from apps.npa import measures, policies, summing, watch_lifecycle
from apps.npa.measures import Measure
from apps.npa.models import Alert, AlertDelivery, DayFigures, PortfolioDay, Threshold
from apps.npa.services import watching

LONGEST_NOTE = 300
SHORTEST_NOTE = 3


@transaction.atomic
def raise_alerts(*, entity: Entity, day: date, now: datetime) -> int:
    """Write the sums and figures of a day, raise and clear alerts; return how many were raised.

    Run again for the same day it writes the same again and raises nothing twice: of a breach there
    is one alert until the measure was within its threshold again.
    """
    # Two who measure one lender, or measure and set a threshold, wait for each other here.
    Entity.objects.select_for_update(of=("self",), no_key=True).get(pk=entity.pk)
    summing.write_sums(entity, day)
    found = _figures(entity, day)
    rows = Threshold.objects.select_related("owner").filter(entity=entity)
    for threshold in rows.filter(is_watched=False):
        watching.close_unwatched(threshold, audit.system("day-end"))
    raised = 0
    for threshold in rows.filter(is_watched=True).order_by("measure"):
        for figures in found:
            raised += _compared(threshold, figures, now)
        _clear_unmeasured(threshold, found, day)
    return raised


@transaction.atomic
def acknowledge(*, actor: User, alert: Alert, note: str, now: datetime) -> Alert:
    """Write down who looked at an alert and what they say; the breach itself lasts on.

    Raises NotPermitted, NotVisible, Conflict where somebody did already, DomainError for the note.
    """
    if not actor.has_perm(policies.ACKNOWLEDGE):
        raise NotPermitted("not_permitted", _("Your role does not allow this."))
    found = get_visible(Alert.objects.select_for_update(of=("self",)), actor, pk=alert.pk)
    said = note.strip()
    if not SHORTEST_NOTE <= len(said) <= LONGEST_NOTE:
        sentence = _("Say what is done about it, in %(least)s to %(most)s letters.") % {
            "least": SHORTEST_NOTE,
            "most": LONGEST_NOTE,
        }
        raise DomainError("note_missing", sentence, fields={"note": sentence})
    found.move("acknowledge", acknowledged_by=actor, acknowledged_at=now, note=said)
    audit.record(actor, "npa.alert_acknowledged", found, measure=found.measure)
    return found


def _figures(entity: Entity, day: date) -> list[DayFigures]:
    """Measure the whole portfolio of a day, currency by currency, and keep what was found."""
    found = summing.totals(PortfolioDay.objects.filter(entity=entity, day=day))
    named = summing.largest(entity, day)
    DayFigures.objects.filter(entity=entity, day=day).delete()
    made = []
    for currency, totals in sorted(found.items()):
        largest = named.get(currency, {})
        values = {**measures.ratios(totals), **measures.concentrations(totals, largest)}
        rise = measures.jump(values, _month_before(entity, day, currency))
        if rise is not None:
            values[Measure.NPA_JUMP] = rise
        made.append(
            DayFigures(
                entity=entity,
                day=day,
                currency=currency,
                values={one.value: str(value) for one, value in values.items()},
                names={one.value: largest[one].name for one in largest},
            )
        )
    return DayFigures.objects.bulk_create(made)


def _month_before(entity: Entity, day: date, currency: str) -> dict[Measure, Decimal]:
    """Return what was measured on the same day of the month before, or on the last day until it."""
    until = dates.add_months(day, -1)
    rows = DayFigures.objects.filter(
        entity=entity, currency=currency, day__lte=until, day__gt=dates.add_months(until, -1)
    )
    last = rows.order_by("-day").first()
    return read(last.values) if last is not None else {}


def read(values: Mapping[str, str]) -> dict[Measure, Decimal]:
    """Return kept figures as they were measured."""
    return {Measure(name): Decimal(text) for name, text in values.items()}


def _compared(threshold: Threshold, figures: DayFigures, now: datetime) -> int:
    """Raise, carry on or clear the alert of one threshold; return 1 where one was raised."""
    measure = Measure(threshold.measure)
    value = read(figures.values).get(measure)
    if value is None:
        return 0
    standing = Alert.objects.filter(
        threshold=threshold, currency=figures.currency, status__in=watch_lifecycle.STANDING
    ).first()
    is_breached = measures.is_breached(measure, value, threshold.bound)
    if standing is None:
        is_new = is_breached and not _was_told(threshold, figures)
        return _raised(threshold, figures, value, now) if is_new else 0
    if figures.day < standing.last_day:
        # An earlier day was ended again; what stands was measured later.
        return 0
    if is_breached:
        standing.last_day, standing.last_value = figures.day, value
        standing.save(update_fields=["last_day", "last_value", "updated_at"])
        return 0
    standing.move("clear", cleared_day=figures.day, last_day=figures.day, last_value=value)
    audit.record(
        audit.system("day-end"), "npa.alert_over", standing, measure=measure.value, day=figures.day
    )
    return 0


def _was_told(threshold: Threshold, figures: DayFigures) -> bool:
    """Say whether a day that was ended again lies in a breach that was raised and is over since."""
    return Alert.objects.filter(
        threshold=threshold,
        currency=figures.currency,
        day__lte=figures.day,
        cleared_day__gt=figures.day,
    ).exists()


def _clear_unmeasured(threshold: Threshold, found: list[DayFigures], day: date) -> None:
    """Clear the alerts of a measure that has no value any more: nothing is left to be measured."""
    measured = [one.currency for one in found if threshold.measure in one.values]
    standing = Alert.objects.filter(
        threshold=threshold, status__in=watch_lifecycle.STANDING, last_day__lte=day
    )
    for alert in standing.exclude(currency__in=measured):
        alert.move("clear", cleared_day=day)
        audit.record(
            audit.system("day-end"), "npa.alert_over", alert, measure=alert.measure, day=day
        )


def _raised(threshold: Threshold, figures: DayFigures, value: Decimal, now: datetime) -> int:
    measure = Measure(threshold.measure)
    made = Alert.objects.create(
        threshold=threshold,
        entity_id=threshold.entity_id,
        currency=figures.currency,
        measure=measure.value,
        subject=figures.names.get(measure.value, ""),
        bound=threshold.bound,
        day=figures.day,
        value=value,
        last_day=figures.day,
        last_value=value,
        raised_at=now,
    )
    audit.record(
        audit.system("day-end"),
        "npa.alert_raised",
        made,
        measure=measure.value,
        day=figures.day,
        currency=figures.currency,
        value=str(value),
        threshold=str(threshold.bound),
    )
    channels = [AlertDelivery.Channel.EMAIL]
    if threshold.webhook_url:
        channels.append(AlertDelivery.Channel.WEBHOOK)
    for channel in channels:
        queued = AlertDelivery.objects.create(alert=made, channel=channel, next_try_at=now)
        jobs.enqueue("npa.deliver_alert", delivery_id=str(queued.pk))
    return 1
