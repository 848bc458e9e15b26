"""The API's common ground: the base of its views, and one shape for every error."""

from collections.abc import Mapping
from typing import Any

from auditlog.context import auditlog_value
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers, views
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.errors import DomainError


class APIView(views.APIView):
    """Base of every API view: declares its permission; auditlog sees who acts.

    `required_permission` is a permission, or a mapping of HTTP method to permission.
    """

    required_permission: str | dict[str, str] | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # Under a bearer token auditlog's middleware saw nobody. Its context is completed, not
        # nested: auditlog never lets go of the outer one of two contexts.
        context = auditlog_value.get(None)
        if context is not None and request.user.is_authenticated:
            context["actor"] = request.user

    def get_authenticate_header(self, request: Request) -> str:
        """Return what a 401 asks for; sign-in itself has no authenticator to say it."""
        return super().get_authenticate_header(request) or 'Bearer realm="api"'


class Strict(serializers.Serializer[Any]):
    """Base of everything the API takes: a field nobody knows is refused, never passed over."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the values; raise ValidationError with a sentence for every unknown field."""
        names = [str(name) for name in data] if isinstance(data, Mapping) else []
        unknown = {
            name: [_("This field is not known.")] for name in names if name not in self.fields
        }
        try:
            values = super().to_internal_value(data)
        except exceptions.ValidationError as error:
            raise exceptions.ValidationError({**_by_field(error.detail), **unknown}) from None
        if unknown:
            raise exceptions.ValidationError(unknown)
        return values


class Problem(serializers.Serializer[Any]):
    """The one error shape of the API."""

    code = serializers.CharField(help_text="Stable, for machines.")
    sentence = serializers.CharField(help_text="For people.")
    fields_ = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="Sentences that belong to single inputs.",
    )

    def get_fields(self) -> dict[str, Any]:
        # `fields` is taken on a serializer class, so it is renamed on the way out.
        fields = super().get_fields()
        fields["fields"] = fields.pop("fields_")
        return fields


def one_error_shape(error: Exception, _context: dict[str, Any]) -> Response | None:
    """Return code, sentence and field errors for anything anticipated; None lets a bug be a bug."""
    if isinstance(error, DomainError):
        fields = {name: [str(text)] for name, text in error.fields.items()}
        return _problem(error.code, str(error.sentence), fields, error.status)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.ValidationError):
        fields = _flatten(error.detail)
        return _problem("invalid_input", _("Some values are not acceptable."), fields, 400)
    if isinstance(error, exceptions.APIException):
        response = _problem(_code(error), _sentence(error), {}, error.status_code)
        for header, value in _headers(error).items():
            response[header] = value
        return response
    return None


def _problem(code: str, sentence: str, fields: dict[str, list[str]], status: int) -> Response:
    return Response({"code": code, "sentence": sentence, "fields": fields}, status=status)


def _code(error: exceptions.APIException) -> str:
    codes = error.get_codes()
    return codes if isinstance(codes, str) else error.default_code


def _sentence(error: exceptions.APIException) -> str:
    detail = error.detail
    if isinstance(detail, dict):
        return str(detail.get("detail") or error.default_detail)
    return str(detail)


def _headers(error: exceptions.APIException) -> dict[str, str]:
    # DRF hangs both on the exception while it handles it.
    challenge, wait = getattr(error, "auth_header", None), getattr(error, "wait", None)
    headers = {"WWW-Authenticate": str(challenge)} if challenge else {}
    if wait is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    return headers


def _by_field(detail: Any) -> dict[str, Any]:
    return detail if isinstance(detail, dict) else {"non_field_errors": detail}


def _flatten(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """Return nested errors as `household.income -> [sentences]`."""
    if isinstance(detail, list) and not any(isinstance(item, dict | list) for item in detail):
        return {prefix or "non_field_errors": [str(item) for item in detail]}
    items = detail.items() if isinstance(detail, dict) else enumerate(detail)
    flat: dict[str, list[str]] = {}
    for key, value in items:
        name = f"{prefix}.{key}" if prefix else str(key)
        flat.update(_flatten(value if isinstance(value, dict | list) else [value], name))
    return flat
