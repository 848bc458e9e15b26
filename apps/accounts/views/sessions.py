"""Signing in and out, passwords, and one's own profile."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import PasswordChangeForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import i18n
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from apps.accounts import forms, selectors, services, throttle
from apps.core import problems
from apps.core.access import PUBLIC, SIGNED_IN, requires
from apps.core.errors import DomainError
from apps.core.middleware import TIME_ZONE_KEY


class TooManyAttempts(DomainError):
    """Sign-in is closed for a while: too many failed before."""

    status = 429


def locked_out(
    request: HttpRequest,
    response: HttpResponse,  # noqa: ARG001 - axes hands it over
    credentials: dict[str, Any],  # noqa: ARG001 - likewise
) -> HttpResponse:
    """Answer an attempt during a lock-out (AXES_LOCKOUT_CALLABLE)."""
    minutes = int(settings.AXES_COOLOFF_TIME * 60)
    sentence = _(
        "Too many failed sign-ins. Wait %(minutes)s minutes and try again, or ask your "
        "administrator for a link to set a new password."
    ) % {"minutes": minutes}
    return _too_many(request, sentence, minutes * 60)


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class _SignIn(auth_views.LoginView):
    """Django's sign-in, which renews the session's key, with our form and the audit trail."""

    form_class = forms.SignInForm
    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if throttle.is_exhausted(request):
            return _exhausted(request)
        return super().post(request, *args, **kwargs)

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        person = form.get_user()
        self.request.session[TIME_ZONE_KEY] = person.branch.entity.time_zone
        services.record_sign_in(person=person, channel="page")
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        if "username" in form.cleaned_data and "password" in form.cleaned_data:
            locked = bool(getattr(self.request, "axes_locked_out", False))
            email = form.cleaned_data["username"]
            services.record_refused_sign_in(email=email, locked=locked, channel="page")
            throttle.note_failure(self.request)
        response = super().form_invalid(form)
        response.status_code = 422
        return response


class _FirstPassword(auth_views.PasswordResetConfirmView):
    """The page behind a link for setting a password once."""

    template_name = "accounts/first_password.html"
    success_url = reverse_lazy("accounts:sign_in")

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        services.record_password_set(person=form.user)
        messages.success(self.request, _("Your password is set. Sign in with it."))
        return response


sign_in = requires(PUBLIC)(_SignIn.as_view())
first_password = requires(PUBLIC)(_FirstPassword.as_view())


@requires(PUBLIC)
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    if request.user.is_authenticated:
        services.record_sign_out(person=request.user)
    return auth_views.LogoutView.as_view()(request)


@requires(SIGNED_IN)
@sensitive_post_parameters()
def change_password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; other sessions of the person end.

    Wrong old passwords count as failed sign-ins: an open browser is no place to guess from.
    """
    if request.method == "POST" and throttle.is_exhausted(request):
        return _exhausted(request)
    form = PasswordChangeForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.change_password(person=request.user, password=form.cleaned_data["new_password1"])
        update_session_auth_hash(request, request.user)
        messages.success(request, _("Your password is changed. Other sessions have ended."))
        return redirect("accounts:profile")
    if "old_password" in form.errors:
        throttle.note_failure(request)
    status = 422 if form.errors else 200
    return render(request, "accounts/change_password.html", {"form": form}, status=status)


@requires(SIGNED_IN)
def profile(request: HttpRequest) -> HttpResponse:
    """Show one's own details, roles, limits and grants; the language can be chosen."""
    form = forms.LanguageForm(request.POST or None, initial={"language": request.user.language})
    if request.method == "POST" and form.is_valid():
        language = form.cleaned_data["language"]
        services.choose_language(person=request.user, language=language)
        return redirect("accounts:profile")
    context = {
        "form": form,
        "limits": selectors.limits_of(request.user),
        "grants": selectors.grants_of(request.user),
    }
    status = 422 if form.errors else 200
    return render(request, "accounts/profile.html", context, status=status)


@requires(PUBLIC)
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Set the language of this browser and, for a signed-in person, of their pages anywhere."""
    form = forms.LanguageForm(request.POST)
    if request.user.is_authenticated and form.is_valid():
        services.choose_language(person=request.user, language=form.cleaned_data["language"])
    return i18n.set_language(request)


def _exhausted(request: HttpRequest) -> HttpResponse:
    sentence = _("Too many failed sign-ins from your network. Wait ten minutes.")
    return _too_many(request, sentence, throttle.WINDOW_SECONDS)


def _too_many(request: HttpRequest, sentence: str, seconds: int) -> HttpResponse:
    response = problems.page(request, TooManyAttempts("too_many_attempts", sentence))
    response["Retry-After"] = str(seconds)
    return response
