"""A lender for benchmarks: a champion as we would train it, people, and applications that wait."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from django.contrib.auth.models import Group
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.applications import entries
from apps.applications import services as applications
from apps.customers.tests import factories as customers
from apps.products.models import Product
from apps.scoring import services as scoring
from ml import artefact, presets, synthetic, training
from ml.application_schema import SCHEMA
from ml.artefact import Artefact
from ml.training import TrainingConfig

CUSTOMERS = 40
# Small loans, which nearly everybody gets.
SMALL = range(50_000, 100_000, 500)


def trained() -> Artefact:
    """Return a champion trained on twenty thousand synthetic applications."""
    frame = synthetic.generate(
        synthetic.MARKETS["in-retail"],
        rows=20_000,
        seed=11,
        start=date(2024, 1, 1),
        end=date(2024, 12, 31),
    )
    config = TrainingConfig(model=presets.CHAMPION)
    return artefact.pack(
        training.train(frame[list(SCHEMA.names)], frame["bad"], schema=SCHEMA, config=config)
    )


def set_up(packed: Artefact) -> User:
    """Make a lender's people and champion; return the officer."""
    branch = Branch.objects.get(code="pune")
    people = {}
    for name, role in (("rita", "risk_analyst"), ("mark", "model_approver")):
        people[name] = User(email=f"{name}@lender.example", name=name, branch=branch)
        people[name].set_unusable_password()
        people[name].save()
        people[name].groups.set(Group.objects.filter(name=role))
    now = timezone.now()
    model = scoring.register_model(
        actor=people["rita"], segment="in-retail", name="Benchmark", artefact=packed, now=now
    )
    scoring.promote(model=model, approved_by=people["mark"], now=now)
    return customers.officer(branch)


def submitted(officer: User, count: int, *, amounts: Sequence[int] = SMALL) -> list[str]:
    """Return the keys of submitted applications; nobody has assessed them."""
    now = timezone.now()
    yesterday = (now - timedelta(days=1)).date()
    borrowers = [
        customers.customer(
            officer.branch,
            actor=officer,
            now=now,
            employment={"as_of": yesterday, "net_monthly_income": Decimal(70_000)},
            bureau={"pulled_date": yesterday},
        )
        for _ in range(CUSTOMERS)
    ]
    product = Product.objects.get(code="in-personal")
    found = []
    for number in range(count):
        entry = entries.ApplicationEntry(
            customer=borrowers[number % CUSTOMERS],
            product=product,
            amount=Decimal(amounts[number % len(amounts)]),
            term_months=24,
            purpose="medical",
        )
        draft = applications.draft(actor=officer, entry=entry, now=now)
        applications.submit(actor=officer, application=draft, now=now)
        found.append(str(draft.pk))
    return found
