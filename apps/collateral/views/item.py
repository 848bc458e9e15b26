"""One item: its page, and what is done about it."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.models import User
from apps.audit import services as audit
from apps.collateral import forms, policies, presentation, selectors, services, worths
from apps.collateral.models import Item, Lien, Valuation
from apps.collateral.views import _pages
from apps.core import masking
from apps.core.access import requires
from apps.core.errors import NotVisible
from apps.customers import policies as customer_policies
from apps.customers import selectors as customers

form_methods = require_http_methods(["GET", "POST"])


@require_GET
@requires(policies.VIEW)
def detail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show an item as of a day: value, liens in order, history, and what the person may do."""
    item = _pages.item(request, pk)
    today = _pages.today(item)
    form = forms.AsOfForm(request.GET)
    on = form.chosen(today)
    found = worths.of_item(item, on)
    sees = request.user.has_perm("customers.view_customer")
    context = {
        **presentation.row(found, sees_customers=sees),
        "on": on,
        "is_today": on == today,
        "as_of": form,
        "crumbs": _pages.crumbs(None, item.number),
        "charges": presentation.charges(found, selectors.liens(item), actor=request.user),
        "valuations": selectors.valuations(item),
        "insurances": [
            (one, masking.tail(one.policy_number)) for one in selectors.insurances(item)
        ],
        "same": selectors.same_thing(item, request.user),
        "documents": _documents(request.user, item),
        "subject": audit.reference(item),
        **_actions(request.user, item),
    }
    return render(request, "collateral/detail.html", context)


@form_methods
@requires(policies.KEEP)
def value(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Record what the item is worth."""
    item = _pages.item(request, pk)
    form = forms.ValuationForm(request.POST or None, initial={"valued_date": _pages.today(item)})
    return _pages.about_item(
        request,
        item,
        form,
        lambda: services.value(
            actor=request.user, item=item, entry=form.valuation(), now=timezone.now()
        ),
        title=_("Record a valuation"),
        done=_("Recorded. The latest valuation counts."),
    )


@form_methods
@requires(policies.KEEP)
def correct(request: HttpRequest, pk: uuid.UUID, valuation_pk: uuid.UUID) -> HttpResponse:
    """Record what a valuation should have said."""
    item = _pages.item(request, pk)
    wrong = Valuation.objects.filter(item=item, pk=valuation_pk).first()
    if wrong is None:
        raise NotVisible("not_found", _("There is no such valuation."))
    form = forms.CorrectionForm(request.POST or None, wrong=wrong)
    return _pages.about_item(
        request,
        item,
        form,
        lambda: services.correct_valuation(
            actor=request.user,
            valuation=wrong,
            entry=form.valuation(),
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        ),
        title=_("Correct a valuation"),
        done=_("Corrected. The wrong row stays in the history and counts no more."),
    )


@form_methods
@requires(policies.KEEP)
def insure(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Record a policy that insures the item."""
    item = _pages.item(request, pk)
    form = forms.InsuranceForm(request.POST or None)
    return _pages.about_item(
        request,
        item,
        form,
        lambda: services.insure(
            actor=request.user, item=item, entry=form.insurance(), now=timezone.now()
        ),
        title=_("Record an insurance"),
        done=_("Recorded."),
    )


@form_methods
@requires(policies.KEEP)
def charge(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Put a lien on the item."""
    item = _pages.item(request, pk)
    form = forms.LienForm(request.POST or None)

    def act() -> Lien:
        application = _pages.numbered(request, form.cleaned_data["application"])
        return services.charge(
            actor=request.user, item=item, entry=form.lien(application, None), now=timezone.now()
        )

    return _pages.about_item(
        request,
        item,
        form,
        act,
        title=_("Add a lien"),
        done=_("The lien stands in its rank."),
        worth=worths.of_item(item, _pages.today(item)),
    )


@require_POST
@requires(policies.KEEP)
def drop(request: HttpRequest, pk: uuid.UUID, lien_pk: uuid.UUID) -> HttpResponse:
    """Take a lien off an item that was never pledged, or another lender's that is paid off."""
    item = _pages.item(request, pk)
    lien = _lien(item, lien_pk)
    return _pages.acted(
        request,
        _pages.page_of(item),
        lambda: services.drop(actor=request.user, lien=lien, now=timezone.now()),
        _("The lien is off the item."),
    )


@require_POST
@requires(policies.REVEAL)
def reveal(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the official number in clear; the reading is on the audit trail."""
    item = _pages.item(request, pk)
    number = services.read_registration(actor=request.user, item=item)
    return render(request, "components/revealed.html", {"value": number})


def _lien(item: Item, pk: uuid.UUID) -> Lien:
    found = Lien.objects.filter(item=item, pk=pk).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such lien on this item."))
    return found


def _documents(actor: User, item: Item) -> list[Any]:
    """Return the owner's papers about collateral, for who may see customers."""
    if item.owner is None or not actor.has_perm("customers.view_customer"):
        return []
    papers = customers.documents(item.owner)
    return [one for one in papers if one.kind == one.Kind.COLLATERAL]


def _actions(actor: User, item: Item) -> dict[str, Any]:
    """Return what the person may do now."""
    waiting = selectors.waiting_release(item)
    return {
        "may_keep": policies.may_keep(actor, item),
        "may_pledge": policies.may_move(actor, item, "pledge"),
        "may_perfect": policies.may_move(actor, item, "perfect"),
        "may_withdraw": policies.may_move(actor, item, "withdraw"),
        "may_invoke": policies.may_move(actor, item, "invoke") and waiting is None,
        "may_ask": policies.may_ask_release(actor, item)
        and waiting is None
        and not selectors.is_owed_under(item),
        "may_drop": actor.has_perm(policies.KEEP),
        "may_reveal": actor.has_perm(policies.REVEAL),
        "may_open_documents": item.owner is not None
        and customer_policies.may_download(actor, item.owner),
        "waiting": waiting,
        "names_lien": waiting is not None
        and waiting.lien is not None
        and bool(selectors.seen(actor, [waiting.lien])),
        "may_answer": waiting is not None and policies.may_answer_release(actor, waiting),
        "asked_by_me": waiting is not None and policies.asked(actor, waiting),
    }
