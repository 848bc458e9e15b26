"""Tags for the components of the design system; docs/design-system.md shows each with its call."""

import functools
from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BaseForm, BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.http import QueryDict
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.core.templatetags import _statuses, figures

register = template.Library()
# One `{% load ui %}` gives a page every component.
register.tags.update(figures.register.tags)
# Where the shape of days past due changes: the second bucket, and the line to non-performing.
EARLY_ARREARS_DAYS = 30
NON_PERFORMING_DAYS = 90
SPRITE = "vendor/lucide/icons.svg"
TONES = ("neutral", "info", "success", "warning", "danger", "progress")
_TONE_ICONS = {
    "neutral": "info",
    "info": "info",
    "success": "circle-check",
    "warning": "triangle-alert",
    "danger": "octagon-alert",
    "progress": "user-round",
}
_MESSAGE_TONES = {
    "debug": "neutral",
    "info": "info",
    "success": "success",
    "warning": "warning",
    "error": "danger",
}
_PAGE_PARAMETERS = ("page", "after", "before")
# How a label that is a sentence of its own ends, in any of our languages.
_SENTENCE_ENDS = (".", "?", "!", "\u2026", "\u0964", ":")


@functools.cache
def _sprite() -> str:
    """Return the address of the file of symbols; it is the same as long as the process runs."""
    return static(SPRITE)


# --- words and shapes ------------------------------------------------------------------------
@register.simple_tag
def icon(name: str, label: str = "", size: str = "") -> SafeString:
    """Draw one symbol; decorative unless `label` says what it means."""
    css = f"icon icon--{size}" if size else "icon"
    href = f"{_sprite()}#{name}"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"></use></svg>',
            css,
            label,
            href,
        )
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}"></use></svg>',
        css,
        href,
    )


@register.simple_tag
def status(value: Any, kind: str = "", label: str = "", size: str = "") -> SafeString:
    """Show a state as word and shape. `kind` picks words of one kind of thing, `label` overrides.

    Pass `label=object.get_status_display` where the model's own words should be read.
    """
    look = _statuses.look_of(str(value), kind)
    return badge(label or str(look.label), tone=look.tone, symbol=look.icon, size=size)


@register.simple_tag
def badge(text: str, tone: str = "neutral", symbol: str = "", size: str = "") -> SafeString:
    """Show any short text as a status: tone, icon and word given by the caller."""
    css = f"status status--{_known_tone(tone)}" + (f" status--{size}" if size else "")
    return format_html('<span class="{}">{}{}</span>', css, icon(symbol or _TONE_ICONS[tone]), text)


@register.simple_tag
def dpd(days: int | None) -> SafeString:
    """Show days past due: number and a shape that grows worse at 1, 31 and 90 days."""
    if days is None:
        return format_html("—")
    tone, symbol = "success", "circle-check"
    if days >= NON_PERFORMING_DAYS:
        tone, symbol = "danger", "octagon-alert"
    elif days > EARLY_ARREARS_DAYS:
        tone, symbol = "warning", "triangle-alert"
    elif days > 0:
        tone, symbol = "warning", "clock"
    return format_html(
        '<span class="dpd dpd--{}">{}{}<span class="visually-hidden"> {}</span></span>',
        tone,
        icon(symbol),
        days,
        _("days past due"),
    )


# --- page and section ------------------------------------------------------------------------
@register.simple_block_tag
def pageheader(
    content: str,
    title: str,
    *,
    subtitle: str = "",
    crumbs: Iterable[Mapping[str, str]] = (),
    state: str = "",
) -> str:
    """Head a page. `crumbs` are `{"label", "url"}`; the block's content are the actions.

    `state` takes a badge: `{% status case.status as badge %}{% pageheader … state=badge %}`.
    """
    return _render("page_header", locals())


@register.simple_block_tag
def card(
    content: str,
    title: str = "",
    *,
    symbol: str = "",
    id: str = "",  # noqa: A002 - the HTML attribute's own name
    flush: bool = False,
    action_url: str = "",
    action_label: str = "",
    level: int = 2,
) -> str:
    """Frame a section with a heading; `flush` lets a table touch the frame."""
    return _render("card", locals())


@register.simple_block_tag
def callout(content: str, tone: str = "info", title: str = "") -> str:
    """Say something to know before going on."""
    return _render("callout", {**locals(), "symbol": _TONE_ICONS[_known_tone(tone)]})


@register.simple_block_tag
def dialog(content: str, id: str, title: str) -> str:  # noqa: A002 - the HTML attribute
    """A native dialog, opened by any button with `data-open-dialog="<id>"`."""
    return _render("dialog", locals())


@register.inclusion_tag("components/empty.html")
def empty(
    title: str,
    *,
    text: str = "",
    symbol: str = "inbox",
    action_url: str = "",
    action_label: str = "",
) -> dict[str, Any]:
    """Say that there is nothing, why, and what to do about it."""
    return locals()


@register.inclusion_tag("components/messages.html")
def messages_list(messages: Iterable[Any]) -> dict[str, Any]:
    """Show Django's messages as callouts; errors are announced at once, others politely."""
    shown = []
    for message in messages or ():
        tone = _MESSAGE_TONES.get(message.level_tag, "info")
        shown.append({"text": str(message), "tone": tone, "symbol": _TONE_ICONS[tone]})
    return {"shown": shown}


@register.inclusion_tag("components/tabs.html")
def tabs(items: Iterable[Mapping[str, Any]], label: str = "") -> dict[str, Any]:
    """Links between views of one thing: `{"label", "url", "current", "count"}` each."""
    return {"items": items, "label": label}


@register.inclusion_tag("components/timeline.html")
def timeline(entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What happened, newest first: `{"what", "who", "when", "note", "tone", "icon"}` each."""
    return {"entries": entries}


@register.inclusion_tag("components/steps.html")
def steps(items: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    """Where a case stands: `{"label", "state"}` with state done, current or next."""
    return {"items": items}


@register.simple_tag
def masked(value: str, reveal_url: str = "", label: str = "") -> str:
    """Show a value the server has masked, with a button that asks the server for the whole.

    The button POSTs to `reveal_url`, which answers with `components/revealed.html`.
    """
    return _render("masked", locals())


@register.simple_tag
def copyable(value: str, label: str = "") -> str:
    """Show a value, such as a reference or a hash, with a button that copies it."""
    return _render("copyable", locals())


# --- forms -----------------------------------------------------------------------------------
@register.simple_tag
def field(
    bound: BoundField,
    *,
    prefix: str = "",
    suffix: str = "",
    width: str = "",
    inline: bool = False,
    wide: bool = False,
) -> str:
    """Render a field: label, help, widget, errors beside it and tied to it for screen readers.

    `width` is short or medium; `prefix` and `suffix` stand beside the widget (currency, unit).
    """
    if bound.is_hidden:
        return bound.as_widget()
    widget = bound.field.widget
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return _render("field_choices", {"bound": bound, "inline": inline, "wide": wide})
    if isinstance(widget, CheckboxInput):
        return _render("field_checkbox", {"bound": bound, "wide": wide})
    css = " ".join(
        filter(None, ["input", f"input--{width}" if width else "", widget.attrs.get("class", "")])
    )
    return _render(
        "field",
        {
            "bound": bound,
            "control": bound.as_widget(attrs={"class": css}),
            "prefix": prefix,
            "suffix": suffix,
            "wide": wide,
        },
    )


@register.inclusion_tag("components/fields.html")
def fields(form: BaseForm) -> dict[str, Any]:
    """Render every field of a form below one another."""
    return {"form": form}


@register.inclusion_tag("components/form_errors.html")
def form_errors(*forms: BaseForm) -> dict[str, Any]:
    """Sum up the errors of the forms, each a link to its field; nothing where there is none."""
    general = [error for form in forms for error in form.non_field_errors()]
    linked = [
        {"bound": bound, "between": _between(bound.label), "error": error}
        for form in forms
        for bound in form
        for error in bound.errors
    ]
    return {"general": general, "linked": linked}


@register.inclusion_tag("components/filter_bar.html", takes_context=True)
def filter_bar(context: template.Context, form: BaseForm, label: str = "") -> dict[str, Any]:
    """A GET form above a worklist; keeps the sort order, offers to clear what is set."""
    given = _query(context)
    active = any(given.get(bound.html_name) for bound in form.visible_fields())
    return {
        "form": form,
        "sort": given.get("sort", ""),
        "active": active,
        "label": label or _("Filter"),
    }


# --- tables ----------------------------------------------------------------------------------
@register.simple_tag(takes_context=True)
def sort_header(
    context: template.Context, key: str, label: str, *, numeric: bool = False, default: str = ""
) -> str:
    """A `<th>` whose link sorts by `key` (`?sort=key`, `?sort=-key`); `default` is the view's."""
    query = _query(context).copy()
    current = query.get("sort") or default
    descending = current == f"-{key}"
    ascending = current == key
    for parameter in _PAGE_PARAMETERS:
        query.pop(parameter, None)
    query["sort"] = f"-{key}" if ascending else key
    direction = "descending" if descending else "ascending" if ascending else ""
    symbol = {"descending": "arrow-down", "ascending": "arrow-up"}.get(direction, "arrow-up-down")
    return _render(
        "sort_header",
        {
            "href": f"?{query.urlencode()}",
            "label": label,
            "numeric": numeric,
            "direction": direction,
            "symbol": symbol,
        },
    )


@register.simple_tag(takes_context=True)
def pagination(context: template.Context, page: Page) -> str:
    """Previous and next page of a Django `Page`, with how much is shown."""
    numbers = {
        "previous": page.previous_page_number() if page.has_previous() else None,
        "next": page.next_page_number() if page.has_next() else None,
    }
    return _render(
        "pagination",
        {
            "first": page.start_index(),
            "last": page.end_index(),
            "total": page.paginator.count,
            "previous_url": _with(context, page=numbers["previous"]),
            "next_url": _with(context, page=numbers["next"]),
        },
    )


@register.simple_tag(takes_context=True)
def keyset_pagination(
    context: template.Context,
    previous: str | None = None,
    next: str | None = None,  # noqa: A002
) -> str:
    """Earlier and later rows of a list read by cursor (`?before=…`, `?after=…`); no total."""
    return _render(
        "pagination",
        {
            "total": None,
            "previous_url": _with(context, before=previous),
            "next_url": _with(context, after=next),
        },
    )


# --- how the tags above are built --------------------------------------------------------------
def _render(name: str, context: dict[str, Any]) -> SafeString:
    return render_to_string(f"components/{name}.html", context)


def _between(label: Any) -> str:
    """Return what parts a label from what is said of it; one that is a sentence has its end."""
    return " " if str(label).rstrip().endswith(_SENTENCE_ENDS) else ": "


def _known_tone(tone: str) -> str:
    if tone not in TONES:
        raise template.TemplateSyntaxError(
            f"{tone!r} is not a tone; use one of {', '.join(TONES)}."
        )
    return tone


def _query(context: template.Context) -> QueryDict:
    request = context.get("request")
    return request.GET if request is not None else QueryDict()


def _with(context: template.Context, **parameters: Any) -> str:
    """Return the page's query at another position of the list; empty for no position."""
    if not any(parameters.values()):
        return ""
    query = _query(context).copy()
    for name in _PAGE_PARAMETERS:
        query.pop(name, None)
    query.update({name: str(value) for name, value in parameters.items()})
    return f"?{query.urlencode()}"
