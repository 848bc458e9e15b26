"""With whom the principal of a day is outstanding, how concentrated it is, and the loans behind."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core import keyset
from apps.core.access import refuse_without, requires
from apps.portfolio import concentration, loan_rows, policies, share_page, share_rows, wording
from apps.portfolio.concentration import Dimension, Share
from apps.portfolio.forms import ConcentrationForm, ConcentrationLoansForm
from apps.portfolio.views.asked import Asked, of_day
from apps.portfolio.views.shared import table_file

# Where an employer stands today: whoever opens requests reads it there, nobody else anywhere.
_EMPLOYERS = "applications.view_application"


def _asked(request: HttpRequest, kind: type[ConcentrationForm] = ConcentrationForm) -> Asked:
    asked = of_day(request, kind, share_rows.last_day)
    asked.form.data["dimension"] = asked.form.of_dimension().value
    return asked


def _shares(request: HttpRequest, asked: Asked) -> list[Share]:
    if asked.chosen is None:
        return []
    found = share_rows.shares(request.user, asked.chosen, asked.form.of_dimension())
    return concentration.ordered(found)


def _called(request: HttpRequest, asked: Asked, shares: Sequence[Share]) -> dict[str, str]:
    """Return what shares are called; employers by name for who may read it elsewhere too."""
    dimension, chosen = asked.form.of_dimension(), asked.chosen
    named = dimension == Dimension.EMPLOYER and request.user.has_perm(_EMPLOYERS)
    employers = share_rows.employers(request.user, chosen, shares) if named and chosen else None
    return share_page.names(dimension, shares, employers)


def _may_list(request: HttpRequest, dimension: Dimension) -> bool:
    named = dimension != Dimension.EMPLOYER or request.user.has_perm(_EMPLOYERS)
    return named and request.user.has_perm(policies.LIST)


@require_GET
@requires(policies.VIEW)
def overview(request: HttpRequest) -> HttpResponse:
    """Show the shares of a day by size, and the index of concentration."""
    asked = _asked(request)
    dimension = asked.form.of_dimension()
    shares = _shares(request, asked)
    called = _called(request, asked, shares)
    rows = share_page.rows(shares, called)
    may_list = _may_list(request, dimension)
    for row in rows:
        key = row["share"].key
        # What is not known has no key, and a query leaves out what is empty.
        more = {"of": key} if key else {"unknown": "1"}
        row["query"] = asked.query(dimension=dimension.value, **more) if may_list else ""
    context = {
        "form": asked.form,
        "chosen": asked.chosen,
        "query": asked.query(dimension=dimension.value),
        "dimension": wording.DIMENSIONS[dimension],
        "rows": rows,
        "stats": share_page.stats(shares),
        "figure": share_page.chart(shares, called),
        "of_employers": dimension == Dimension.EMPLOYER,
    }
    return render(request, "portfolio/concentration.html", context)


@require_GET
@requires(policies.VIEW)
def overview_file(request: HttpRequest) -> HttpResponse:
    """Return the shares of a day as CSV."""
    asked = _asked(request)
    dimension = asked.form.of_dimension()
    shares = _shares(request, asked)
    table = share_page.table(shares, _called(request, asked, shares))
    name = f"{asked.chosen.entity.code}-{asked.chosen.day}" if asked.chosen else "none"
    return table_file(table, f"concentration-{dimension}-{name}.csv")


@require_GET
@requires(policies.LIST)
def loans(request: HttpRequest) -> HttpResponse:
    """List the loans of one share; those of which it is not known where none is named."""
    asked = _asked(request, ConcentrationLoansForm)
    dimension = asked.form.of_dimension()
    if dimension == Dimension.EMPLOYER:
        refuse_without(request, _EMPLOYERS)
    context = {
        "form": asked.form,
        "chosen": asked.chosen,
        "dimension": wording.DIMENSIONS[dimension],
        "back": asked.query(dimension=dimension.value),
    }
    if asked.chosen is not None:
        key = asked.form.given("of")
        one = Share(key, 0, concentration.ZERO)
        found = share_rows.loans(request.user, asked.chosen, dimension, key)
        page = keyset.page(
            found,
            by=("loan__id",),
            after=request.GET.get("after", ""),
            before=request.GET.get("before", ""),
        )
        context |= {
            "name": _called(request, asked, [one])[key],
            "page": loan_rows.listed(page),
        }
    return render(request, "portfolio/concentration_loans.html", context)
