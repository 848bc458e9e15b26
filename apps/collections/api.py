"""The collections desk over the API: the worklist, and who works on a loan."""

import uuid
from datetime import date
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.collections import (
    legal_api,
    notice_api,
    policies,
    results,
    selectors,
    services,
    settlement_api,
    signal_api,
    wording,
    worklist,
)
from apps.collections.asked import chosen
from apps.collections.contacting import Outcome, Way
from apps.collections.legal import Stage
from apps.collections.models import Assignment, Contact
from apps.collections.worth import LATE
from apps.core import dates
from apps.core.api import APIView, Strict
from apps.core.errors import DomainError
from apps.npa.override_api import AFTER, REFUSED
from apps.portfolio import bands
from apps.servicing.asked import seen, taken

_TAGS = ["collections"]
_MONEY: dict[str, Any] = {"max_digits": 22, "decimal_places": 2}
_SHARE: dict[str, Any] = {"max_digits": 5, "decimal_places": 4, "allow_null": True}


class WorklistRow(serializers.Serializer[Any]):
    """An overdue loan, and what acting on it is worth."""

    loan = serializers.UUIDField()
    number = serializers.CharField()
    customer = serializers.CharField(help_text="The customer's number.")
    branch = serializers.CharField()
    days_past_due = serializers.IntegerField()
    band = serializers.ChoiceField(choices=[band.value for band in LATE])
    overdue = serializers.DecimalField(**_MONEY)
    outstanding = serializers.DecimalField(**_MONEY)
    worth = serializers.DecimalField(
        **_MONEY, allow_null=True, help_text="Empty where no chances are known."
    )
    chance_worse = serializers.DecimalField(**_SHARE)
    chance_cured = serializers.DecimalField(**_SHARE)
    paid_since = serializers.DecimalField(**_MONEY)
    collector = serializers.CharField(help_text="An e-mail address; empty where nobody.")
    promise = serializers.CharField(help_text="How the last promise stands; empty where none.")
    promised_date = serializers.DateField(allow_null=True)
    last_contact = serializers.DateField(allow_null=True)
    next_action = serializers.CharField()
    next_date = serializers.DateField(allow_null=True)
    legal_stage = serializers.ChoiceField(choices=[one.value for one in Stage])
    legal_since = serializers.DateField(allow_null=True)
    last_notice = serializers.CharField(help_text="The kind of the last notice; empty where none.")
    notice_on = serializers.DateField(allow_null=True)
    notice_status = serializers.CharField()
    signals = serializers.ListField(
        child=serializers.CharField(), help_text="Early signals that stand."
    )


class WorklistPage(serializers.Serializer[Any]):
    """A page of the worklist; `after` is empty at the end."""

    day = serializers.DateField(help_text="The end of the day that amounts and days are of.")
    currency = serializers.CharField()
    results = WorklistRow(many=True)
    after = serializers.CharField()


class CollectorIn(Strict):
    """Whom a loan is given to."""

    collector = serializers.EmailField(required=False, help_text="Left out, the person takes it.")


class CollectorOut(serializers.Serializer[Any]):
    """Who works on a loan, since when and until when."""

    loan = serializers.UUIDField(source="loan_id")
    collector = serializers.CharField(source="collector.email")
    assigned_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class ContactIn(Strict):
    """A contact with a borrower, and the promise that came of it."""

    way = serializers.ChoiceField(choices=[one.value for one in Way])
    outcome = serializers.ChoiceField(choices=[one.value for one in Outcome])
    made_at = serializers.DateTimeField(
        help_text="In the last seven days; between 8:00 and 19:00 unless the borrower began it."
    )
    is_inbound = serializers.BooleanField(required=False, default=False)
    note = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)
    place = serializers.CharField(
        max_length=300, required=False, default="", allow_blank=True, help_text="Of a visit."
    )
    next_action = serializers.ChoiceField(
        choices=Contact.Next.values, required=False, default="", allow_blank=True
    )
    next_date = serializers.DateField(required=False, default=None, allow_null=True)
    promised_amount = serializers.DecimalField(
        max_digits=18, decimal_places=2, required=False, default=None, allow_null=True
    )
    promised_date = serializers.DateField(required=False, default=None, allow_null=True)


class ContactOut(serializers.Serializer[Any]):
    """A contact, without what was said and where."""

    id = serializers.UUIDField()
    loan = serializers.UUIDField(source="loan_id")
    way = serializers.CharField()
    outcome = serializers.CharField()
    is_inbound = serializers.BooleanField()
    made_at = serializers.DateTimeField()
    next_action = serializers.CharField()
    next_date = serializers.DateField(allow_null=True)
    promise = serializers.UUIDField(source="promise_id", allow_null=True)
    made_by = serializers.UUIDField(source="made_by_id")


class ResultOut(serializers.Serializer[Any]):
    """What came of the work of a collector in a month."""

    collector = serializers.CharField(source="collector.email")
    contacts = serializers.IntegerField(help_text="Begun by the lender.")
    talked = serializers.IntegerField(
        help_text="Of these, those in which the borrower was spoken with."
    )
    promises = serializers.IntegerField()
    kept = serializers.IntegerField()
    broken = serializers.IntegerField()
    collected = serializers.DecimalField(
        **_MONEY, help_text="What came up to 14 days after the collector's contact."
    )


class Worklist(APIView):
    """The overdue loans."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="collections_worklist",
        parameters=[
            OpenApiParameter("lender", description="Its code; left out: the person's own."),
            OpenApiParameter("currency", description="Left out: the lender's."),
            OpenApiParameter("band", enum=[band.value for band in LATE]),
            OpenApiParameter("whose", enum=[one for one in wording.WHOSE if one]),
            OpenApiParameter("signal", enum=[one for one in wording.SIGNAL if one]),
            OpenApiParameter("legal", enum=[one for one in wording.LEGAL if one]),
            OpenApiParameter("promise", enum=[one for one in wording.PROMISE if one]),
            AFTER,
        ],
        responses={200: WorklistPage, **REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """Return a page of overdue loans, those first that are most worth acting on."""
        asked = chosen(request)
        known = worklist.chances(asked.entity, asked.currency, asked.day)
        found = worklist.loans(
            request.user,
            asked,
            _filters(request),
            known=known,
            today=dates.local_date(timezone.now(), asked.entity.time_zone),
        )
        page = worklist.page(found, known, after=request.query_params.get("after", ""), before="")
        about = worklist.about(page.rows)
        rows = [_row(one, about[one.loan_id], known) for one in page.rows]
        answer = {
            "day": asked.day,
            "currency": asked.currency,
            "results": rows,
            "after": page.after,
        }
        return Response(WorklistPage(answer).data)


class Collector(APIView):
    """Who works on a loan."""

    required_permission = {"POST": policies.VIEW, "DELETE": policies.VIEW}

    @extend_schema(
        operation_id="collections_collector_set",
        request=CollectorIn,
        responses={200: CollectorOut, **REFUSED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take a loan, or give it to a collector."""
        given, loan = taken(request, CollectorIn), seen(request, pk)
        if "collector" in given:
            made = services.assign(
                actor=request.user,
                loan=loan,
                collector=_person(given["collector"]),
                now=timezone.now(),
            )
        else:
            made = services.take(actor=request.user, loan=loan, now=timezone.now())
        return Response(_shown(made))

    @extend_schema(
        operation_id="collections_collector_end",
        request=None,
        responses={200: CollectorOut, **REFUSED},
        tags=_TAGS,
    )
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Give a loan back, so that nobody works on it."""
        ended = services.release(actor=request.user, loan=seen(request, pk), now=timezone.now())
        return Response(_shown(ended))


class Contacts(APIView):
    """Contacts with a borrower about a loan."""

    required_permission = {"GET": policies.VIEW, "POST": policies.WORK}

    @extend_schema(
        operation_id="collections_contacts_list",
        responses={200: ContactOut(many=True), **REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the last contacts about a loan, the newest first."""
        rows = selectors.contacts(seen(request, pk))
        return Response(ContactOut(rows, many=True).data)

    @extend_schema(
        operation_id="collections_contact_record",
        request=ContactIn,
        responses={201: ContactOut, **REFUSED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Write a contact down; refused where the borrower may not be contacted then."""
        entry = services.ContactEntry(**taken(request, ContactIn))
        made = services.record_contact(
            actor=request.user, loan=seen(request, pk), entry=entry, now=timezone.now()
        )
        return Response(ContactOut(made).data, status=201)


class Results(APIView):
    """What came of the work of collectors."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="collections_results",
        parameters=[
            OpenApiParameter("month", description="A day of it; left out: today."),
            OpenApiParameter("lender", description="Its code; left out: the person's own."),
            OpenApiParameter("currency", description="Left out: the lender's."),
        ],
        responses={200: ResultOut(many=True), **REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """Return the results of a month by collector; a collector sees the own ones."""
        asked = chosen(request)
        told = request.query_params.get("month", "")
        try:
            day = (
                date.fromisoformat(told)
                if told
                else dates.local_date(timezone.now(), asked.entity.time_zone)
            )
            # Of the last month that the calendar knows there is no end to look up to.
            day.replace(year=day.year + 1, day=1)
        except ValueError:
            sentence = _("This is no day.")
            raise DomainError("day_refused", sentence, fields={"month": sentence}) from None
        rows = results.of_month(
            request.user, results.Asked(entity=asked.entity, currency=asked.currency, day=day)
        )
        return Response(ResultOut(rows, many=True).data)


def _filters(request: Request) -> worklist.Filters:
    known = {
        "band": {band.value for band in LATE},
        "whose": set(wording.WHOSE),
        "promise": set(wording.PROMISE),
        "legal": set(wording.LEGAL),
        "signal": set(wording.SIGNAL),
    }
    given: dict[str, Any] = {name: request.query_params.get(name, "") for name in known}
    for name, value in given.items():
        if value and value not in known[name]:
            sentence = _("There is no such choice.")
            raise DomainError("unknown_choice", sentence, fields={name: sentence})
    return worklist.Filters(**given)


def _row(one: Any, known: worklist.Known, chances: Any) -> dict[str, Any]:
    band = bands.of_days(one.dpd_ifrs)
    seen_of_band = chances.get(band)
    return {
        "loan": one.loan_id,
        "number": one.loan.number,
        "customer": one.customer.number,
        "branch": one.branch.code,
        "days_past_due": one.dpd_ifrs,
        "band": band.value,
        "overdue": one.overdue,
        "outstanding": one.principal,
        "worth": one.worth if chances else None,
        "chance_worse": round(seen_of_band.worse, 4) if seen_of_band else None,
        "chance_cured": round(seen_of_band.cured, 4) if seen_of_band else None,
        "paid_since": known.paid_since,
        "collector": known.collector.email if known.collector else "",
        "promise": known.promise.status if known.promise else "",
        "promised_date": known.promise.promised_date if known.promise else None,
        "last_contact": known.contact.made_on if known.contact else None,
        "next_action": known.contact.next_action if known.contact else "",
        "next_date": known.contact.next_date if known.contact else None,
        "legal_stage": known.legal.stage if known.legal else Stage.NONE.value,
        "legal_since": known.legal.made_on if known.legal else None,
        "last_notice": known.notice.kind if known.notice else "",
        "notice_on": known.notice.issued_on if known.notice else None,
        "signals": [each.code for each in known.signals],
        "notice_status": selectors.notice_status(known.notice).value if known.notice else "",
    }


def _person(email: str) -> User:
    found = User.objects.filter(email=email.lower()).first()
    if found is None:
        sentence = _("This person does not work on overdue loans of this branch.")
        raise DomainError("collector_refused", sentence, fields={"collector": sentence})
    return found


def _shown(made: Assignment) -> dict[str, Any]:
    return dict(CollectorOut(made).data)


urlpatterns: list[Any] = [
    path("collections/worklist", Worklist.as_view(), name="collections_worklist"),
    path("collections/results", Results.as_view(), name="collections_results"),
    path("collections/<uuid:pk>/contacts", Contacts.as_view(), name="collections_contacts"),
    *legal_api.urlpatterns,
    *notice_api.urlpatterns,
    *settlement_api.urlpatterns,
    *signal_api.urlpatterns,
    path("collections/<uuid:pk>/collector", Collector.as_view(), name="collections_collector"),
]
