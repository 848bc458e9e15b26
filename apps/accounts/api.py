"""Sign-in for programs: a token for e-mail and password, and its renewal."""

from typing import Any

from django.contrib.auth import authenticate, user_logged_in
from django.db import transaction
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import get_md5_hash_password

from apps.accounts import forms, services, throttle
from apps.accounts.models import User
from apps.core.access import PUBLIC
from apps.core.api import APIView, Problem

PROBLEMS = {400: Problem, 401: Problem, 415: Problem, 429: Problem}


class Credentials(serializers.Serializer[Any]):
    """Who signs in."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(
        max_length=forms.PASSWORD_LENGTH, trim_whitespace=False, write_only=True
    )


class Tokens(serializers.Serializer[Any]):
    """What a program shows from now on, as `Authorization: Bearer <access>`."""

    access = serializers.CharField(help_text="Works for ten minutes.")
    refresh = serializers.CharField(help_text="Gives new access tokens for twelve hours.")


class Renewal(serializers.Serializer[Any]):
    """A refresh token."""

    refresh = serializers.CharField(max_length=4096)


class Access(serializers.Serializer[Any]):
    """A new access token."""

    access = serializers.CharField(help_text="Works for ten minutes.")


class Token(APIView):
    """Token sign-in."""

    authentication_classes = []
    required_permission = PUBLIC
    throttle_scope = "sign_in"

    @extend_schema(
        operation_id="sign_in",
        request=Credentials,
        responses={200: Tokens, **PROBLEMS},
        auth=[],
        tags=["sign-in"],
    )
    def post(self, request: Request) -> Response:
        """Return an access and a refresh token for e-mail and password."""
        given = Credentials(data=request.data)
        given.is_valid(raise_exception=True)
        if throttle.is_exhausted(request):
            raise exceptions.Throttled(wait=throttle.WINDOW_SECONDS)
        person = _authenticated(request, **given.validated_data)
        with transaction.atomic():
            # Django's own signal: it dates the sign-in and clears the failures that went before.
            user_logged_in.send(sender=User, request=request._request, user=person)  # noqa: SLF001
            services.record_sign_in(person=person, channel="api")
        refresh = RefreshToken.for_user(person)
        return Response({"access": str(refresh.access_token), "refresh": str(refresh)})


class TokenRenewal(APIView):
    """Renewal of an access token."""

    authentication_classes = []
    required_permission = PUBLIC
    throttle_scope = "sign_in"

    @extend_schema(
        operation_id="renew_token",
        request=Renewal,
        responses={200: Access, **PROBLEMS},
        auth=[],
        tags=["sign-in"],
    )
    def post(self, request: Request) -> Response:
        """Return a new access token, unless access was withdrawn or the password changed."""
        given = Renewal(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            refresh = RefreshToken(given.validated_data["refresh"])
        except TokenError:
            raise _token_refused() from None
        person = User.objects.filter(pk=refresh[api_settings.USER_ID_CLAIM], is_active=True).first()
        password_then = refresh.get(api_settings.REVOKE_TOKEN_CLAIM)
        if person is None or password_then != get_md5_hash_password(person.password):
            raise _token_refused()
        return Response({"access": str(refresh.access_token)})


def _authenticated(request: Request, *, email: str, password: str) -> User:
    """Return the person, or refuse, note and count the attempt."""
    # django-axes marks Django's request, where its middleware finds the lock-out.
    page_request = request._request  # noqa: SLF001
    name = services.normal_email(email)
    person = authenticate(page_request, username=name, password=password)
    if person is not None:
        return person
    locked = bool(getattr(page_request, "axes_locked_out", False))
    services.record_refused_sign_in(email=name, locked=locked, channel="api")
    throttle.note_failure(page_request)
    raise exceptions.AuthenticationFailed(
        _("E-mail and password do not match, or access has been withdrawn."), "sign_in_refused"
    )


def _token_refused() -> exceptions.AuthenticationFailed:
    sentence = _("This token is not valid any more. Sign in again.")
    return exceptions.AuthenticationFailed(sentence, "token_not_valid")


urlpatterns = [
    path("token", Token.as_view(), name="token"),
    path("token/refresh", TokenRenewal.as_view(), name="token_refresh"),
]
