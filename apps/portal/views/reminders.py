"""The page by which a borrower ends reminders; its link stands in each of them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.core.access import PUBLIC, requires
from apps.customers.models import Customer
from apps.portal.views import guard
from apps.repayments import contact_rows
from apps.repayments import services as repayments


# Mail programs end reminders by one request of their own (RFC 8058), which has no session. Opening
# the address changes nothing: what checks links in mails would end them for everybody.
@csrf_exempt
@require_http_methods(["GET", "POST"])
@requires(PUBLIC)
@guard.by_stop_link
def reminders(request: HttpRequest, customer: Customer) -> HttpResponse:
    """Ask whether reminders shall end, and end them."""
    if request.method == "POST":
        repayments.stop_by_link(customer=customer, now=timezone.now())
    context = {"entity": customer.entity, "is_stopped": contact_rows.stop(customer.pk) is not None}
    return render(request, "portal/reminders.html", context)
