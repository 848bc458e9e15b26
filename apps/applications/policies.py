"""Who may do what with an application; used for buttons and enforced in services."""

from apps.accounts.models import User
from apps.applications.models import Application

TAKE = "applications.take_application"


def may_take(actor: User) -> bool:
    """Say whether the person may take applications at all."""
    return actor.has_perm(TAKE)


def may_change(actor: User, application: Application) -> bool:
    """Say whether the person may change the request, its collateral and its guarantors."""
    return may_take(actor) and application.is_draft


def may_submit(actor: User, application: Application) -> bool:
    """Say whether the person may submit the application now."""
    return may_take(actor) and application.may("submit")


def may_withdraw(actor: User, application: Application) -> bool:
    """Say whether the person may withdraw the application now."""
    return may_take(actor) and application.may("withdraw")
