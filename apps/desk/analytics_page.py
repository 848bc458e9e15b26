"""The analytics of reviewers, arranged for reading: lines, definitions, a chart, and CSV."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import Branch, User
from apps.core import dates, formatting
from apps.customers import protected_words
from apps.desk import analytics_rows, blind_page, blind_rows, presentation, rubber_stamping
from apps.desk.agreement import Pairs
from apps.desk.analytics_groups import Groups
from apps.desk.analytics_rows import Analytics, Figures, Period
from apps.desk.models import BlindSample, StampLimit
from apps.products.models import Product
from apps.scoring import proportions
from apps.scoring.proportions import Share

DASH = blind_page.DASH
# What each figure is: its code in the address, its name, and its definition.
DEFINITIONS: tuple[tuple[str, Any, Any], ...] = (
    (
        "decided",
        gettext_lazy("Decided"),
        gettext_lazy(
            "Cases in review that a person's verdict closed in the period, by the moment of the"
            " verdict; of the person who gave it, not of who signed as well."
        ),
    ),
    (
        "approved",
        gettext_lazy("Approved"),
        gettext_lazy("The share of these that were approved, counter-offers included."),
    ),
    (
        "age",
        gettext_lazy("Age at verdict"),
        gettext_lazy("The median time from a case's arrival in the queue to its verdict."),
    ),
    (
        "work",
        gettext_lazy("Time on case"),
        gettext_lazy(
            "The median time from the claim that led to the verdict until the verdict, without"
            " the time for which information was waited for."
        ),
    ),
    (
        "to_approve",
        gettext_lazy("Declines overridden"),
        gettext_lazy(
            "Of the verdicts where the policy in force recommended to decline, the share approved."
        ),
    ),
    (
        "to_decline",
        gettext_lazy("Approvals overridden"),
        gettext_lazy(
            "Of the verdicts where the policy in force recommended to approve, the share declined."
        ),
    ),
    (
        "override_bad",
        gettext_lazy("Default of overrides"),
        gettext_lazy(
            "Of the loans from approvals against a recommended decline that have ended, the share"
            " that defaulted. Loans that still run say nothing yet."
        ),
    ),
    (
        "followed_bad",
        gettext_lazy("Default of the others"),
        gettext_lazy("The same of the loans from all other approvals of people."),
    ),
    (
        "exceptions",
        gettext_lazy("Exceptions"),
        gettext_lazy(
            "Declines that an authorised exception turned outside the review queue, by the moment"
            " of the approval, and the share of their ended loans that defaulted. No other figure"
            " holds them."
        ),
    ),
    (
        "blind",
        gettext_lazy("Agreement when blind"),
        gettext_lazy(
            "Of the automatic decisions a person judged again without knowing the outcome, the"
            " share on which both said the same."
        ),
    ),
    (
        "stamp",
        gettext_lazy("Rubber stamp?"),
        gettext_lazy(
            "Raised where a person's verdicts follow the recommendation at least as often as the"
            " lender's limit says and their median time on a case is below its limit, over enough"
            " verdicts with a recommendation. It asks for a talk and proves nothing."
        ),
    ),
)
WAYS = {
    "reviewer": gettext_lazy("By reviewer"),
    "product": gettext_lazy("By product"),
    "branch": gettext_lazy("By branch"),
    "day": gettext_lazy("By day"),
}
_VERDICTS = {
    "insufficient sample": ("neutral", gettext_lazy("too few to judge")),
    "undefined": ("neutral", gettext_lazy("not defined")),
    "below four fifths": ("danger", gettext_lazy("below four fifths")),
    "within four fifths": ("success", gettext_lazy("within four fifths")),
}


@dataclass(frozen=True)
class Cell:
    """A share as it is read: the figure, of how many, and its interval."""

    figure: str
    of: str = ""
    interval: str = ""


@dataclass(frozen=True)
class Line:
    """One row of a table: a reviewer, product, branch or day, with its figures in words."""

    name: str
    figures: Figures
    approved: Cell
    age: str
    work: str
    to_approve: Cell
    to_decline: Cell
    override_bad: Cell
    followed_bad: Cell
    blind: Cell
    is_flagged: bool = False


@dataclass(frozen=True)
class Group:
    """A protected group beside the reference group."""

    name: str
    rate: str
    of: str
    interval: str
    ratio: str
    ratio_interval: str
    is_reference: bool
    verdict: str
    tone: str


def build(actor: User, period: Period) -> dict[str, Any]:
    """Return the context of the page: the whole, every table, and the limits of stamping."""
    found = analytics_rows.figures(actor, period)
    blind = _blind(actor, period)
    limits = stamp_limits(actor)
    people = _people(found)
    lines = {
        "reviewer": [
            _line(
                people[key].name,
                figures,
                pairs=blind.get(key, Pairs()),
                limits=limits.get(people[key].branch.entity_id),
            )
            for key, figures in found.by["reviewer"].items()
        ],
        "product": _lines(found, "product", dict(Product.objects.values_list("pk", "name"))),
        "branch": _lines(found, "branch", dict(Branch.objects.values_list("pk", "name"))),
        "day": _lines(found, "day", {day: day.isoformat() for day in found.by["day"]}),
    }
    return {
        "whole": _line(_("All"), found.whole, pairs=sum(blind.values(), Pairs())),
        "lines": {way: sorted(rows, key=lambda one: one.name) for way, rows in lines.items()},
        "exceptions": _exceptions(actor, period),
        "analytics": found,
        "limits": sorted(limits.values(), key=lambda one: one.entity.name),
    }


def _exceptions(actor: User, period: Period) -> tuple[int, Cell] | None:
    """Return how many exceptions were authorised and how they ended; None to a reviewer."""
    if not analytics_rows.sees_everybody(actor):
        return None
    n, known, bad = analytics_rows.exceptions(actor, period)
    return n, cell(bad, known)


def stamp_limits(actor: User) -> dict[Any, StampLimit]:
    """Return the limits in force by lender."""
    rows = StampLimit.objects.visible_to(actor).standing().select_related("entity", "entered_by")
    return {one.entity_id: one for one in rows}


def _people(found: Analytics) -> dict[Any, User]:
    rows = User.objects.filter(pk__in=list(found.by["reviewer"])).select_related("branch")
    return {one.pk: one for one in rows}


def _blind(actor: User, period: Period) -> dict[Any, Pairs]:
    """Return the pairs of blind verdicts of the period by reviewer."""
    rows = (
        BlindSample.objects.visible_to(actor)
        if analytics_rows.sees_everybody(actor)
        else blind_rows.own(actor)
    )
    given = {
        "application__branch__code": period.branch,
        "application__product__code": period.product,
        "reviewed_by": period.reviewer,
    }
    rows = rows.filter(
        reviewed_at__gt=dates.last_moment(period.first - timedelta(days=1), period.zone),
        reviewed_at__lte=dates.last_moment(period.last, period.zone),
        **{name: value for name, value in given.items() if value},
    )
    return {key[0]: pairs for key, pairs in blind_rows.pairs_by(rows, "reviewed_by").items()}


def _lines(found: Analytics, way: str, names: Mapping[Any, str]) -> list[Line]:
    return [_line(names[key], figures) for key, figures in found.by[way].items()]


def _line(
    name: str, one: Figures, *, pairs: Pairs | None = None, limits: StampLimit | None = None
) -> Line:
    habit = rubber_stamping.Habit(one.recommended, one.same, one.work_seconds)
    pairs = pairs or Pairs()
    return Line(
        name=name,
        figures=one,
        approved=cell(one.approved, one.decided),
        age=span(one.age_seconds),
        work=span(one.work_seconds),
        to_approve=cell(one.to_approve, one.recommended_decline),
        to_decline=cell(one.to_decline, one.recommended_approve),
        override_bad=cell(one.override_bad, one.override_known),
        followed_bad=cell(one.followed_bad, one.followed_known),
        blind=cell(pairs.agreed, pairs.total),
        is_flagged=limits is not None and rubber_stamping.is_flagged(habit, limits.limits),
    )


def cell(hits: int, total: int) -> Cell:
    """Return a share in words; a dash and nothing more of nothing."""
    share = Share(hits, total)
    if not total:
        return Cell(DASH)
    counts = {"hits": formatting.format_number(hits), "total": formatting.format_number(total)}
    return Cell(
        blind_page.percent(share.rate),
        _("%(hits)s of %(total)s") % counts,
        blind_page.bounds(share.bounds),
    )


def span(seconds: float | None) -> str:
    """Return a span in words."""
    return DASH if seconds is None else presentation.duration(timedelta(seconds=seconds))


def chart(days: Mapping[date, Figures]) -> dict[str, Any] | None:
    """Return how many were approved and declined each day, stacked; None without a day."""
    if not days:
        return None
    from plotly import graph_objects  # noqa: PLC0415 - takes up to a second, so when first needed

    ordered = sorted(days)
    parts = (
        (_("Approved"), [days[day].approved for day in ordered], "mark-success"),
        (_("Declined"), [days[day].decided - days[day].approved for day in ordered], "mark-danger"),
    )
    data = [
        {
            "type": "bar",
            "name": name,
            "x": [day.isoformat() for day in ordered],
            "y": counts,
            "marker": {"color": f"var(--{color})"},
        }
        for name, counts, color in parts
    ]
    layout = {
        "height": 280,
        "barmode": "stack",
        "hovermode": "x unified",
        "xaxis": {"type": "date", "tickformat": "%-d %b %Y", "hoverformat": "%-d %b %Y"},
        "yaxis": {"title": {"text": _("Verdicts")}, "rangemode": "tozero"},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    }
    found: dict[str, Any] = graph_objects.Figure(data=data, layout=layout).to_plotly_json()
    found["layout"].pop("template", None)
    return found


def csv_rows(lines: Iterable[Line], way: str) -> Iterator[list[str]]:
    """Return a table as cells, its header first.

    Shares are counts, so that whoever adds groups together does it right; spans are seconds.
    """
    yield [way, *CSV_COLUMNS]
    for one in lines:
        values = (getattr(one.figures, column) for column in CSV_COLUMNS)
        yield [one.name, *("" if value is None else f"{value:g}" for value in values)]


CSV_COLUMNS = (
    *("decided", "approved", "recommended_approve", "to_decline", "recommended_decline"),
    *("to_approve", "override_known", "override_bad", "followed_known", "followed_bad"),
    *("age_seconds", "work_seconds"),
)


def groups(found: Groups) -> list[tuple[str, list[Group]]]:
    """Return each attribute's groups in words."""
    return [
        (str(protected_words.ATTRIBUTES[name]), [_group(code, one) for code, one in by.items()])
        for name, by in found.by.items()
    ]


def _group(code: str, one: proportions.GroupShare) -> Group:
    silent = code == proportions.NOT_STATED
    tone, words = _VERDICTS.get(one.verdict, ("neutral", ""))
    counts = cell(one.share.hits, one.share.total)
    return Group(
        name=_("Not stated") if silent else str(protected_words.VALUES[code]),
        rate=counts.figure,
        of=counts.of,
        interval=counts.interval,
        ratio=DASH if one.ratio is None else formatting.format_number(one.ratio, decimals=2),
        ratio_interval=DASH
        if one.ratio_bounds is None
        else "–".join(formatting.format_number(end, decimals=2) for end in one.ratio_bounds),  # noqa: RUF001
        is_reference=one.is_reference,
        verdict=str(words),
        tone=tone,
    )
