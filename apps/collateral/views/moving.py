"""Pledge, perfect, withdraw and invoke an item; ask for its release and answer that."""

import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.collateral import forms, policies, services
from apps.collateral.models import Item, Lien, Release
from apps.collateral.views import _pages
from apps.core.access import requires
from apps.core.errors import NotVisible

form_methods = require_http_methods(["GET", "POST"])


@form_methods
@requires(policies.KEEP)
def pledge(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Note that the owner signed the deed."""
    title, done = _("Record the pledge"), _("The item is pledged.")
    return _deed(request, pk, services.pledge, title=title, done=done)


@form_methods
@requires(policies.KEEP)
def perfect(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Note that the charge holds against everybody."""
    title, done = _("Record the entry of the charge"), _("The charge holds against everybody.")
    return _deed(request, pk, services.perfect, title=title, done=done)


@form_methods
@requires(policies.KEEP)
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take an item that was never pledged out of use."""
    title, done = _("Withdraw the item"), _("Withdrawn.")
    return _ending(request, pk, services.withdraw, title=title, done=done)


@form_methods
@requires(policies.RELEASE)
def invoke(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Note that the charge was enforced."""
    title, done = _("Record that the charge was enforced"), _("Recorded as invoked.")
    return _ending(request, pk, services.invoke, title=title, done=done)


@form_methods
@requires(policies.KEEP)
def ask_release(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask to release the item, or the lien that the address names."""
    item = _pages.item(request, pk)
    lien = _named(item, request.GET.get("lien", ""))
    form = forms.ReasonForm(request.POST or None)
    title = _("Ask to release the item") if lien is None else _("Ask to release the lien")
    return _pages.about_item(
        request,
        item,
        form,
        lambda: services.ask_release(
            actor=request.user,
            item=item,
            lien=lien,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        ),
        title=title,
        done=_("Asked. Another person must release it."),
    )


@require_POST
@requires(policies.RELEASE)
def grant(request: HttpRequest, pk: uuid.UUID, release_pk: uuid.UUID) -> HttpResponse:
    """Release what another person asked for."""
    item = _pages.item(request, pk)
    release = _release(item, release_pk)
    return _pages.acted(
        request,
        _pages.page_of(item),
        lambda: services.grant_release(actor=request.user, release=release, now=timezone.now()),
        _("Released. Give the papers back within 30 days of full repayment."),
    )


@form_methods
@requires(policies.RELEASE)
def refuse(request: HttpRequest, pk: uuid.UUID, release_pk: uuid.UUID) -> HttpResponse:
    """Refuse what another person asked for."""
    item = _pages.item(request, pk)
    release = _release(item, release_pk)
    form = forms.NoteForm(request.POST or None)
    return _pages.about_item(
        request,
        item,
        form,
        lambda: services.refuse_release(
            actor=request.user,
            release=release,
            note=form.cleaned_data["note"],
            now=timezone.now(),
        ),
        title=_("Refuse the release"),
        done=_("Refused; the item stays charged."),
    )


def _deed(
    request: HttpRequest, pk: uuid.UUID, move: Callable[..., Any], *, title: str, done: str
) -> HttpResponse:
    item = _pages.item(request, pk)
    form = forms.DeedForm(request.POST or None, initial={"day": _pages.today(item)})
    return _pages.about_item(
        request,
        item,
        form,
        lambda: move(actor=request.user, item=item, deed=form.deed(), now=timezone.now()),
        title=title,
        done=done,
    )


def _ending(
    request: HttpRequest, pk: uuid.UUID, move: Callable[..., Any], *, title: str, done: str
) -> HttpResponse:
    item = _pages.item(request, pk)
    form = forms.ReasonForm(request.POST or None)
    return _pages.about_item(
        request,
        item,
        form,
        lambda: move(
            actor=request.user,
            item=item,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        ),
        title=title,
        done=done,
    )


def _named(item: Item, given: str) -> Lien | None:
    if not given:
        return None
    found = [one for one in item.liens.all() if str(one.pk) == given]
    if not found:
        raise NotVisible("not_found", _("There is no such lien on this item."))
    return found[0]


def _release(item: Item, pk: uuid.UUID) -> Release:
    found = Release.objects.filter(item=item, pk=pk).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such request."))
    return found
