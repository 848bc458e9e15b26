"""Reminders over the API: those of a loan, who wants none, and on which days they go out."""

import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Entity, User
from apps.core import keyset
from apps.core.api import APIView, Problem, Strict
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.customers.models import Customer
from apps.loans import policies as lending
from apps.loans.models import Loan
from apps.products.models import Product
from apps.repayments import contact_rows, policies, reminding, services
from apps.repayments.models import Reminder, ReminderPlan, ReminderStop

_REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
_TAGS = ["repayments"]
_BY_PEOPLE = [one for one in ReminderStop.Channel.choices if one[0] != ReminderStop.Channel.LINK]


class ReminderOut(serializers.Serializer[Any]):
    """A reminder of an instalment."""

    id = serializers.UUIDField()
    due_date = serializers.DateField()
    step = serializers.IntegerField(help_text="Days from the due date; before it, negative.")
    status = serializers.ChoiceField(choices=[(one, one) for one in reminding.LIFECYCLE.states])
    obstacle = serializers.ChoiceField(
        choices=Reminder.Obstacle.choices, allow_blank=True, help_text="Why it did not go out."
    )
    sent_at = serializers.DateTimeField(allow_null=True)


class ReminderPage(serializers.Serializer[Any]):
    """A page of reminders; `after` is empty at the end."""

    results = ReminderOut(many=True)
    after = serializers.CharField()


class StopIn(Strict):
    """How a borrower asked for no more reminders."""

    channel = serializers.ChoiceField(choices=_BY_PEOPLE)


class StopOut(serializers.Serializer[Any]):
    """That a borrower wants no reminders, or wanted none for some time."""

    customer = serializers.UUIDField(source="customer_id")
    channel = serializers.ChoiceField(choices=ReminderStop.Channel.choices)
    stopped_at = serializers.DateTimeField()
    resumed_at = serializers.DateTimeField(allow_null=True)


class PlanIn(Strict):
    """On which days around the due date borrowers are reminded."""

    entity = serializers.SlugField(help_text="The lender's code.")
    product = serializers.CharField(
        max_length=40,
        required=False,
        default="",
        allow_blank=True,
        help_text="A product's code; left out, every product without a row of its own.",
    )
    steps = serializers.ListField(
        child=serializers.IntegerField(
            min_value=-reminding.FURTHEST_BEFORE, max_value=reminding.FURTHEST_AFTER
        ),
        max_length=reminding.MOST_STEPS,
        help_text="Days from the due date; before it, negative. Empty: nobody is reminded.",
    )
    from_date = serializers.DateField(help_text="From which day on; none that has passed.")


class PlanOut(serializers.Serializer[Any]):
    """A row of the table; an empty product is every one without a row of its own."""

    id = serializers.UUIDField()
    entity = serializers.CharField(source="entity.code")
    product = serializers.CharField(source="product.code", default="")
    steps = serializers.ListField(child=serializers.IntegerField())
    from_date = serializers.DateField()
    entered_by = serializers.UUIDField(
        source="entered_by_id",
        allow_null=True,
        help_text="Null where it came with the installation.",
    )
    entered_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class LoanReminders(APIView):
    """The reminders of a loan."""

    required_permission = lending.VIEW

    @extend_schema(
        operation_id="loan_reminders_list",
        parameters=[OpenApiParameter("after", description="The position from the page before.")],
        responses={200: ReminderPage, 400: Problem, 401: Problem, 403: Problem, 404: Problem},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return a page of the reminders of a loan, the newest first."""
        loan = get_visible(Loan.objects.all(), request.user, pk=pk)
        page = keyset.page(
            contact_rows.reminders(loan),
            by=("-created_at", "-id"),
            after=request.query_params.get("after", ""),
        )
        return Response({"results": ReminderOut(page.rows, many=True).data, "after": page.after})


class StopReminders(APIView):
    """End the reminders of a customer."""

    required_permission = policies.STOP_REMINDERS

    @extend_schema(
        operation_id="customer_reminders_stop",
        request=StopIn,
        responses={201: StopOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Record that the customer wants no reminders of any loan."""
        given = StopIn(data=request.data)
        given.is_valid(raise_exception=True)
        made = services.stop_reminders(
            actor=request.user,
            customer=get_visible(Customer.objects.all(), request.user, pk=pk),
            channel=given.validated_data["channel"],
            now=timezone.now(),
        )
        return Response(StopOut(made).data, status=201)


class ResumeReminders(APIView):
    """Begin the reminders of a customer again."""

    required_permission = policies.STOP_REMINDERS

    @extend_schema(
        operation_id="customer_reminders_resume",
        request=None,
        responses={200: StopOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Record that the customer wants reminders again."""
        customer = get_visible(Customer.objects.all(), request.user, pk=pk)
        found = services.resume_reminders(actor=request.user, customer=customer, now=timezone.now())
        return Response(StopOut(found).data)


class ReminderPlans(APIView):
    """On which days around the due date borrowers are reminded."""

    required_permission = {"GET": lending.VIEW, "POST": policies.MANAGE_PLANS}

    @extend_schema(
        operation_id="reminder_plans_list",
        responses={200: PlanOut(many=True), 401: Problem, 403: Problem},
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """Return the rows in force and to come."""
        return Response(PlanOut(contact_rows.plans(request.user), many=True).data)

    @extend_schema(
        operation_id="reminder_plans_enter",
        request=PlanIn,
        responses={201: PlanOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request) -> Response:
        """Enter a row; one for the same product and day is ended by it."""
        given = PlanIn(data=request.data)
        given.is_valid(raise_exception=True)
        entry = _entry(request.user, dict(given.validated_data))
        made = services.enter_plan(actor=request.user, entry=entry, now=timezone.now())
        return Response(PlanOut(made).data, status=201)


class EndReminderPlan(APIView):
    """End a row."""

    required_permission = policies.MANAGE_PLANS

    @extend_schema(
        operation_id="reminder_plans_end",
        request=None,
        responses={200: PlanOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """End a row; the one before it counts again."""
        plan = get_visible(ReminderPlan.objects.all(), request.user, pk=pk)
        found = services.end_plan(actor=request.user, plan=plan, now=timezone.now())
        return Response(PlanOut(found).data)


def _entry(actor: User, given: dict[str, Any]) -> services.PlanEntry:
    """Return the row with lender and product; a DomainError beside each field it cannot name."""
    lenders = Entity.objects.all()
    if not actor.works_everywhere:
        lenders = lenders.filter(pk=actor.branch.entity_id)
    entity = lenders.filter(code=given["entity"]).first()
    code = given["product"]
    products = Product.objects.visible_to(actor).filter(entity=entity, code=code)
    product = products.first() if code else None
    unknown: dict[str, object] = {}
    if entity is None:
        unknown["entity"] = _("There is no such lender.")
    elif code and product is None:
        unknown["product"] = _("This lender does not offer this product.")
    if entity is None or unknown:
        raise DomainError("plan_refused", _("The row is not complete."), fields=unknown)
    return services.PlanEntry(
        entity=entity,
        product=product,
        steps=tuple(given["steps"]),
        from_date=given["from_date"],
    )


urlpatterns = [
    path("loans/<uuid:pk>/reminders", LoanReminders.as_view(), name="loan_reminders"),
    path(
        "customers/<uuid:pk>/reminders/stop",
        StopReminders.as_view(),
        name="customer_reminders_stop",
    ),
    path(
        "customers/<uuid:pk>/reminders/resume",
        ResumeReminders.as_view(),
        name="customer_reminders_resume",
    ),
    path("reminder-plans", ReminderPlans.as_view(), name="reminder_plans"),
    path("reminder-plans/<uuid:pk>/end", EndReminderPlan.as_view(), name="reminder_plans_end"),
]
