"""Files of debits: the list, preparing one, one as it stands, and its steps to the bank."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import keyset
from apps.core.access import requires
from apps.core.errors import DomainError, NotPermitted, NotVisible
from apps.core.visibility import get_visible
from apps.debits import looks, policies, selectors, sentences, services
from apps.debits.forms import PrepareForm, ReasonForm, RuleForm
from apps.debits.models import DebitFile, DebitRule
from apps.repayments.services import holding
from apps.repayments.views import contact_page
from apps.repayments.views.contact_page import Words


@require_GET
@requires(policies.SEE)
def files(request: HttpRequest) -> HttpResponse:
    """List the files of debits, the newest first."""
    page = keyset.page(
        selectors.files(request.user),
        by=selectors.NEWEST_FILES,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    standing = selectors.standing_of(page.rows)
    context = {
        "page": page,
        "rows": [(one, looks.FILES[one.status], *standing[one.pk]) for one in page.rows],
        "may_prepare": policies.may(request.user, policies.PREPARE),
        "may_answer": policies.may(request.user, policies.ANSWER),
        "may_rule": policies.may(request.user, policies.RULES),
    }
    return render(request, "debits/files.html", context)


@require_http_methods(["GET", "POST"])
@requires(policies.PREPARE)
def prepare(request: HttpRequest) -> HttpResponse:
    """Prepare what is asked for on a day."""
    today = holding.today_of(request.user.branch, timezone.now())
    form = PrepareForm(request.POST or None, actor=request.user, initial={"collect_on": today})
    if form.is_bound and form.is_valid():
        entity, branch, day = form.scope()
        try:
            made = services.prepare_file(
                actor=request.user,
                entity=entity,
                branch=branch,
                collect_on=day,
                now=timezone.now(),
            )
        except NotPermitted:
            raise
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("Prepared. Another person releases it for the bank."))
            return redirect("debits:file", pk=made.pk)
    words = Words(
        title=_("Prepare debits"),
        button=_("Prepare"),
        done="",
        place=_("Direct debits"),
        back=reverse("debits:files"),
        text=_(
            "Every loan with a mandate in force and something due on that day is asked for, once:"
            " what another file holds, or what was paid ahead, is left out."
        ),
    )
    crumbs = [{"label": words.place, "url": words.back}, {"label": words.title, "url": ""}]
    return render(
        request,
        "repayments/contact_form.html",
        {"form": form, "words": words, "crumbs": crumbs},
        status=422 if form.is_bound else 200,
    )


@require_GET
@requires(policies.SEE)
def file(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a file of debits as it stands: what it asks for, and what is to be done next."""
    found = visible(request.user, pk)
    page = keyset.page(
        selectors.debits_of(found, request.user),
        by=("number", "id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    user = request.user
    handles = policies.may(user, policies.PREPARE) or policies.may(user, policies.RELEASE)
    states = selectors.states_of(found)
    context = {
        "file": found,
        "look": looks.FILES[found.status],
        "page": page,
        "rows": [
            (one, looks.DEBITS[one.status], sentences.reason(one.reason_code)) for one in page.rows
        ],
        "states": [
            {"look": looks.DEBITS[code], "count": states[code][0], "amount": states[code][1]}
            for code in looks.DEBITS
            if code in states
        ],
        "left_out": sentences.left_out(found.left_out),
        "may_take_on": found.may("take_on") and policies.may(user, policies.PREPARE),
        "may_release": policies.may_release(user, found),
        "is_own": found.status == "prepared"
        and found.made_by_id == user.pk
        and policies.may(user, policies.RELEASE),
        "may_withdraw": found.may("withdraw") and handles,
        "may_fetch": bool(found.sha256) and found.status != "recalled" and handles,
        "crumbs": crumbs(str(found)),
        **_recall(user, found, has_open="presented" in states),
    }
    return render(request, "debits/file.html", context)


def _recall(user: Any, file: DebitFile, *, has_open: bool) -> dict[str, Any]:
    """Return what was asked about recalling a file, and what the person may do about it."""
    recall = selectors.latest_recall(file)
    is_asked = recall is not None and recall.status == "asked"
    return {
        "recall": recall,
        "recall_is_own": recall is not None and recall.asked_by_id == user.pk,
        "may_recall": file.may("recall")
        and has_open
        and not is_asked
        and policies.may(user, policies.RECALL),
        "may_confirm": recall is not None and policies.may_confirm(user, recall),
        "may_refuse": recall is not None and policies.may_refuse(user, recall),
    }


@require_GET
@requires(policies.SEE)
def download(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Hand over a file of debits as it was released."""
    return handed_over(request, visible(request.user, pk))


def handed_over(request: Any, file: DebitFile) -> HttpResponse:
    """Return the bytes of a released file as they were made."""
    content = services.fetch_file(actor=request.user, file=file)
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{file}.csv"'
    response["Cache-Control"] = "no-store, private"
    return response


@require_POST
@requires(policies.PREPARE)
def take_on(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take on a file that was prepared automatically."""
    return _done(
        request,
        pk,
        lambda found: services.take_file_on(actor=request.user, file=found),
        _("It is yours now; another person releases it."),
    )


@require_POST
@requires(policies.RELEASE)
def release(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Release a file that another person prepared."""
    return _done(
        request,
        pk,
        lambda found: services.release_file(actor=request.user, file=found, now=timezone.now()),
        _("Released. Hand the file to the bank."),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.SEE)
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Give up a file no bank was told of."""
    found = visible(request.user, pk)
    form = ReasonForm(request.POST or None)
    return contact_page.page(
        request,
        form,
        lambda: services.withdraw_file(actor=request.user, file=found, **form.cleaned_data),
        words=Words(
            title=_("Withdraw the file"),
            button=_("Withdraw"),
            done=_("Withdrawn; the debits can be prepared anew."),
            place=str(found),
            back=reverse("debits:file", args=[pk]),
        ),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.RULES)
def rules(request: HttpRequest) -> HttpResponse:
    """Show and set how the lender presents debits."""
    entity = request.user.branch.entity
    rule = DebitRule.objects.filter(entity=entity).first()
    form = RuleForm.of(rule, request.POST or None)
    return contact_page.page(
        request,
        form,
        lambda: services.set_rule(actor=request.user, entity=entity, entry=form.entry()),
        words=Words(
            title=_("How debits are presented"),
            button=_("Set"),
            done=_("The rule is set."),
            place=_("Direct debits"),
            back=reverse("debits:files"),
            text=_("For %(lender)s. It holds for what is prepared from now on.")
            % {"lender": entity.name},
        ),
    )


def visible(actor: Any, pk: uuid.UUID) -> DebitFile:
    """Return the file if the person may see it; else NotVisible."""
    found: DebitFile = get_visible(selectors.files_with_lender(), actor, pk=pk)
    return found


def crumbs(here: str) -> list[dict[str, str]]:
    """Return the path to a page below the list of files."""
    return [
        {"label": _("Direct debits"), "url": reverse("debits:files")},
        {"label": here, "url": ""},
    ]


def _done(
    request: HttpRequest, pk: uuid.UUID, act: Callable[[DebitFile], Any], done: str
) -> HttpResponse:
    found = visible(request.user, pk)
    try:
        act(found)
        messages.success(request, done)
    except NotVisible:
        raise
    except DomainError as refusal:
        messages.error(request, str(refusal.sentence))
    return redirect("debits:file", pk=pk)
