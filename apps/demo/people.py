"""The people of the demonstration: one sign-in per role, and colleagues in other branches."""

import hashlib
import hmac
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import CommandError
from django.db import transaction

from apps.accounts.models import ApprovalLimit, Branch, User
from apps.audit import services as audit

_WORD_LIST = (
    "amber anchor apple arrow basin birch blaze bloom brass brick brook cedar chalk cliff cloud "
    "clover comet copper coral crane daisy delta ember fable falcon fern field flint forest frost "
    "garnet glade grain grove harbor hazel heron indigo island ivory jasper juniper lagoon lantern "
    "ledger lemon lilac linen lotus maple marble meadow mango nectar oasis olive onyx opal orchid "
    "otter pearl pebble"
)
_WORDS = tuple(_WORD_LIST.split())
ACTOR = audit.system("demo")


@dataclass(frozen=True)
class Person:
    """Somebody of the demonstration, what the person may approve alone, and what to try."""

    name: str
    role: str
    branch: str
    limits: tuple[tuple[str, int], ...] = ()
    hint: str = ""

    @property
    def email(self) -> str:
        """The address the person signs in with."""
        return f"{self.name.split()[0].lower()}@creditrisk.example"


# What takes two managers - lifting a block, starting automation again - needs both with limits.
_MANAGERS_LIMITS = (("INR", 5_000_000), ("KES", 5_000_000), ("USD", 100_000))
PEOPLE = (
    Person(
        "Asha Kulkarni",
        "loan_officer",
        "pune",
        hint="Customers > Register, then New application; Repayment desk; Money in suspense",
    ),
    Person(
        "Bhaskar Iyer",
        "credit_reviewer",
        "pune",
        (("INR", 300_000),),
        "Review queue: claim a case and decide it",
    ),
    Person(
        "Chitra Menon",
        "credit_manager",
        "mumbai",
        _MANAGERS_LIMITS,
        "Review queue: counter-sign above the reviewer's limit; Block list; stop automation; "
        "Sheet of the day: take a payment back",
    ),
    Person(
        "Nyambura Wekesa",
        "credit_manager",
        "nairobi",
        _MANAGERS_LIMITS,
        "the second manager: lift the block, answer the exception, start automation again",
    ),
    Person(
        "Dev Rao", "collections_officer", "pune", hint="Overdue loans: take one; Promises to pay"
    ),
    Person(
        "Farida Shaikh",
        "risk_analyst",
        "mumbai",
        hint="Laboratory; Credit policy > your draft; Models > Train",
    ),
    Person(
        "Esha Banerjee",
        "model_validator",
        "mumbai",
        hint="Promotions: the validation; Register of models; Gates: propose others",
    ),
    Person(
        "Gopal Nair",
        "model_approver",
        "mumbai",
        hint="Credit policy: the proposal; Promotions: the evidence",
    ),
    Person(
        "Leela Iyer",
        "model_approver",
        "mumbai",
        hint="Promotions: let a model through a gate, which Gopal then approves",
    ),
    Person(
        "Hema Desai",
        "auditor",
        "mumbai",
        hint="Audit trail > Verify the chain; a decision > Replay",
    ),
    Person(
        "Kavita Bhosale",
        "executive",
        "mumbai",
        hint="Home: what to ask about now; Portfolio summary; Concentration",
    ),
    Person("Ishaan Verma", "administrator", "mumbai", hint="People: roles and approval limits"),
    Person("Kiosk API", "integrator", "pune", hint="POST /api/v1/token, see /api/v1/docs"),
    Person("Jatin Pawar", "loan_officer", "nashik"),
    Person("Wanjiru Kamau", "loan_officer", "nairobi"),
    Person("Otieno Odhiambo", "credit_reviewer", "nairobi", (("KES", 500_000),)),
    Person("Laura Jensen", "loan_officer", "online"),
    Person("Mike Olsen", "credit_reviewer", "online", (("USD", 15_000),)),
)


def passphrase(email: str) -> str:
    """Return a person's passphrase: four words drawn from this installation's secret key."""
    digest = hmac.digest(settings.SECRET_KEY.encode(), email.encode(), hashlib.sha256)
    return "-".join(_WORDS[byte % len(_WORDS)] for byte in digest[:4])


def refuse_in_production() -> None:
    """Raise CommandError where real people work: the demonstration has no place there."""
    if settings.PRODUCTION:
        raise CommandError("The demonstration's people and data are not for production.")


@transaction.atomic
def ensure() -> int:
    """Make those people who are not there yet, with roles and limits; return how many."""
    refuse_in_production()
    branches = Branch.objects.in_bulk(field_name="code")
    groups = Group.objects.in_bulk(field_name="name")
    if missing := sorted({one.branch for one in PEOPLE} - set(branches)):
        raise CommandError(f"Run load_products first: there is no branch {', '.join(missing)}.")
    if not {one.role for one in PEOPLE} <= set(groups):
        raise CommandError("Run sync_roles first.")
    there = set(User.objects.values_list("email", flat=True))
    absent = [one for one in PEOPLE if one.email not in there]
    for one in absent:
        _add(one, branches[one.branch], groups[one.role])
    return len(absent)


def of_role(role: str, branch: str = "") -> User:
    """Return the demonstration's first person with a role, in a branch if one is named."""
    found = next(one for one in PEOPLE if one.role == role and branch in ("", one.branch))
    return User.objects.get(email=found.email)


def _add(one: Person, branch: Branch, group: Group) -> None:
    person = User(email=one.email, name=one.name, branch=branch)
    person.set_password(passphrase(one.email))
    person.save()
    person.groups.add(group)
    for currency, amount in one.limits:
        ApprovalLimit.objects.create(user=person, currency=currency, amount=Decimal(amount))
    audit.record(ACTOR, "accounts.person_added", person, roles=[one.role])
