"""Keep a way of looking at the queue under a name, and throw one away."""

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.errors import DomainError, NotPermitted
from apps.core.visibility import get_visible
from apps.desk import policies
from apps.desk.models import SavedView

MOST_VIEWS = 30


@transaction.atomic
def save_view(
    *, actor: User, name: str, query: str, role: str = "", is_default: bool = False
) -> SavedView:
    """Keep an address of the queue under a name; the same name again replaces one's own.

    Raises NotPermitted, DomainError with a sentence for each field.
    """
    if not actor.has_perm(policies.VIEW_QUEUE):
        raise NotPermitted("not_permitted", _("Your role does not see the review queue."))
    kept = " ".join(name.split())
    _check(kept, query, role, actor)
    # One at a time per person, so that two tabs cannot make two defaults.
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)
    own = SavedView.objects.filter(person=actor)
    if own.exclude(name=kept).count() >= MOST_VIEWS:
        sentence = _("You keep enough views; throw one away first.")
        raise DomainError("too_many_views", sentence, fields={"name": sentence})
    if is_default:
        own.filter(is_default=True).update(is_default=False)
    view, _made = SavedView.objects.update_or_create(
        person=actor,
        name=kept,
        defaults={
            "query": query,
            "shared_with": Group.objects.get(name=role) if role else None,
            "is_default": is_default,
        },
    )
    return view


@transaction.atomic
def delete_view(*, actor: User, view: SavedView) -> None:
    """Throw one's own view away. Raises NotVisible, NotPermitted for one shared by somebody."""
    found = get_visible(SavedView.objects.all(), actor, pk=view.pk)
    if found.person_id != actor.pk:
        raise NotPermitted("not_own_view", _("Only its owner can throw this view away."))
    found.delete()


def _check(name: str, query: str, role: str, actor: User) -> None:
    fields: dict[str, object] = {}
    if not name or len(name) > 60 or not name.isprintable():
        fields["name"] = _("A name of at most 60 characters.")
    if len(query) > 1000:
        fields["name"] = _("This filter is too long to be kept.")
    if role and not actor.groups.filter(name=role).exists():
        fields["role"] = _("Share it with a role you hold yourself.")
    if fields:
        raise DomainError("view_refused", _("The view was not kept."), fields=fields)
