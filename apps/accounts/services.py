"""What is done with people: sign-in, passwords, roles, limits, grants. Every act is audited.

Nobody changes what they may do themselves (rule book 8.3); administrators change others.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from axes import utils as axes
from django.apps import apps
from django.contrib.auth.models import Group
from django.contrib.auth.tokens import default_token_generator
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _
from guardian.models import UserObjectPermission
from guardian.shortcuts import assign_perm

from apps.accounts import labels, roles
from apps.accounts.models import ApprovalLimit, Branch, User
from apps.audit import services as audit
from apps.core import money
from apps.core.errors import Conflict, DomainError, NotPermitted

LARGEST_LIMIT = Decimal("9999999999999999.99")
WORK_IN_BRANCH = "accounts.work_in_branch"
VIEW_APPLICATION = "applications.view_application"
ADMINISTRATOR = "administrator"


class PersonExists(DomainError):
    """Somebody signs in with this e-mail already."""

    status = 409


class AdministratorExists(Conflict):
    """Somebody who may sign in keeps people already."""


@dataclass(frozen=True, kw_only=True)
class PersonEntry:
    """What is entered about a person."""

    name: str
    email: str
    branch: Branch
    language: str


def normal_email(text: str) -> str:
    """Return an e-mail as it is stored and compared: trimmed, in lower case."""
    return text.strip().lower()


# --- sign-in ---------------------------------------------------------------------------------
def record_sign_in(*, person: User, channel: str) -> None:
    """Note that a person signed in, through the `page` or the `api`."""
    audit.record(person, "accounts.signed_in", person, channel=channel)


def record_sign_out(*, person: User) -> None:
    """Note that a person signed out."""
    audit.record(person, "accounts.signed_out", person)


def record_refused_sign_in(*, email: str, locked: bool, channel: str) -> None:
    """Note a refused sign-in and why; an unknown e-mail is not kept, it may be a password."""
    person = User.objects.filter(email=normal_email(email)).first()
    cause = "password"
    if locked:
        cause = "locked_out"
    elif person is None:
        cause = "unknown_person"
    elif not person.is_active:
        cause = "access_withdrawn"
    subject = person or "accounts.user:unknown"
    audit.record(
        audit.system("sign-in"), "accounts.sign_in_refused", subject, cause=cause, channel=channel
    )


# --- passwords -------------------------------------------------------------------------------
@transaction.atomic
def change_password(*, person: User, password: str) -> None:
    """Set a person's password, which ends every other session and token of theirs."""
    person.set_password(password)
    person.save(update_fields=["password"])
    audit.record(person, "accounts.password_changed", person, by="old_password")


def record_password_set(*, person: User) -> None:
    """Note that a person has set a password by a link an administrator issued; end a lock-out."""
    axes.reset(username=person.email)
    audit.record(person, "accounts.password_changed", person, by="link")


@transaction.atomic
def password_path(*, actor: User, person: User) -> str:
    """Return the path of a link with which a person sets a password once, within a day."""
    _may_manage(actor, person)
    if not person.is_active:
        raise Conflict(
            "person_inactive", _("This person's access is withdrawn. Give it back first.")
        )
    return _issue_link(actor, person)


def _issue_link(actor: User | str, person: User) -> str:
    audit.record(actor, "accounts.password_link_issued", person)
    names = {
        "uidb64": urlsafe_base64_encode(force_bytes(person.pk)),
        "token": default_token_generator.make_token(person),
    }
    return reverse("accounts:first_password", kwargs=names)


# --- people ----------------------------------------------------------------------------------
@transaction.atomic
def add_person(*, actor: User, entry: PersonEntry, role_codes: set[str]) -> User:
    """Make a person with roles and no password yet. Raises PersonExists, or for clashing roles."""
    _may_manage(actor)
    _refuse_clash(role_codes)
    return _add(actor, entry, role_codes)


@transaction.atomic
def add_administrator(*, entry: PersonEntry, another: bool) -> tuple[User, str]:
    """Make an administrator from the command line; return the person and a link's path.

    The first one has nobody to be added by. Whoever runs commands on the server may do this; the
    audit trail says that it was done. Raises AdministratorExists unless `another` is meant.
    """
    actor = audit.system("add_administrator")
    # Held, so that of two commands at once the second one sees what the first has made.
    held = list(Group.objects.select_for_update().filter(name=ADMINISTRATOR))
    if not another and User.objects.filter(groups__in=held, is_active=True).exists():
        raise AdministratorExists("administrator_exists", "There is an administrator already.")
    person = _add(actor, entry, {ADMINISTRATOR})
    return person, _issue_link(actor, person)


def _add(actor: User | str, entry: PersonEntry, role_codes: set[str]) -> User:
    person = User(
        name=entry.name,
        email=normal_email(entry.email),
        branch=entry.branch,
        language=entry.language,
    )
    person.set_unusable_password()
    _save(person)
    person.groups.set(_groups(role_codes))
    audit.record(
        actor,
        "accounts.person_added",
        person,
        branch=entry.branch.code,
        roles=sorted(role_codes),
    )
    return person


@transaction.atomic
def change_person(*, actor: User, person: User, entry: PersonEntry) -> User:
    """Change name, e-mail, branch and language; only the names of the changed ones are audited."""
    _may_manage(actor)
    if actor == person and entry.branch != person.branch:
        raise _own_authority()
    new = {
        "name": entry.name,
        "email": normal_email(entry.email),
        "branch": entry.branch,
        "language": entry.language,
    }
    changed = [name for name, value in new.items() if getattr(person, name) != value]
    if not changed:
        return person
    for name in changed:
        setattr(person, name, new[name])
    _save(person)
    audit.record(actor, "accounts.person_changed", person, changed=changed)
    return person


@transaction.atomic
def choose_language(*, person: User, language: str) -> None:
    """Keep the language a person wants to read."""
    if person.language == language:
        return
    person.language = language
    person.save(update_fields=["language"])
    audit.record(person, "accounts.person_changed", person, changed=["language"])


@transaction.atomic
def set_roles(*, actor: User, person: User, role_codes: set[str]) -> None:
    """Give a person exactly these roles. Raises for own roles, unknown ones, and clashing pairs."""
    _may_manage(actor, person)
    _refuse_clash(role_codes)
    # One change after the other: two at once would leave the roles of both, clashing or not.
    User.objects.select_for_update().get(pk=person.pk)
    before = set(person.groups.values_list("name", flat=True))
    if before == role_codes:
        return
    person.groups.set(_groups(role_codes))
    person.refresh_from_db()
    audit.record(
        actor,
        "accounts.roles_changed",
        person,
        before=sorted(before),
        after=sorted(role_codes),
    )


@transaction.atomic
def deactivate(*, actor: User, person: User, reason: str) -> None:
    """Withdraw a person's access at once: open sessions and tokens end with the next request.

    The password goes too, so that nothing of before works when access is given again
    (rule book 8.3 T5).
    """
    _may_manage(actor, person)
    if not person.is_active:
        raise Conflict("person_inactive", _("This person's access is withdrawn already."))
    person.is_active = False
    person.set_unusable_password()
    person.save(update_fields=["is_active", "password"])
    audit.record(actor, "accounts.person_deactivated", person, reason=reason)


@transaction.atomic
def reactivate(*, actor: User, person: User, reason: str) -> None:
    """Let a person sign in again, once a new password is set by link."""
    _may_manage(actor, person)
    if person.is_active:
        raise Conflict("person_active", _("This person has access already."))
    person.is_active = True
    person.save(update_fields=["is_active"])
    audit.record(actor, "accounts.person_reactivated", person, reason=reason)


# --- limits ----------------------------------------------------------------------------------
@transaction.atomic
def set_limit(
    *, actor: User, holder: User | Group, currency: str, product_code: str, amount: Decimal | None
) -> None:
    """Set, or with None take away, how much a person or a role may approve alone.

    Raises for own limits (also those of a role one holds), unknown currencies and absurd amounts.
    """
    key = _limit_holder(actor, holder)
    if currency not in money.MINOR_UNITS:
        raise DomainError(
            "unknown_currency",
            _("This lender does not use that currency."),
            fields={"currency": _("Choose one of the currencies offered.")},
        )
    if amount is not None and not 0 <= amount <= LARGEST_LIMIT:
        raise DomainError(
            "amount_refused",
            _("The amount is not acceptable."),
            fields={"amount": _("Enter an amount of zero or more.")},
        )
    rounded = None if amount is None else money.money(amount, currency)
    rows = ApprovalLimit.objects.filter(**key, currency=currency, product_code=product_code)
    old = rows.select_for_update().first()
    if rounded is None:
        rows.delete()
    else:
        names: dict[str, Any] = {**key, "currency": currency, "product_code": product_code}
        ApprovalLimit.objects.update_or_create(defaults={"amount": rounded}, **names)
    audit.record(
        actor,
        "accounts.limit_changed",
        holder,
        currency=currency,
        product=product_code,
        before=None if old is None else str(old.amount),
        after=None if rounded is None else str(rounded),
    )


def _limit_holder(actor: User, holder: User | Group) -> dict[str, User | Group]:
    if isinstance(holder, User):
        _may_manage(actor, holder)
        return {"user": holder}
    _may_manage(actor)
    if holder.name in actor.role_codes:
        raise _own_authority()
    return {"role": holder}


# --- grants ----------------------------------------------------------------------------------
def grant_branch(*, actor: User, person: User, branch: Branch, reason: str) -> None:
    """Let a person work in one branch more. Raises Conflict where they work there already."""
    if branch.pk == person.branch_id:
        raise Conflict("already_there", _("This person works in that branch already."))
    _grant(actor=actor, person=person, permission=WORK_IN_BRANCH, thing=branch, reason=reason)


def grant_application(*, actor: User, person: User, number: str, reason: str) -> None:
    """Show a person one application outside their branches, by its number.

    Raises a DomainError for an unknown number and for a person no role lets open applications.
    """
    if not person.has_perm(VIEW_APPLICATION):
        raise Conflict(
            "role_needed",
            _("None of this person's roles opens applications, so one more would not be seen."),
        )
    # Applications are above this app; the registry of models knows them without an import.
    application = apps.get_model("applications", "Application")
    found = application._base_manager.filter(number=number.strip()).first()
    if found is None:
        sentence = _("There is no application with this number.")
        raise DomainError("unknown_application", sentence, fields={"number": sentence})
    _grant(actor=actor, person=person, permission=VIEW_APPLICATION, thing=found, reason=reason)


@transaction.atomic
def withdraw_grant(*, actor: User, person: User, grant_id: int, reason: str) -> None:
    """Take back a branch or case granted before. Raises Conflict where it is gone already."""
    _may_manage(actor, person)
    row = UserObjectPermission.objects.filter(user=person, pk=grant_id).first()
    if row is None:
        raise Conflict("grant_gone", _("This access was taken back already. Reload the page."))
    thing = f"{row.content_type.app_label}.{row.content_type.model}:{row.object_pk}"
    row.delete()
    audit.record(actor, "accounts.access_withdrawn", person, thing=thing, reason=reason)


@transaction.atomic
def _grant(*, actor: User, person: User, permission: str, thing: Any, reason: str) -> None:
    _may_manage(actor, person)
    if _is_granted(person, permission, thing):
        raise Conflict("granted_already", _("This person has that access already."))
    assign_perm(permission, person, thing)
    reference = audit.reference(thing)
    audit.record(actor, "accounts.access_granted", person, thing=reference, reason=reason)


def _is_granted(person: User, permission: str, thing: Any) -> bool:
    codename = permission.partition(".")[2]
    return UserObjectPermission.objects.filter(
        user=person, permission__codename=codename, object_pk=str(thing.pk)
    ).exists()


# --- what all of them ask ----------------------------------------------------------------------
def _may_manage(actor: User, person: User | None = None) -> None:
    """Raise NotPermitted unless the actor keeps people, and the person is somebody else."""
    if not actor.has_perm("accounts.manage_people"):
        raise NotPermitted("not_permitted", _("Your role does not keep people and their access."))
    if person is not None and person == actor:
        raise _own_authority()


def _own_authority() -> NotPermitted:
    return NotPermitted(
        "own_authority", _("Nobody changes their own access. Ask another administrator.")
    )


def _refuse_clash(role_codes: set[str]) -> None:
    unknown = role_codes - set(roles.BY_CODE)
    if unknown:
        raise DomainError("unknown_role", _("There is no such role."))
    clashes = roles.conflicts(role_codes)
    if clashes:
        first, second = (labels.ROLES[code] for code in clashes[0])
        sentence = _(
            "“%(first)s” and “%(second)s” are two sides of one control; "
            "one person cannot hold both."
        ) % {"first": first, "second": second}
        raise DomainError("roles_clash", sentence, fields={"roles": sentence})


def _groups(role_codes: set[str]) -> list[Group]:
    found = list(Group.objects.filter(name__in=role_codes))
    if len(found) != len(role_codes):
        raise Conflict("roles_not_synced", _("The roles are not set up yet. Run “sync_roles”."))
    return found


def _save(person: User) -> None:
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:
        if "email" not in str(error):
            raise
        sentence = _("Somebody signs in with this e-mail already.")
        raise PersonExists("person_exists", sentence, fields={"email": sentence}) from error
