"""Find customers and look at one."""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.core import dates, keyset, masking
from apps.core.access import requires
from apps.customers import policies, reveals, selectors, wordings
from apps.customers.forms import CustomerFilter
from apps.customers.models import Customer, Obligation
from apps.customers.views import _answers

# Each ends in a unique column, so that no row is shown on two pages.
SORTS = {"number": ("number",), "registered": ("created_at", "id")}
DEFAULT_SORT = "-registered"


@require_GET
@requires("customers.view_customer")
def customers(request: HttpRequest) -> HttpResponse:
    """List the customers a person may see; search, filters, order and page are in the URL."""
    form = CustomerFilter(request.GET, actor=request.user)
    found = _filtered(request.user, form)
    page = keyset.page(
        found,
        by=_order(request.GET.get("sort", "")),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    rows = [{"customer": customer, "phone": masking.tail(customer.phone)} for customer in page.rows]
    context = {"form": form, "page": page, "rows": rows, "searched": bool(request.GET.get("q"))}
    return render(request, "customers/list.html", context)


@require_GET
@requires("customers.view_customer")
def detail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show everything about one customer on one page, personal values masked."""
    customer = _answers.visible_customer(request, pk)
    actor = request.user
    context = {
        "customer": customer,
        "crumbs": _answers.crumbs(None, customer.number),
        "values": _personal_values(request, customer),
        "subject": f"customers.customer:{customer.pk}",
        "may_edit": policies.may_edit(actor, customer),
        "may_upload": policies.may_upload(actor, customer),
        "may_download": policies.may_download(actor, customer),
        **_sections(customer),
    }
    return render(request, "customers/detail.html", context)


def _filtered(actor: Any, form: CustomerFilter) -> QuerySet[Customer]:
    """Return what the filter leaves; nothing where the filter itself is not acceptable."""
    if not form.is_valid():
        return Customer.objects.none()
    data = form.cleaned_data
    found = selectors.search(actor, data["q"]) if data["q"] else selectors.visible(actor)
    if data["country"]:
        found = found.filter(country=data["country"])
    if data["branch"]:
        found = found.filter(branch=data["branch"])
    return found


def _order(asked: str) -> tuple[str, ...]:
    key = asked if asked.removeprefix("-") in SORTS else DEFAULT_SORT
    columns = SORTS[key.removeprefix("-")]
    return tuple(f"-{column}" for column in columns) if key.startswith("-") else columns


def _personal_values(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """Return the masked values with the address each may be revealed at, if it may."""
    may = policies.may_reveal(request.user, customer)
    values = reveals.masked(customer)
    rows: dict[str, Any] = {
        name: {
            "label": each.label,
            "value": each.value,
            "url": reverse("customers:reveal", args=[customer.pk, name]) if may else "",
        }
        for name, each in values.items()
    }
    identities = [row for name, row in rows.items() if name.startswith("identity:")]
    return {**rows, "identities": identities}


def _is_ours(row: Obligation) -> bool:
    return bool(row.own_loan) and row.ended_date is None


def _sections(customer: Customer) -> dict[str, Any]:
    today = dates.local_date(timezone.now(), customer.entity.time_zone)
    employments = list(customer.employments.order_by("-as_of", "-created_at"))
    current = selectors.current_employment(customer, today)
    reports = list(customer.bureau_reports.order_by("-pulled_date", "-created_at"))
    standing = list(selectors.standing_obligations(customer, today))
    twice = selectors.counted_twice(customer, standing)
    obligations = customer.obligations.order_by("-from_date", "-created_at")
    declared = selectors.declared_no_obligations(customer, today)
    return {
        "address": selectors.address(customer),
        "household": selectors.household(customer),
        "employment": current,
        "earlier_employments": [row for row in employments if row != current],
        "standing": [(row, twice.get(row.pk, ())) for row in standing],
        "ours": [row for row in obligations if row.own_loan and row.ended_date is None],
        "ended": [row for row in obligations if row not in standing and not _is_ours(row)],
        "declared_none": declared,
        "declared_by": wordings.CHANNELS.get(declared.channel, "") if declared else "",
        "report": reports[0] if reports else None,
        "earlier_reports": reports[1:],
        "consents": customer.consents.order_by("withdrawn_at", "purpose", "given_at"),
        "documents": selectors.documents(customer),
        "fairness": selectors.has_consent(customer, "fairness_monitoring"),
    }
