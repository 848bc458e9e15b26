"""An officer's own cases: whom each waits on, those that wait on the officer first.

From the draft until its loan is paid out. One question, however many cases there are.
"""

from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.decisions.lifecycle import WAITING
from apps.decisions.models import ReviewCase
from apps.desk.models import InformationRequest
from apps.loans.lifecycle import ON_ITS_WAY
from apps.loans.models import Disbursement, Loan
from apps.offers.lifecycle import LIVE
from apps.offers.models import Offer

STANDING = ("draft", "submitted", "scored", "in_review", "approved")
# Whoever else is asked for information, the officer is the one who hands it on.
_OFFICERS = ("applicant", "officer", "guarantor")


def cases(actor: User) -> QuerySet[Application]:
    """Return the person's cases that are not over with what each waits for; own work first."""
    paid_out = Loan.objects.filter(application=OuterRef("pk")).exclude(status="opened")
    own = Application.objects.visible_to(actor).filter(
        Q(taken_by=actor) | Q(submitted_by=actor), status__in=STANDING
    )
    offer = Offer.objects.filter(application=OuterRef("pk"), status__in=LIVE)
    review = ReviewCase.objects.filter(application=OuterRef("pk"), status__in=WAITING)
    asked = InformationRequest.objects.filter(case__application=OuterRef("pk"), status="open")
    payment = Disbursement.objects.filter(loan__application=OuterRef("pk"), status__in=ON_ITS_WAY)
    rows = own.exclude(Exists(paid_out)).annotate(
        offer_state=Subquery(offer.values("status")[:1]),
        offer_until=Subquery(offer.values("valid_until")[:1]),
        review_state=Subquery(review.values("status")[:1]),
        held_by=Subquery(review.values("claimed_by__name")[:1]),
        asked_of=Subquery(asked.order_by("by_date").values("source")[:1]),
        asked_for=Subquery(asked.order_by("by_date").values("item")[:1]),
        asked_until=Subquery(asked.order_by("by_date").values("by_date")[:1]),
        payment_state=Subquery(payment.order_by("-created_at").values("status")[:1]),
    )
    first = Case(When(_is_mine(), then=Value(0)), default=Value(1), output_field=IntegerField())
    shown = rows.alias(first=first).select_related("product")
    return shown.order_by("first", "created_at", "pk")


def _is_mine() -> Q:
    return (
        Q(status="draft")
        | Q(status="in_review", asked_of__in=_OFFICERS)
        | Q(status="approved", offer_state=None)
        | Q(status="approved", offer_state="accepted")
        | Q(status="approved", offer_state="taken_up", payment_state=None)
    )


def row(one: Any, _now: datetime) -> dict[str, Any]:
    """Return a case with whom it waits on, and for what."""
    who, what, is_mine = _standing(one)
    return {"application": one, "who": who, "what": what, "is_mine": is_mine}


def _standing(one: Any) -> tuple[str, str, bool]:
    if one.status == "draft":
        return _("Me"), _("Finish it and submit it"), True
    if one.status == "in_review":
        return _in_review(one)
    if one.status == "approved":
        return _approved(one)
    return _("The machine"), _("It is being decided"), False


def _in_review(one: Any) -> tuple[str, str, bool]:
    if one.asked_of:
        source = InformationRequest.Source(one.asked_of)
        is_mine = source in _OFFICERS
        until = date_format(one.asked_until, "j M Y")
        item = InformationRequest.Item(one.asked_for).label
        what = _("%(item)s, by %(day)s") % {"item": item, "day": until}
        return _("Me") if is_mine else str(source.label), what, is_mine
    if one.review_state == "awaiting_second":
        return _("A second signature"), _("The verdict is given"), False
    if one.held_by:
        return one.held_by, _("Reviews it"), False
    return _("The review queue"), _("Nobody holds it yet"), False


def _approved(one: Any) -> tuple[str, str, bool]:
    if one.offer_state is None:
        return _("Me"), _("Make the offer"), True
    if one.offer_state == "offered":
        until = _("Answers until %(day)s") % {"day": date_format(one.offer_until, "j M Y")}
        return _("The applicant"), until, False
    if one.offer_state == "accepted":
        return _("Me"), _("Open the loan"), True
    if one.payment_state is None:
        return _("Me"), _("Ask for the payment"), True
    if one.payment_state == "requested":
        return _("A second person"), _("Approves the payment"), False
    return _("The bank"), _("Pays it out"), False
