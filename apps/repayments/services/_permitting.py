"""What every action on statements and on money in suspense begins with."""

from django.utils.translation import gettext as _

from apps.core.errors import NotPermitted


def require(is_allowed: bool) -> None:  # noqa: FBT001 - the one thing it is about
    """Raise NotPermitted unless the person may do this."""
    if not is_allowed:
        raise NotPermitted("not_permitted", _("Your role does not allow this."))
