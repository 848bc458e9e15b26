"""What every action on an appeal begins with: seen, permitted, locked, as it was last seen."""

import uuid

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.appeals import selectors
from apps.appeals.models import Appeal
from apps.applications.models import Application
from apps.core.errors import Conflict, NotPermitted, StaleRecord
from apps.core.visibility import get_visible


def permit(actor: User, permission: str) -> None:
    """Raise NotPermitted without the permission."""
    if not actor.has_perm(permission):
        raise NotPermitted("not_permitted", _("Your role does not allow this with appeals."))


def lock_application(application_id: uuid.UUID) -> Application:
    """Return the application with all a decision needs, locked until the transaction ends.

    It is locked before anything of its appeals, so that two actions cannot wait for each other.
    """
    rows = Application.objects.select_for_update(of=("self",), no_key=True).select_related(
        "product",
        "customer__address",
        "customer__entity",
        "branch__entity",
        "employment",
        "bureau_report",
    )
    return rows.get(pk=application_id)


def locked(actor: User, appeal: Appeal, permission: str, *, version: str = "") -> Appeal:
    """Return an appeal the person may see, locked, its application before it.

    Raises NotPermitted, NotVisible, and StaleRecord when it changed since `version`.
    """
    permit(actor, permission)
    visible = get_visible(Appeal.objects.only("application"), actor, pk=appeal.pk)
    application = lock_application(visible.application_id)
    found = selectors.detailed().select_for_update(of=("self",), no_key=True).get(pk=visible.pk)
    if version and version != found.version:
        raise StaleRecord(
            "stale_record",
            _("Somebody else has changed this in the meantime. Reload the page."),
        )
    found.application = application
    found.decision.application = application
    return found


def require_open(appeal: Appeal) -> None:
    """Raise Conflict for an appeal that was answered or has ended."""
    if not appeal.is_open:
        raise Conflict(
            "appeal_ended", _("This appeal was answered or has ended; it does not change any more.")
        )
