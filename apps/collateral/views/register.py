"""The register: find items, and enter one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.applications.models import Collateral
from apps.collateral import forms, policies, presentation, selectors, services, worths
from apps.collateral.models import Item
from apps.collateral.selectors import NEWEST, Filters
from apps.collateral.views import _pages
from apps.core import dates, keyset
from apps.core.access import requires


@require_GET
@requires(policies.VIEW)
def register(request: HttpRequest) -> HttpResponse:
    """List the items a person may see, newest first; filters and page are in the address."""
    states = {name: look[2] for name, look in presentation.STATES.items()}
    form = forms.FilterForm(request.GET, states=states)
    given = form.cleaned_data if form.is_valid() else {}
    filters = Filters(
        show=given.get("show") or "live",
        kind=given.get("kind", ""),
        status=given.get("status", ""),
        text=given.get("q", ""),
    )
    today = dates.local_date(timezone.now(), request.user.branch.entity.time_zone)
    page = keyset.page(
        selectors.register(request.user, filters, today=today),
        by=NEWEST,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    found = worths.on_day(page.rows, today)
    sees = request.user.has_perm("customers.view_customer")
    context = {
        "form": form,
        "page": page,
        "rows": [presentation.row(found[one.pk], sees_customers=sees) for one in page.rows],
        "may_keep": request.user.has_perm(policies.KEEP),
    }
    return render(request, "collateral/list.html", context)


@require_http_methods(["GET", "POST"])
@requires(policies.KEEP)
def enter(request: HttpRequest) -> HttpResponse:
    """Enter a thing into the register, for an application if the address names one."""
    application, declared = _pages.asked_for(request)
    first = forms.from_declared(application, declared) if application is not None else {}
    form = forms.RegisterForm(request.POST or None, application=application, initial=first)
    title = _("Enter into the collateral register")
    back = (
        reverse("applications:detail", args=[application.pk])
        if application is not None
        else reverse("collateral:list")
    )
    return _pages.form_page(
        request,
        form,
        lambda: _entered(request, form, declared),
        title=title,
        done=_("Entered. It secures the loan once it is pledged."),
        back=back,
        path=_pages.crumbs(None, title),
        application=application,
        declared=declared,
        currency=application.currency if application is not None else "",
    )


def _entered(
    request: HttpRequest,
    form: forms.RegisterForm,
    declared: Collateral | None,
) -> Item:
    owner = _pages.customer(request, form.cleaned_data["owner"], field="owner")
    return services.register(
        actor=request.user,
        entry=form.item(owner),
        valuation=form.valuation(),
        lien=form.lien(declared),
        now=timezone.now(),
    )
