"""The cut-off chooser: every cut-off of a finished experiment, and the best within limits."""

import uuid
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.core.access import requires
from apps.core.visibility import get_visible
from apps.laboratory import charts, cutoff, cutoffs, forms, policies, presentation
from apps.laboratory.cutoff import Curve, Infeasible, Optimum, Wish
from apps.laboratory.cutoffs import Side
from apps.laboratory.models import Experiment

_DEFAULTS = {"goal": "profit", "basis": "expected", "side": "after"}


@requires(policies.SEE)
@require_GET
def choose(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show approval rate, bad rate, expected loss and profit along all cut-offs."""
    rows = Experiment.objects.select_related("in_force", "entity")
    experiment = presentation.with_results(get_visible(rows, request.user, pk=pk))
    form = forms.CutoffForm({**_DEFAULTS, **request.GET.dict()})
    is_sound = form.is_valid()
    # Whatever else is wrong with the form, the curve of one side can be shown.
    side: Side = "before" if form.data["side"] == "before" else "after"
    found = cutoffs.applications(experiment, side=side)
    context: dict[str, Any] = {
        "experiment": experiment,
        "form": form,
        "found": found,
        "crumbs": presentation.crumbs(experiment, _("Cut-offs")),
        "may_run": request.user.has_perm(policies.RUN),
    }
    if found.sample is not None:
        wish = form.wish() if is_sound else None
        context.update(_curve(experiment, cutoff.curve(found.sample), wish, side=side))
    status = 200 if is_sound else 422
    return render(request, "laboratory/cutoffs.html", context, status=status)


def _curve(
    experiment: Experiment, curve: Curve, wish: Wish | None, *, side: Side
) -> dict[str, Any]:
    best = None if wish is None else cutoff.best(curve, wish)
    place = best.place if isinstance(best, Optimum) else None
    in_use = cutoffs.in_use(experiment, side=side)
    known = [curve.place_of(float(below)) for below in in_use]
    keep = tuple(known if place is None else [*known, place])
    places = cutoff.thinned(curve, most=cutoffs.MOST_SHOWN, keep=keep)
    lines = {
        one: presentation.cutoff_line(
            curve.at(one),
            cutoff.readable(curve, one),
            currency=experiment.currency,
            is_best=one == place,
        )
        for one in places
    }
    marks = [(_("in use"), below) for below in in_use]
    if place is not None:
        marks.append((_("best"), lines[place].below))
    points = [curve.at(one) for one in places]
    drawn = _within(marks, points[-1].below)
    return {
        "best": None if place is None else lines[place],
        "why_nobody": "" if wish is None else cutoffs.why_nobody(curve, wish),
        "sentence": cutoffs.why_infeasible(best, wish)
        if wish is not None and isinstance(best, Infeasible)
        else "",
        "figure": charts.cutoffs(points, currency=experiment.currency, marks=drawn),
        "lines": list(lines.values()),
        "is_thinned": len(places) < len(curve),
    }


def _within(marks: list[tuple[str, Decimal]], last: float) -> list[tuple[str, float]]:
    """Return the marks where the curves are: any cut-off beyond their end does what it does."""
    return [(words, min(float(below), last)) for words, below in marks]
