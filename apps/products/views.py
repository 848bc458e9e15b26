"""Pages of products."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core import dates
from apps.core.access import requires
from apps.core.visibility import get_visible
from apps.products import selectors
from apps.products.models import Product, Purpose


@requires("products.view_product")
def product_list(request: HttpRequest) -> HttpResponse:
    """Show what the person's lenders offer."""
    return render(request, "products/list.html", {"products": selectors.catalogue(request.user)})


@requires("products.view_product")
def detail(request: HttpRequest, code: str) -> HttpResponse:
    """Show one product: bounds, price, fees, conditions, and what its largest loan costs."""
    rows = Product.objects.select_related("entity", "conditions").prefetch_related("fees")
    product = get_visible(rows, request.user, code=code)
    context = {
        "product": product,
        "crumbs": [{"label": _("Products"), "url": reverse("products:list")}, {"label": product}],
        "purposes": [Purpose(value).label for value in product.purposes],
        "conditions": getattr(product, "conditions", None),
        "order": selectors.allocation_order(product),
        "other_orders": selectors.other_orders(product),
        "taxes": selectors.taxes_on_fees(
            product.entity_id, dates.local_date(timezone.now(), product.entity.time_zone)
        ),
        "payments": selectors.example_payments(product),
    }
    return render(request, "products/detail.html", context)
