"""The components of the design system: what they write, and that bad calls are refused."""

import inspect
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone

from apps.core import style_guide
from apps.core.templatetags import _geometry, ui
from apps.core.templatetags import format as format_tags

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


class LoanForm(forms.Form):
    """A form with one field of each shape a component treats differently."""

    amount = forms.DecimalField(label="Amount", min_value=1, help_text="In rupees")
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea)
    channel = forms.ChoiceField(
        label="Channel", choices=[("b", "Branch"), ("p", "Phone")], widget=forms.RadioSelect
    )
    consent = forms.BooleanField(label="Consent")
    version = forms.IntegerField(widget=forms.HiddenInput, initial=3)


def render(source: str, **context: Any) -> str:
    """Return the template's HTML with runs of white space as one space."""
    html = Template("{% load ui format %}" + source).render(Context(context))
    return re.sub(r"\s+", " ", html).strip()


# --- words and shapes ------------------------------------------------------------------------
def test_it_shows_a_state_as_word_and_shape() -> None:
    html = render('{% status "in_review" %}')

    assert "status--progress" in html
    assert "icons.svg#user-round" in html or "#user-round" in html
    assert html.endswith("In review</span>")


def test_it_shows_a_state_with_the_models_own_words() -> None:
    assert render('{% status "approved" label="Sanctioned" %}').endswith("Sanctioned</span>")


def test_it_shows_an_unknown_state_neutrally_by_its_name() -> None:
    html = render('{% status "half_done" %}')

    assert "status--neutral" in html
    assert html.endswith("Half done</span>")


def test_it_escapes_what_it_is_given() -> None:
    html = render("{% badge text %}{% callout title=text %}x{% endcallout %}", text="<b>&")

    assert "<b>" not in html
    assert html.count("&lt;b&gt;&amp;") == 2


def test_it_refuses_a_tone_that_does_not_exist() -> None:
    with pytest.raises(TemplateSyntaxError, match="'loud' is not a tone"):
        render('{% badge "x" tone="loud" %}')


@pytest.mark.parametrize(
    ("days", "tone", "symbol"),
    [
        (0, "success", "circle-check"),
        (1, "warning", "clock"),
        (30, "warning", "clock"),
        (31, "warning", "triangle-alert"),
        (89, "warning", "triangle-alert"),
        (90, "danger", "octagon-alert"),
    ],
)
def test_it_changes_shape_with_days_past_due(days: int, tone: str, symbol: str) -> None:
    html = str(ui.dpd(days))

    assert f"dpd--{tone}" in html
    assert f"#{symbol}" in html
    assert f"{days}<span" in html


# --- figures as text -------------------------------------------------------------------------
def test_it_writes_a_missing_value_as_a_dash_and_never_as_zero() -> None:
    source = (
        '{{ x|money:"INR" }} {{ x|percent }} {{ x|rate }} {{ x|day }} {{ x|moment }} {{ x|age }}'
    )

    assert render(source, x=None) == "— — — — — —"


def test_it_writes_money_rates_and_shares() -> None:
    html = render(
        '{{ a|money:"INR" }};{% money a "KES" %};{{ a|amount:"INR" }};{{ r|rate }};{{ r|percent }}',
        a=Decimal(1234567),
        r=Decimal("0.145"),
    )

    assert html.replace("\u202f", " ") == (
        '₹12,34,567.00;<span class="money">KSh 1,234,567.00</span>;12,34,567.00;14.50 % p.a.;14.5 %'
    )


def test_it_refuses_a_float_where_money_is_written() -> None:
    with pytest.raises(TypeError, match="never a float"):
        render('{{ x|money:"INR" }}', x=10.5)


def test_it_writes_dates_that_cannot_be_misread() -> None:
    with timezone.override("Asia/Kolkata"):
        html = render("{{ d|day }};{{ m|moment }}", d=date(2026, 3, 4), m=NOW)

    assert html == (
        '4 Mar 2026;<time class="nowrap" datetime="2026-11-21T15:00:00+05:30">'
        "21 Nov 2026, 15:00</time>"
    )


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (timedelta(seconds=5), "under 1 min"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=2), "2 d"),
        (timedelta(days=75), "2 mo"),
        (timedelta(days=800), "2 y"),
        (timedelta(hours=-3), "in 3 h"),
    ],
)
def test_it_writes_an_age_in_one_short_unit(ago: timedelta, expected: str) -> None:
    assert f">{expected}</time>" in str(format_tags.age(NOW - ago, NOW))


# --- forms -----------------------------------------------------------------------------------
def test_it_ties_label_help_and_error_to_the_widget() -> None:
    form = LoanForm({"amount": "-5"})

    html = render('{% field form.amount prefix="₹" width="medium" %}', form=form)

    assert '<label class="field__label" for="id_amount">Amount</label>' in html
    assert 'aria-describedby="id_amount_helptext id_amount_error"' in html
    assert 'id="id_amount_helptext">In rupees' in html
    assert 'id="id_amount_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'value="-5"' in html
    assert 'class="input input--medium"' in html
    assert '<span class="input-group__affix">₹</span>' in html


def test_it_marks_what_may_be_left_out() -> None:
    assert "(optional)" in render("{% field form.note %}", form=LoanForm())
    assert "(optional)" not in render("{% field form.amount %}", form=LoanForm())


def test_it_groups_choices_under_a_legend() -> None:
    html = render("{% field form.channel inline=True %}", form=LoanForm({}))

    assert '<fieldset class="field field--invalid" id="id_channel"' in html
    assert '<legend class="field__label">Channel</legend>' in html
    assert html.count('type="radio"') == 2
    assert "choices--inline" in html


def test_it_renders_every_field_of_a_form_once() -> None:
    html = render("{% fields form %}", form=LoanForm())

    for name in ("amount", "note", "consent", "version"):
        assert html.count(f'name="{name}"') == 1
    assert '<input type="hidden" name="version" value="3"' in html


def test_it_sums_up_errors_with_links_to_their_fields() -> None:
    form = LoanForm({"channel": "b", "consent": "on", "version": "3"})
    form.add_error(None, "The case was decided meanwhile.")

    html = render("{% form_errors form %}", form=form)

    assert "<li>The case was decided meanwhile.</li>" in html
    assert '<a href="#id_amount">Amount: This field is required.</a>' in html
    assert 'role="alert"' in html


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("I have read the statement.", "I have read the statement. This field is required."),
        ("मैंने विवरण पढ़ लिया है।", "मैंने विवरण पढ़ लिया है। This field is required."),
        ("Is it yours?", "Is it yours? This field is required."),
        ("Amount", "Amount: This field is required."),
    ],
)
def test_it_does_not_end_a_sentence_twice(label: str, said: str) -> None:
    form = LoanForm({"channel": "b", "consent": "on", "version": "3"})
    form.fields["amount"].label = label

    assert f">{said}</a>" in render("{% form_errors form %}", form=form)


def test_it_says_nothing_where_there_is_no_error() -> None:
    assert render("{% form_errors form %}", form=LoanForm()) == ""


# --- worklists -------------------------------------------------------------------------------
def test_it_turns_the_sort_around_and_keeps_the_filter(rf: RequestFactory) -> None:
    request = rf.get("/", {"state": "in_review", "sort": "amount", "page": "4"})

    html = render('{% sort_header "amount" "Amount" numeric=True %}', request=request)

    assert 'href="?state=in_review&amp;sort=-amount"' in html
    assert 'class="num" aria-sort="ascending"' in html


def test_it_shows_the_sort_a_list_has_by_itself(rf: RequestFactory) -> None:
    request = rf.get("/")

    html = render(
        '{% sort_header "age" "Age" default="-age" %}{% sort_header "name" "Name" %}',
        request=request,
    )

    assert html.count("aria-sort") == 1
    assert 'aria-sort="descending"' in html
    assert 'href="?sort=age"' in html


def test_it_pages_and_keeps_the_filter(rf: RequestFactory) -> None:
    request = rf.get("/", {"q": "a&b", "page": "2"})
    page = Paginator(range(95), 20).page(2)

    html = render("{% pagination page %}", request=request, page=page)

    assert "21 to 40 of 95" in html
    assert 'rel="prev" href="?q=a%26b&amp;page=1"' in html
    assert 'rel="next" href="?q=a%26b&amp;page=3"' in html


def test_it_pages_by_cursor_without_a_total(rf: RequestFactory) -> None:
    request = rf.get("/", {"q": "x", "after": "10"})

    html = render('{% keyset_pagination previous="11" next="" %}', request=request)

    assert 'href="?q=x&amp;before=11"' in html
    assert 'rel="next"' not in html
    assert " of " not in html


def test_it_offers_to_clear_a_filter_only_when_one_is_set(rf: RequestFactory) -> None:
    class Filter(forms.Form):
        q = forms.CharField(required=False)

    unset, being_set = rf.get("/", {"sort": "-age"}), rf.get("/", {"sort": "-age", "q": "x"})

    plain = render("{% filter_bar form %}", request=unset, form=Filter(unset.GET))
    active = render("{% filter_bar form %}", request=being_set, form=Filter(being_set.GET))

    assert "Clear" not in plain
    assert 'href="?sort=-age">Clear' in active
    assert '<input type="hidden" name="sort" value="-age">' in active


# --- sections --------------------------------------------------------------------------------
def test_it_heads_a_page_with_its_trail_and_actions() -> None:
    crumbs = [{"label": "Home", "url": "/"}, {"label": "Cases"}]

    html = render(
        '{% pageheader "Cases" subtitle="All" crumbs=crumbs %}<a>New</a>{% endpageheader %}',
        crumbs=crumbs,
    )

    assert "<h1>Cases</h1>" in html
    assert '<a href="/">Home</a>' in html
    assert '<span aria-current="page">Cases</span>' in html
    assert '<div class="page-header__actions"><a>New</a></div>' in html


def test_it_masks_a_value_and_asks_the_server_for_the_whole() -> None:
    html = render('{% masked "•••• 4821" "/reveal/" "Aadhaar" %}')

    assert "•••• 4821" in html
    assert 'hx-post="/reveal/"' in html
    assert "Show Aadhaar; this is recorded" in html


def test_it_offers_no_reveal_to_whoever_may_not() -> None:
    assert "button" not in render('{% masked "•••• 4821" %}')


def test_it_announces_errors_at_once_and_news_politely() -> None:
    messages = [SimpleNamespace(level_tag="error"), SimpleNamespace(level_tag="success")]

    html = render("{% messages_list messages %}", messages=messages)

    assert html.count('role="alert"') == 1
    assert html.count('role="status"') == 1


# --- figures as marks ------------------------------------------------------------------------
def test_it_draws_a_meter_and_says_when_the_limit_is_passed() -> None:
    html = render('{% meter "FOIR" 0.52 "52 %" limit=0.45 note="limit 45 %" %}')

    assert 'width="52.00%"' in html
    assert 'x1="45.00%"' in html
    assert "Above the limit" in html


def test_it_keeps_a_meter_within_its_frame() -> None:
    assert _geometry.percent_of(Decimal(3), 1) == "100.00%"
    assert _geometry.percent_of(Decimal(-3), 1) == "0.00%"


@pytest.mark.parametrize(("value", "maximum"), [(1, 0), (float("nan"), 1), (float("inf"), 1)])
def test_it_refuses_a_bar_that_cannot_be_drawn(value: float, maximum: float) -> None:
    with pytest.raises(ValueError, match="bar"):
        _geometry.percent_of(value, maximum)


def test_it_places_a_score_on_its_scale() -> None:
    bands = [
        {"low": 300, "high": 600, "label": "Decline", "tone": "danger"},
        {"low": 600, "high": 900, "label": "Approve", "tone": "success"},
    ]

    html = render("{% score_gauge 600 300 900 bands=bands %}", bands=bands)

    assert "translate(160.0 1)" in html
    assert "on a scale of 300 to 900 · <strong>Approve</strong>" in html


def test_it_draws_no_needle_without_a_score() -> None:
    html = render("{% score_gauge None 300 900 %}")

    assert "gauge__needle" not in html
    assert '<span class="gauge__score">—</span>' in html


def test_it_draws_risk_to_the_right_and_relief_to_the_left() -> None:
    assert _geometry.diverging(2.0, 4.0) == ("50.00%", "25.00%")
    assert _geometry.diverging(-4.0, 4.0) == ("0.00%", "50.00%")
    assert _geometry.diverging(0.0, 0.0) == ("50.00%", "0.00%")


def test_it_says_in_words_what_each_factor_did() -> None:
    items = [
        {"label": "Income", "value": "₹84,000", "contribution": -0.2, "effect": "-0.20"},
        {"label": "Enquiries", "value": "7", "contribution": 0.4, "effect": "+0.40"},
    ]

    html = render("{% attribution_bars items %}", items=items)

    assert html.index("lowers the risk") < html.index("raises the risk")
    assert '<th scope="row">Income<span class="attribution__own">₹84,000</span></th>' in html


def test_it_draws_a_line_of_values() -> None:
    assert _geometry.sparkline([1, 3, 2]) == "M0.0 22.0 L48.0 2.0 L96.0 12.0"
    assert _geometry.sparkline([5]) == "M0.0 12.0 L96.0 12.0"


# --- the whole -------------------------------------------------------------------------------
def test_it_shows_every_component_in_the_style_guide(rf: RequestFactory) -> None:
    request = rf.get("/styleguide/")
    request.user = AnonymousUser()  # type: ignore[assignment]

    html = inspect.unwrap(style_guide.style_guide)(request).content.decode()

    for block in (
        "page-header", "status", "button", "count", "card", "facts", "tabs", "timeline", "steps",
        "callout", "empty", "disclosure", "menu", "segmented", "masked", "copyable", "dialog",
        "field", "input-group", "choice", "error-summary", "filters", "table", "pagination",
        "stat", "meter", "gauge", "attribution", "sparkline", "dpd", "toast",
    ):  # fmt: skip
        assert re.search(rf'class="(?:[^"]* )?{block}(?:["\s]|--|__)', html), block
    assert " style=" not in html
    assert '<span class="field__optional">(needed, except for cash)</span>' in html


@pytest.mark.parametrize("name", ["400", "403", "404", "500"])
def test_it_has_error_pages_that_need_no_request(name: str) -> None:
    html = render_to_string(f"{name}.html")

    assert html.lstrip().startswith("<!doctype html>")
    assert "<h1>" in html
