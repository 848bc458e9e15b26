"""The style guide: every component in all its states, with specimens that belong to nobody."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import RedirectView

from apps.core.access import requires
from apps.core.templatetags import _statuses

# Who works for the lender: programs and strangers do not.
SEE = "accounts.view_style_guide"
# A fixed moment, so that two looks at the guide show the same page.
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


class _ReferenceField(forms.CharField):
    """A field that may be left out at times, and says when it may not."""

    needed_when = gettext_lazy("needed, except for cash")


class SpecimenForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label=gettext_lazy("Full name"), max_length=60)
    amount = forms.DecimalField(
        label=gettext_lazy("Amount"),
        help_text=gettext_lazy("Between ₹10,000 and ₹5,00,000."),
        min_value=Decimal(10_000),
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    term = forms.IntegerField(label=gettext_lazy("Term"), min_value=3, max_value=60)
    start = forms.DateField(
        label=gettext_lazy("First instalment"), widget=forms.DateInput(attrs={"type": "date"})
    )
    purpose = forms.ChoiceField(
        label=gettext_lazy("Purpose"),
        choices=[("", "—"), ("stock", gettext_lazy("Stock")), ("home", gettext_lazy("Home"))],
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"),
        choices=[("branch", gettext_lazy("Branch")), ("phone", gettext_lazy("Telephone"))],
        widget=forms.RadioSelect,
    )
    document = forms.FileField(label=gettext_lazy("Pay slip"), required=False)
    reference = _ReferenceField(label=gettext_lazy("Reference of the payment"), required=False)
    note = forms.CharField(
        label=gettext_lazy("Note"), widget=forms.Textarea(attrs={"rows": 3}), required=False
    )
    consent = forms.BooleanField(
        label=gettext_lazy("The customer agrees to a bureau enquiry"),
        help_text=gettext_lazy("Consent is recorded with the time and the officer's name."),
    )


class SpecimenFilter(forms.Form):
    """A filter bar's form."""

    q = forms.CharField(
        label=gettext_lazy("Search"),
        required=False,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[("", gettext_lazy("All")), ("in_review", gettext_lazy("In review"))],
    )
    since = forms.DateField(
        label=gettext_lazy("Received from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )


@requires(SEE)
def style_guide(request: HttpRequest) -> HttpResponse:
    """Show the design system."""
    return render(request, "styleguide.html", specimens(request))


# Where the guide stood before.
moved = requires(SEE)(RedirectView.as_view(pattern_name="style_guide"))


def specimens(request: HttpRequest) -> dict[str, Any]:
    """Return the context of the style guide: specimens, not business data."""
    wrong = SpecimenForm({"name": "", "amount": "9000", "term": "600", "channel": "branch"})
    wrong.full_clean()
    cases = _cases()
    return {
        "crumbs": [{"label": _("Home"), "url": "/"}, {"label": _("Style guide")}],
        "form": SpecimenForm(prefix="specimen"),
        "wrong": wrong,
        "filter_form": SpecimenFilter(request.GET or None),
        "page": Paginator([*cases, *cases], len(cases)).get_page(request.GET.get("page")),
        "tones": ["neutral", "info", "success", "warning", "danger", "progress"],
        "states": list(_statuses.SHARED),
        "kinds": [(kind, list(states)) for kind, states in _statuses.BY_KIND.items()],
        "now": NOW,
        "earlier": NOW - timedelta(hours=3),
        "timeline": _timeline(),
        "steps": _steps(),
        "tabs": _tabs(),
        "attributions": _attributions(),
        "bands": _bands(),
        "series": [412, 430, 425, 440, 461, 455, 470, 492, 488, 510],
        "amount": Decimal("1234567.00"),
        "rate": Decimal("0.145"),
        "colours": COLOURS,
    }


COLOURS = [
    "canvas", "surface", "surface-sunken", "surface-selected", "text", "text-muted", "border",
    "border-control", "accent", "mark-primary", "mark-raises-risk", "mark-lowers-risk",
]  # fmt: skip


def _cases() -> list[dict[str, Any]]:
    rows = [
        ("A-10482", "Asha Verma", "450000", "in_review", 71, 0),
        ("A-10479", "Baraka Otieno", "1250000", "approved", 55, 12),
        ("A-10476", "Chitra Nair", "86000", "declined", 30, 45),
        ("A-10470", "Daniel Mwangi", "2300500", "scored", 2, 97),
    ]
    return [
        {
            "reference": reference,
            "name": name,
            "amount": Decimal(amount),
            "status": status,
            "received": NOW - timedelta(hours=hours),
            "dpd": days,
        }
        for reference, name, amount, status, hours, days in rows
    ]


def _timeline() -> list[dict[str, Any]]:
    return [
        {
            "what": _("Referred to review: debt service above 45 % of net income"),
            "who": _("Policy 2026-11, rule R-07"),
            "when": NOW,
            "tone": "progress",
            "icon": "user-round",
        },
        {
            "what": _("Scored 642 by the champion"),
            "who": _("System"),
            "when": NOW - timedelta(minutes=1),
            "tone": "info",
            "icon": "gauge",
        },
        {
            "what": _("Application submitted"),
            "who": "Asha Verma",
            "when": NOW - timedelta(minutes=2),
            "note": _("Three documents attached."),
            "icon": "send",
        },
    ]


def _steps() -> list[dict[str, str]]:
    return [
        {"label": _("Draft"), "state": "done"},
        {"label": _("Submitted"), "state": "done"},
        {"label": _("Scored"), "state": "done"},
        {"label": _("In review"), "state": "current"},
        {"label": _("Decided"), "state": "next"},
    ]


def _tabs() -> list[dict[str, Any]]:
    return [
        {"label": _("Overview"), "url": "#tabs", "current": True},
        {"label": _("Documents"), "url": "#tabs", "count": 3},
        {"label": _("History"), "url": "#tabs"},
    ]


def _attributions() -> list[dict[str, Any]]:
    rows = [
        (_("Debt service to net income"), "52 %", 0.61, "+0.61"),
        (_("Bureau enquiries, 6 months"), "7", 0.38, "+0.38"),
        (_("Time in present job"), _("9 months"), 0.12, "+0.12"),
        (_("Repayment history"), _("24 of 24 on time"), -0.47, "\u22120.47"),
        (_("Savings balance"), "₹84,000.00", -0.21, "\u22120.21"),
    ]
    names = ("label", "value", "contribution", "effect")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _bands() -> list[dict[str, Any]]:
    return [
        {"low": 300, "high": 560, "label": _("Decline"), "tone": "danger"},
        {"low": 560, "high": 660, "label": _("Review"), "tone": "warning"},
        {"low": 660, "high": 900, "label": _("Approve"), "tone": "success"},
    ]
