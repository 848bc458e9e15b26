"""What drf-spectacular must be told about our authentication."""

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme


class TokenScheme(SimpleJWTScheme):
    """A bearer token, as OpenAPI describes it."""

    target_class = "apps.core.api_guards.TokenAuthentication"
    name = "token"


class BrowserSessionScheme(SessionScheme):
    """The browser's session cookie, as OpenAPI describes it."""

    target_class = "apps.core.api_guards.SessionAuthentication"
    name = "session"
