"""The web server's access log, without the links that open something by themselves."""

from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # it has no types

from apps.core.masking import hide_tokens


class AccessLog(Logger):  # type: ignore[misc]  # as above
    """Gunicorn's log with the path as it may be kept: named by `--logger-class`."""

    def atoms(self, *args: Any) -> dict[str, Any]:
        """Return what a line may be made of; request line and referrer carry the path as well."""
        found: dict[str, Any] = super().atoms(*args)
        return {**found, **{name: hide_tokens(str(found[name])) for name in ("U", "r", "f")}}
