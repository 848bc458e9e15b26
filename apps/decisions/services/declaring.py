"""Declare whom one is close to, so that one keeps out of their applications; end it by another."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.visibility import get_visible
from apps.customers import contact, fingerprints, identity, sentences
from apps.customers.findings import Finding
from apps.customers.models import Customer
from apps.decisions import independence, policies
from apps.decisions.models import DeclaredInterest, ReviewCase
from apps.decisions.services.claiming import end_claim, locked_case

LONGEST_TEXT = 2_000
PHONE, EMAIL = "phone", "email"


@dataclass(frozen=True, kw_only=True)
class InterestEntry:
    """Whom it is about: a customer by number, or whoever has an official number; and how."""

    relation: str
    reason: str
    customer_number: str = ""
    kind: str = ""
    number: str = ""


@transaction.atomic
def declare_interest(*, actor: User, entry: InterestEntry, now: datetime) -> DeclaredInterest:
    """Write down whom the person is close to, and put back what they hold about them.

    The same said twice is written once. Raises DomainError with a sentence for each field.
    """
    reason = _checked(entry)
    customer = _customer(actor, entry.customer_number) if entry.customer_number else None
    index = "" if customer is not None else _index(actor, entry)
    # Two clicks must not write it twice: they wait for each other here.
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=actor.pk)
    about = {"customer": customer} if customer is not None else {"index": index}
    before = DeclaredInterest.objects.filter(person=actor, **about).standing().first()
    if before is not None:
        return before
    made = DeclaredInterest(
        person=actor,
        relation=entry.relation,
        customer=customer,
        kind="" if customer is not None else entry.kind,
        index=index,
        reason=reason,
        declared_at=now,
    )
    made.save(force_insert=True)
    audit.record(
        actor,
        "decisions.interest_declared",
        made,
        relation=made.relation,
        about=made.kind or "customer",
    )
    _put_back(actor)
    return made


@transaction.atomic
def end_interest(
    *, actor: User, interest: DeclaredInterest, reason: str, now: datetime
) -> DeclaredInterest:
    """End what another person declared, because it was wrong or is over; a reason says which.

    Raises NotPermitted for one's own, Conflict where it was ended before, DomainError without a
    reason.
    """
    if not actor.has_perm(policies.MANAGE_INTERESTS):
        raise NotPermitted("not_permitted", _("Your role does not look after this register."))
    rows = DeclaredInterest.objects.select_for_update(of=("self",))
    found = get_visible(rows, actor, pk=interest.pk)
    if found.person_id == actor.pk:
        raise NotPermitted(
            "own_interest", _("You declared this yourself; another person must end it.")
        )
    if found.ended_at is not None:
        raise Conflict("interest_ended", _("This was ended in the meantime."))
    if not reason.strip():
        sentence = _("Say why.")
        raise DomainError("reason_required", sentence, fields={"reason": sentence})
    found.ended_by, found.ended_at, found.end_reason = actor, now, reason.strip()
    found.save(update_fields=["ended_by", "ended_at", "end_reason", "updated_at"])
    audit.record(actor, "decisions.interest_ended", found, person=str(found.person_id))
    return found


def _checked(entry: InterestEntry) -> str:
    fields: dict[str, object] = {}
    if entry.relation not in DeclaredInterest.Relation.values:
        fields["relation"] = _("Choose what connects you.")
    if not entry.reason.strip():
        fields["reason"] = _("Say in a few words what connects you.")
    elif len(entry.reason.strip()) > LONGEST_TEXT:
        fields["reason"] = _("At most %(limit)s characters.") % {"limit": LONGEST_TEXT}
    if bool(entry.customer_number) == bool(entry.number):
        fields["customer_number"] = _("Name a customer number or an official number.")
    if fields:
        raise DomainError("interest_incomplete", _("This is not complete."), fields=fields)
    return entry.reason.strip()


def _customer(actor: User, number: str) -> Customer:
    """Return a customer of any branch: one is close to people wherever they bank with us."""
    rows = Customer.objects.filter(number__iexact=number.strip())
    if not actor.works_everywhere:
        rows = rows.filter(entity=actor.branch.entity_id)
    found = rows.first()
    if found is None:
        sentence = _("There is no such customer.")
        raise DomainError("no_such_customer", sentence, fields={"customer_number": sentence})
    return found


def _index(actor: User, entry: InterestEntry) -> str:
    """Return the blind index of a number, telephone or e-mail in its canonical form."""
    country = actor.branch.entity.country
    try:
        if entry.kind == PHONE:
            return fingerprints.phone(contact.phone(entry.number, country=country))
        if entry.kind == EMAIL:
            return fingerprints.email(contact.email(entry.number))
        if entry.kind not in identity.KINDS_BY_COUNTRY.get(country, ()):
            sentence = _("Choose what kind of number it is.")
            raise DomainError("unknown_kind", sentence, fields={"kind": sentence})
        return fingerprints.identity(entry.kind, identity.normalise(entry.kind, entry.number))
    except Finding as finding:
        raise sentences.refusal({"number": finding}) from None


def _put_back(actor: User) -> None:
    """Put the cases back that the person holds and must keep out of from now on."""
    out = independence.connected_applications(actor).values("pk")
    held = ReviewCase.objects.filter(status="claimed", claimed_by=actor, application__in=out)
    for key in list(held.order_by("application", "pk").values_list("pk", flat=True)):
        case = locked_case(actor, key)
        if case.status == "claimed" and case.claimed_by_id == actor.pk:
            end_claim(case, verb="decisions.case_released", actor=actor)
