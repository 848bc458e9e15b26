"""The list of applications."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.applications import forms, policies, worklist
from apps.core.access import requires


@requires("applications.view_application")
def application_list(request: HttpRequest) -> HttpResponse:
    """Show the applications a person may see; filter, sort and page stand in the address."""
    form = forms.FilterForm(request.GET, actor=request.user)
    place = worklist.Place(
        sort=request.GET.get("sort", ""),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "form": form,
        "page": worklist.page(request.user, form.filters(), place),
        "default_sort": worklist.DEFAULT_SORT,
        "may_take": policies.may_take(request.user),
        "sees_customers": request.user.has_perm("customers.view_customer"),
    }
    return render(request, "applications/list.html", context)
