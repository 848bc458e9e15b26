"""What every action on a file begins with."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.bulk.models import Upload
from apps.core.errors import NotPermitted


def permit(rule: Callable[[User, Upload], bool], *, actor: User, upload: Upload) -> None:
    """Raise NotPermitted unless the rule allows the person to act on the file."""
    if not rule(actor, upload):
        raise NotPermitted(
            "not_permitted",
            _("Only who uploaded the file, and may still take in applications, can do this."),
        )
