"""Tells mypy that `request.user` is a person, as LoginRequiredMiddleware makes sure of.

Everybody is signed in by default; the few public views ask `request.user.is_authenticated`, which
this leaves as it is. Without it every view would have to say again what the middleware says once.
"""

from collections.abc import Callable

from mypy.plugin import AttributeContext, Plugin
from mypy.typeops import make_simplified_union
from mypy.types import Instance, Type, UnionType, get_proper_type

_REQUEST_USERS = {"django.http.request.HttpRequest.user", "rest_framework.request.Request.user"}
_NOBODY = "django.contrib.auth.models.AnonymousUser"


class SignedIn(Plugin):
    """Takes AnonymousUser out of the type of `request.user`."""

    def get_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None:
        """Returns the narrowing for `request.user`, nothing for any other attribute."""
        return _narrow if fullname in _REQUEST_USERS else None


def _narrow(context: AttributeContext) -> Type:
    declared = get_proper_type(context.default_attr_type)
    if not isinstance(declared, UnionType):
        return declared
    people = [item for item in declared.items if not _is_nobody(item)]
    return make_simplified_union(people)


def _is_nobody(item: Type) -> bool:
    found = get_proper_type(item)
    return isinstance(found, Instance) and found.type.fullname == _NOBODY


def plugin(_version: str) -> type[Plugin]:
    """Returns the plugin; mypy calls this."""
    return SignedIn
