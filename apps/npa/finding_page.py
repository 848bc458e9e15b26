"""How findings are shown: what they are called, their states, and what a person may do."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity, User
from apps.loans.models import Loan
from apps.loans.presentation import Look
from apps.npa import finding_choices, policies, rulebook, wording
from apps.npa.findings import Kind
from apps.npa.models import Finding

LOOKS: Mapping[str, Look] = {
    "proposed": Look("progress", "users", _("Waits for another person")),
    "approved": Look("success", "circle-check", _("Found")),
    "ending": Look("progress", "users", _("To be ended by another person")),
    "ended": Look("neutral", "circle-slash", _("So no longer")),
    "refused": Look("danger", "circle-x", _("Refused")),
    "withdrawn": Look("neutral", "undo-2", _("Taken back")),
}
KINDS: Mapping[str, str | Promise] = {
    Kind.FRAUD: _("Fraud"),
    Kind.REVIEW: _("Review asks for at least"),
    Kind.CROP_SEASON: _("Crop loan, months of the season"),
    Kind.SEGMENT: _("Sector"),
    Kind.GUARANTEE: _("Guarantee"),
    Kind.REPUDIATION: _("Guarantee repudiated"),
    Kind.ESCROW: _("Infrastructure with an escrow account"),
    Kind.SCHEME: _("Restructured under a scheme"),
    Kind.RATING: _("Rating"),
    Kind.INCREASED_RISK: _("Significant increase in credit risk"),
}
VALUES: Mapping[str, str | Promise] = {
    "personal": _("Personal or corporate"),
    "state_government": _("State government"),
    "central_government": _("Central government"),
    "msme": _("Micro, small and medium enterprises"),
    "natural_calamity": _("Natural calamity"),
    "investment_grade": _("Investment grade"),
    "below_investment_grade": _("Below investment grade"),
}


def segments(entity: Entity, on: date) -> dict[str, str]:
    """Return what segments are called in a lender's rules of a day, by their codes.

    What two tables name counts as the one for everything has it.
    """
    tables = rulebook.standing_for(entity, on)
    return {one.code: one.name for stored in tables for one in stored.rules.segments}


def value(kind: str, code: str, names: Mapping[str, str]) -> str:
    """Return what the value of a finding is called; "" where the kind says all."""
    if kind == Kind.REVIEW:
        return wording.asset_class(code)
    if kind == Kind.SEGMENT:
        return names.get(code, code)
    return str(VALUES.get(code, code))


def name(kind: str, code: str, names: Mapping[str, str]) -> str:
    """Return what was found in a few words, as `Guarantee: State government`."""
    said = value(kind, code, names)
    return f"{KINDS[kind]}: {said}" if said else str(KINDS[kind])


def choices(loan: Loan, on: date) -> list[tuple[str, Any]]:
    """Return what can be found about a loan, for a list of choices in groups.

    Raises DomainError where no rules are in force.
    """
    names = segments(loan.branch.entity, on)
    found: list[tuple[str, Any]] = [("", _now("Choose"))]
    for kind, values in finding_choices.of_loan(loan, on).items():
        # So many lengths are typed, not looked for among as many lines.
        one_line = [(f"{kind}:", str(KINDS[kind]))] if kind == Kind.CROP_SEASON else None
        found.append((str(KINDS[kind]), one_line or _options(kind, values, names)))
    return found


def _options(kind: str, values: Sequence[str], names: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(f"{kind}:{one}", name(kind, one, names)) for one in values]


def in_words(
    found: Iterable[Sequence[Mapping[str, str]]], entity: Entity, on: date
) -> list[list[str]]:
    """Return what the findings of each row are called, of loans of one lender.

    The rules of the day are read only where a sector is named.
    """
    listed = list(found)
    has_sector = any(one["kind"] == Kind.SEGMENT for row in listed for one in row)
    names = segments(entity, on) if has_sector else {}
    return [[name(one["kind"], one["value"], names) for one in row] for row in listed]


def rows(actor: User, found: Iterable[Finding], on: date) -> list[dict[str, Any]]:
    """Return findings as they are shown to a person, named by the rules of a day."""
    listed = list(found)
    lenders = {one.loan.branch.entity_id: one.loan.branch.entity for one in listed}
    names = {key: segments(entity, on) for key, entity in lenders.items()}
    return [_row(actor, one, names[one.loan.branch.entity_id]) for one in listed]


def _row(actor: User, one: Finding, names: Mapping[str, str]) -> dict[str, Any]:
    """Return a finding with its name, its look and the buttons for this person."""
    proposes = actor.has_perm(policies.PROPOSE_FINDING)
    approves = actor.has_perm(policies.APPROVE_FINDING)
    return {
        "one": one,
        "name": name(one.kind, one.value, names),
        "look": LOOKS[one.status],
        "may_answer": one.may("approve") and approves and one.proposed_by_id != actor.pk,
        "may_withdraw": one.may("withdraw") and proposes and one.proposed_by_id == actor.pk,
        "may_propose_end": one.may("propose_end") and proposes,
        "may_answer_end": one.may("end") and approves and one.end_proposed_by_id != actor.pk,
    }
