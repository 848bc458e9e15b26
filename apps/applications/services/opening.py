"""Open an application for a change: seen, permitted, locked, and as the person last saw it."""

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications import policies
from apps.applications.models import Application
from apps.core.errors import Conflict, NotPermitted, StaleRecord
from apps.core.visibility import get_visible


def permit(actor: User) -> None:
    """Raise NotPermitted unless the person may take applications."""
    if not policies.may_take(actor):
        raise NotPermitted("not_permitted", _("Your role does not allow taking applications."))


def locked(actor: User, application: Application) -> Application:
    """Return the application as it stands, locked until the transaction ends.

    Raises NotPermitted, or NotVisible where it is not the person's to see.
    """
    permit(actor)
    rows = Application.objects.select_for_update(of=("self",)).select_related(
        "product", "customer", "branch__entity"
    )
    return get_visible(rows, actor, pk=application.pk)


def locked_draft(actor: User, application: Application, *, version: str) -> Application:
    """Return a draft, locked; `version` empty means whichever stands.

    Raises Conflict when it is a draft no more, StaleRecord when it changed since `version`.
    """
    found = locked(actor, application)
    if not found.is_draft:
        raise Conflict(
            "not_a_draft", _("This application was submitted and cannot be changed any more.")
        )
    check_version(found, version)
    return found


def check_version(application: Application, version: str) -> None:
    """Raise StaleRecord when the application changed since the page was opened."""
    if version and version != application.version:
        raise StaleRecord(
            "stale_record",
            _(
                "Somebody else has changed this application since you opened the page. "
                "Reload it and check before you go on."
            ),
        )
