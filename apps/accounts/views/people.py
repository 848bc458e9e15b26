"""Pages on which administrators keep people: the list, one person, roles and their limits."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import Group
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts import forms, labels, roles, selectors, services
from apps.accounts.models import User
from apps.core import problems
from apps.core.access import requires
from apps.core.errors import DomainError, NotVisible

PAGE_SIZE = 50
SEE = "accounts.view_people"
KEEP = "accounts.manage_people"


@requires(SEE)
def people(request: HttpRequest) -> HttpResponse:
    """List people; filters and page stand in the URL."""
    form = forms.PeopleFilter(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    active = {"yes": True, "no": False}.get(chosen.get("active", ""))
    found = selectors.people(
        text=chosen.get("q", ""),
        role=chosen.get("role", ""),
        branch=chosen.get("branch"),
        active=active,
    )
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "accounts/people.html", {"form": form, "page": page})


@requires(KEEP)
def add(request: HttpRequest) -> HttpResponse:
    """Add a person, then show once the link with which they set their password."""
    form = forms.NewPersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            person = services.add_person(
                actor=request.user, entry=form.entry(), role_codes=form.codes()
            )
            return _show_link(request, person)
        except DomainError as error:
            problems.add_to(form, error)
    status = 422 if form.errors else 200
    return render(request, "accounts/person_add.html", {"form": form}, status=status)


@requires(SEE)
def person(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one person: details, roles, limits, grants, and what happened."""
    return _person_page(request, _person(pk))


@requires(KEEP)
def change(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Change a person's details."""
    found = _person(pk)
    names = ("name", "email", "branch", "language")
    form = forms.PersonForm(
        request.POST or None, initial={name: getattr(found, name) for name in names}
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.change_person(actor=request.user, person=found, entry=form.entry())
            messages.success(request, _("The details are changed."))
            return redirect("accounts:person", pk=pk)
        except DomainError as error:
            problems.add_to(form, error)
    context = {"form": form, "person": found}
    status = 422 if form.errors else 200
    return render(request, "accounts/person_change.html", context, status=status)


@requires(KEEP)
@require_POST
def set_roles(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Give a person exactly the chosen roles."""
    found, form = _person(pk), forms.RolesForm(request.POST)

    def act() -> None:
        services.set_roles(actor=request.user, person=found, role_codes=form.codes())

    return _acted(
        request, found, name="roles_form", form=form, act=act, done=_("The roles are changed.")
    )


@requires(KEEP)
@require_POST
def set_limit(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Set or take away a person's own approval limit."""
    found, form = _person(pk), forms.LimitForm(request.POST)

    def act() -> None:
        services.set_limit(actor=request.user, holder=found, **form.cleaned_data)

    return _acted(
        request, found, name="limit_form", form=form, act=act, done=_("The limit is changed.")
    )


@requires(KEEP)
@require_POST
def deactivate(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Withdraw a person's access at once."""
    found, form = _person(pk), forms.ReasonForm(request.POST, prefix="access")

    def act() -> None:
        reason = form.cleaned_data["reason"]
        services.deactivate(actor=request.user, person=found, reason=reason)

    done = _("Access is withdrawn; open sessions have ended.")
    return _acted(request, found, name="access_form", form=form, act=act, done=done)


@requires(KEEP)
@require_POST
def reactivate(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Give a person access again."""
    found, form = _person(pk), forms.ReasonForm(request.POST, prefix="access")

    def act() -> None:
        reason = form.cleaned_data["reason"]
        services.reactivate(actor=request.user, person=found, reason=reason)

    done = _("Access is given again. Issue a link for a new password.")
    return _acted(request, found, name="access_form", form=form, act=act, done=done)


@requires(KEEP)
@require_POST
def issue_link(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show once a link with which the person sets a new password."""
    return _show_link(request, _person(pk))


@requires(KEEP)
@require_POST
def grant_branch(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Let a person work in one branch more."""
    found, form = _person(pk), forms.GrantBranchForm(request.POST, prefix="branch")

    def act() -> None:
        services.grant_branch(actor=request.user, person=found, **form.cleaned_data)

    return _acted(
        request, found, name="branch_form", form=form, act=act, done=_("Access is granted.")
    )


@requires(KEEP)
@require_POST
def grant_application(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a person one application more."""
    found, form = _person(pk), forms.GrantApplicationForm(request.POST, prefix="application")

    def act() -> None:
        services.grant_application(actor=request.user, person=found, **form.cleaned_data)

    return _acted(
        request, found, name="application_form", form=form, act=act, done=_("Access is granted.")
    )


@requires(KEEP)
@require_POST
def withdraw_grant(request: HttpRequest, pk: uuid.UUID, grant_id: int) -> HttpResponse:
    """Take back access granted before."""
    found, form = _person(pk), forms.ReasonForm(request.POST, prefix="grant")

    def act() -> None:
        reason = form.cleaned_data["reason"]
        services.withdraw_grant(actor=request.user, person=found, grant_id=grant_id, reason=reason)

    return _acted(
        request, found, name="grant_form", form=form, act=act, done=_("Access is taken back.")
    )


@requires(SEE)
def role_list(request: HttpRequest) -> HttpResponse:
    """Show what each role may do, who holds it, and its approval limits."""
    return _roles_page(request, forms.LimitForm())


@requires(KEEP)
@require_POST
def set_role_limit(request: HttpRequest, code: str) -> HttpResponse:
    """Set or take away the approval limit of a role."""
    group = Group.objects.filter(name=code).first() if code in roles.BY_CODE else None
    if group is None:
        raise NotVisible("not_found", _("There is no such role."))
    form = forms.LimitForm(request.POST)
    if form.is_valid():
        try:
            services.set_limit(actor=request.user, holder=group, **form.cleaned_data)
            messages.success(request, _("The limit is changed."))
            return redirect("accounts:roles")
        except DomainError as error:
            problems.add_to(form, error)
    return _roles_page(request, form, code=code, status=422)


def _person(pk: uuid.UUID) -> User:
    found = selectors.people().filter(pk=pk).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such person."))
    return found


def _person_page(
    request: HttpRequest, found: User, *, status: int = 200, **bound: Any
) -> HttpResponse:
    context = {
        "person": found,
        "keeps": request.user.has_perm(KEEP),
        "is_self": found == request.user,
        "limits": selectors.limits_of(found),
        "grants": selectors.grants_of(found),
        "roles_form": forms.RolesForm(initial={"roles": sorted(found.role_codes)}),
        "limit_form": forms.LimitForm(initial={"currency": found.branch.entity.currency}),
        "access_form": forms.ReasonForm(prefix="access"),
        "branch_form": forms.GrantBranchForm(prefix="branch"),
        "application_form": forms.GrantApplicationForm(prefix="application"),
        "grant_form": forms.ReasonForm(prefix="grant"),
        **bound,
    }
    return render(request, "accounts/person.html", context, status=status)


def _roles_page(
    request: HttpRequest, form: forms.LimitForm, *, code: str = "", status: int = 200
) -> HttpResponse:
    limits, holders = selectors.role_limits(), selectors.people_by_role()
    rows = [
        {
            "code": role.code,
            "label": labels.ROLES[role.code],
            "purpose": labels.PURPOSES[role.code],
            "permissions": role.permissions,
            "everywhere": role.everywhere,
            "limits": limits.get(role.code, []),
            "holders": holders.get(role.code, 0),
            "is_own": role.code in request.user.role_codes,
            "form": form if role.code == code else forms.LimitForm(auto_id=f"{role.code}_%s"),
            "is_open": role.code == code,
        }
        for role in roles.ROLES
    ]
    context = {"rows": rows, "keeps": request.user.has_perm(KEEP)}
    return render(request, "accounts/roles.html", context, status=status)


def _acted(
    request: HttpRequest, found: User, *, name: str, form: Form, act: Callable[[], None], done: str
) -> HttpResponse:
    """Run one act on a person; show the page again with the form's errors where it is refused."""
    if form.is_valid():
        try:
            act()
            messages.success(request, done)
            return redirect("accounts:person", pk=found.pk)
        except DomainError as error:
            problems.add_to(form, error)
            found.refresh_from_db()
    return _person_page(request, found, status=422, **{name: form})


def _show_link(request: HttpRequest, found: User) -> HttpResponse:
    """Show the link in the answer itself: it is kept nowhere and not shown again."""
    path = services.password_path(actor=request.user, person=found)
    context = {"person": found, "link": request.build_absolute_uri(path)}
    return render(request, "accounts/password_link.html", context)
