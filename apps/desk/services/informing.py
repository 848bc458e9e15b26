"""Ask for information, and let the clock stand still until it is there."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core import dates
from apps.core.errors import Conflict, DomainError
from apps.core.visibility import get_visible
from apps.decisions.lifecycle import WAITING
from apps.decisions.models import ReviewCase
from apps.desk.models import InformationRequest
from apps.desk.services import clock, working

LONGEST_DAYS = 60


@dataclass(frozen=True, kw_only=True)
class InformationEntry:
    """What is asked for: of the managed list and in words, from whom, by which day."""

    item: str
    text: str
    source: str
    by_date: date


@transaction.atomic
def ask_information(
    *, actor: User, case: ReviewCase, entry: InformationEntry, now: datetime
) -> InformationRequest:
    """Ask for something; the case's clock stands still until it ends.

    Raises as `working.locked`, DomainError with a sentence for each field.
    """
    found = working.locked(actor, case.pk)
    zone = found.application.branch.entity.time_zone
    text = _checked(entry, today=dates.local_date(now, zone))
    asked = InformationRequest(
        case=found,
        item=entry.item,
        text=text,
        source=entry.source,
        asked_by=actor,
        asked_at=now,
        by_date=entry.by_date,
        lapses_at=datetime.combine(entry.by_date + timedelta(days=1), time(0), ZoneInfo(zone)),
    )
    asked.save(force_insert=True)
    clock.pause(found, now=now)
    audit.record(
        actor,
        "desk.information_asked",
        asked,
        case=found.application,
        item=asked.item,
        source=asked.source,
        by_date=asked.by_date,
    )
    return asked


@transaction.atomic
def receive_information(
    *, actor: User, asked: InformationRequest, answer: str, now: datetime
) -> InformationRequest:
    """Write down that the information is there and what it says; the clock runs on.

    Raises as `working.locked`, Conflict where the request has ended, DomainError without a text.
    """
    case, found = _open(actor, asked)
    said = working.text(answer, field="answer", lacking=_("Say what has come."))
    _end(found, "receive", actor=actor, answer=said, now=now)
    clock.resume(case, at=now)
    audit.record(actor, "desk.information_received", found, case=case.application, item=found.item)
    return found


@transaction.atomic
def withdraw_information(
    *, actor: User, asked: InformationRequest, why: str, now: datetime
) -> InformationRequest:
    """Wait no more for what was asked; the clock runs on. Raises as `receive_information`."""
    case, found = _open(actor, asked)
    said = working.text(why, field="answer", lacking=_("Say why."))
    _end(found, "withdraw", actor=actor, answer=said, now=now)
    clock.resume(case, at=now)
    audit.record(actor, "desk.information_withdrawn", found, case=case.application, item=found.item)
    return found


def lapse_information(*, now: datetime) -> int:
    """End every request whose day has passed; return how many. The clock runs on from then."""
    due = InformationRequest.objects.filter(status="open", lapses_at__lte=now)
    keys = list(due.order_by("lapses_at").values_list("pk", "case__application_id", "case_id"))
    return sum(_lapse(*one, now=now) for one in keys)


@transaction.atomic
def _lapse(pk: uuid.UUID, application_id: uuid.UUID, case_id: uuid.UUID, *, now: datetime) -> int:
    """End one request unless somebody ends it at this very moment. Locked as people lock."""
    Application.objects.select_for_update(no_key=True).get(pk=application_id)
    rows = ReviewCase.objects.select_for_update(of=("self",), no_key=True)
    case = rows.select_related("application").get(pk=case_id)
    found = InformationRequest.objects.filter(pk=pk, status="open", lapses_at__lte=now).first()
    if found is None or case.status not in WAITING:
        return 0
    found.move("lapse", ended_at=found.lapses_at)
    clock.resume(case, at=found.lapses_at)
    audit.record(
        audit.system("queue"),
        "desk.information_lapsed",
        found,
        case=case.application,
        item=found.item,
    )
    return 1


def _open(actor: User, asked: InformationRequest) -> tuple[ReviewCase, InformationRequest]:
    seen = get_visible(InformationRequest.objects.all(), actor, pk=asked.pk)
    case = working.locked(actor, seen.case_id)
    found = InformationRequest.objects.select_for_update(of=("self",)).get(pk=seen.pk)
    if found.status != "open":
        raise Conflict("information_ended", _("This request has ended in the meantime."))
    return case, found


def _end(
    found: InformationRequest, action: str, *, actor: User, answer: str, now: datetime
) -> None:
    found.answer = answer
    found.save(update_fields=["answer"])
    found.move(action, ended_by=actor, ended_at=now)


def _checked(entry: InformationEntry, *, today: date) -> str:
    fields: dict[str, object] = {}
    if entry.item not in InformationRequest.Item.values:
        fields["item"] = _("Choose what is asked for.")
    if entry.source not in InformationRequest.Source.values:
        fields["source"] = _("Choose from whom.")
    if not today <= entry.by_date <= today + timedelta(days=LONGEST_DAYS):
        fields["by_date"] = _("A day from today on, at most %(days)s days ahead.") % {
            "days": LONGEST_DAYS
        }
    if fields:
        raise DomainError("request_incomplete", _("The request is not complete."), fields=fields)
    return working.text(entry.text, field="text", lacking=_("Say in words what is needed."))
