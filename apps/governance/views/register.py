"""Pages of the register: everything that helps to decide, as of any day, and its entries."""

import uuid
from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.core import problems
from apps.core.access import requires
from apps.core.errors import DomainError, NotPermitted, NotVisible
from apps.core.spreadsheets import csv_lines
from apps.governance import forms, policies, register_page, selectors, services
from apps.governance.models import RegisterEntry
from apps.scoring.models import ModelVersion

# As long as the name of a vendor and its score may be.
_LONGEST_CODE = 60


@requires(policies.SEE)
def register(request: HttpRequest) -> HttpResponse:
    """Show the register, as it stood at the end of a day where one is asked for."""
    form, day = _as_of(request)
    context = {
        "rows": register_page.rows(day, now=timezone.now()),
        "form": form,
        "on": day,
        "vendor_form": forms.VendorForm(),
        "may_enter": request.user.has_perm(policies.REGISTER),
    }
    return render(request, "governance/register.html", context)


@requires(policies.SEE)
def register_csv(request: HttpRequest) -> HttpResponse:
    """Return the register with every field as a CSV file."""
    _form, day = _as_of(request)
    written = "".join(csv_lines(register_page.table(day, now=timezone.now())))
    response = HttpResponse(written, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="register-{day.isoformat()}.csv"'
    return response


@requires(policies.SEE)
def entry(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """Show everything the register holds of one thing, or enter it anew."""
    model = _model(kind, code)
    newest = selectors.register_entry(selectors.subject(kind, code))
    if request.method == "POST":
        return _entered(request, kind, code, model)
    form = forms.RegisterForm(initial=_initial(newest, model, selectors.title_of(kind, code)))
    return _entry_page(request, kind, code, model=model, form=form)


@requires(policies.REGISTER)
@require_POST
def new_vendor(request: HttpRequest) -> HttpResponse:
    """Begin the entry of a score that is bought."""
    form = forms.VendorForm(request.POST)
    code = slugify(form.cleaned_data["name"]) if form.is_valid() else ""
    if not code:
        messages.warning(request, _("Write the name of the vendor and the score."))
        return redirect("governance:register")
    return redirect("governance:register_entry", kind="vendor", code=code)


def _as_of(request: HttpRequest) -> tuple[forms.AsOfForm, date]:
    today = timezone.now().date()
    form = forms.AsOfForm(request.GET or None, initial={"on": today})
    asked = form.cleaned_data["on"] if form.is_valid() else None
    return form, min(asked or today, today)


def _entered(
    request: HttpRequest, kind: str, code: str, model: ModelVersion | None
) -> HttpResponse:
    if not request.user.has_perm(policies.REGISTER):
        raise NotPermitted("not_permitted", _("Your role does not allow this."))
    form = forms.RegisterForm(request.POST)
    if form.is_valid():
        try:
            services.register_thing(
                actor=request.user,
                kind=kind,
                code=code,
                model=model,
                entered=form.entered(),
                now=timezone.now(),
            )
            messages.success(request, _("The entry is kept; those of before stay as they were."))
            return redirect("governance:register_entry", kind=kind, code=code)
        except DomainError as error:
            problems.add_to(form, error)
    return _entry_page(request, kind, code, model=model, form=form)


def _entry_page(
    request: HttpRequest,
    kind: str,
    code: str,
    *,
    model: ModelVersion | None,
    form: forms.RegisterForm,
) -> HttpResponse:
    named = selectors.subject(kind, code)
    today = timezone.now().date()
    context = {
        "form": form,
        "model": model,
        "row": register_page.row(named, today, now=timezone.now()),
        "history": selectors.register_history(named),
        "may_enter": request.user.has_perm(policies.REGISTER),
        "crumbs": [
            {"label": _("Register of models"), "url": reverse("governance:register")},
            {"label": str(model) if model else selectors.title_of(kind, code), "url": ""},
        ],
    }
    status = 422 if form.errors else 200
    return render(request, "governance/register_entry.html", context, status=status)


def _initial(
    newest: RegisterEntry | None, model: ModelVersion | None, called: str
) -> dict[str, object]:
    """Return what the newest entry holds; of a new model, what that of its champion holds."""
    found = newest
    if found is None and model is not None:
        deciding = selectors.deciding(model)
        if deciding is not None:
            found = selectors.register_entry(selectors.subject_of(deciding))
    title = str(model) if model else called
    if found is None:
        return {"title": title}
    return {
        "title": found.title if newest else title,
        "owner": found.owner_id,
        "approver": found.approver_id,
        "materiality": found.materiality,
        "complexity": found.complexity,
        "autonomy": found.autonomy,
        **found.body,
    }


def _model(kind: str, code: str) -> ModelVersion | None:
    """Return the model an address names, None for another kind. Raises NotVisible."""
    if kind not in RegisterEntry.Kind.values or len(code) > _LONGEST_CODE:
        raise NotVisible("not_found", _("There is no such entry."))
    if kind == RegisterEntry.Kind.POLICY and not selectors.has_policy(code):
        raise NotVisible("not_found", _("There is no such entry."))
    if kind != RegisterEntry.Kind.MODEL:
        return None
    try:
        key = uuid.UUID(code)
    except ValueError as error:
        raise NotVisible("not_found", _("There is no such entry.")) from error
    found = ModelVersion.objects.filter(pk=key).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such entry."))
    return found
