"""Fills the journeys' database by the commands and services that a lender would use.

Runs in a process of its own, in the environment of the processes under test.
"""

import functools
import itertools
import json
import sys
import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group
from django.core.management import call_command
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import Branch, User
from apps.applications import entries
from apps.applications import services as applications
from apps.applications.models import Application
from apps.audit import services as audit
from apps.customers import services as people
from apps.customers.models import Customer
from apps.customers.tests import factories as customers
from apps.dashboards import readiness
from apps.decisions import automation
from apps.decisions import services as decisions
from apps.decisions.models import Decision, PolicyVersion
from apps.desk import sampling
from apps.desk import services as desk
from apps.letters import services as letters
from apps.loans.tests import test_mapping as tapes
from apps.offers import services as offers
from apps.products.models import Product
from apps.scoring import services as scoring
from apps.scoring.tests import factories as models
from creditrisk.local import steps

PASSWORD = "correct-horse-battery"
# Everybody signs in as <name>@lender.example with the password above.
PEOPLE = (
    ("Alice", "loan_officer", "pune"),
    ("Nadia", "loan_officer", "nashik"),
    ("Bob", "credit_reviewer", "pune"),
    ("Beth", "credit_reviewer", "pune"),
    ("Charlie", "credit_manager", "pune"),
    ("Carol", "collections_officer", "online"),
    ("Rita", "risk_analyst", "pune"),
    ("Mark", "model_approver", "pune"),
    ("Amir", "auditor", "pune"),
    ("Esther", "executive", "pune"),
)
LIMITS = {"Bob": 300_000, "Beth": 300_000, "Charlie": 5_000_000}
# The other segments have a scorecard.
TREES_IN = "in-retail"
DRAFTS_IN_NASHIK = 24
# Enough for two groups of borrowers to be judged, and of every risk.
LOANS = 120


def prepare() -> None:
    """Makes everything there is before the first journey and prints the primary keys."""
    for step in steps.BASE:
        call_command(step.command, *step.arguments, stdout=sys.stderr)
    people = team()
    for segment in readiness.segments():
        _champion(segment, people["Rita"], people["Mark"])
    _loans()
    alice, nadia = people["Alice"], people["Nadia"]
    for customer in _borrowers(alice).values():
        _assessed(_draft(alice, customer))
    made = {
        "customers": {name: one.number for name, one in _borrowers(alice).items()},
        "drafts_in_nashik": [
            str(_draft(nadia, _customer(nadia)).pk) for _ in range(DRAFTS_IN_NASHIK)
        ],
        # One that stays a draft, whichever journey comes first.
        "draft_that_lacks_papers": str(_draft(nadia, _customer(nadia)).pk),
    }
    sys.stdout.write(json.dumps(made))


def sweep() -> None:
    """Looks for work whose message was lost, as beat would have it done in a minute."""
    later = timezone.now() + timedelta(minutes=1)
    found = [decisions.sweep(now=later), letters.render_waiting(now=later)]
    sys.stdout.write(json.dumps(found))


def start_again() -> None:
    """Lets two people start automated decisions again, whatever a journey left stopped."""
    charlie, mark = (User.objects.get(name=name) for name in ("Charlie", "Mark"))
    ended = []
    for stop in automation.standing(charlie):
        if stop.status == "stopped":
            decisions.ask_restart(actor=charlie, stop=stop, note="Over.", now=timezone.now())
        elif stop.asked_by == mark:
            decisions.keep_stopped(actor=charlie, stop=stop)
            decisions.ask_restart(actor=charlie, stop=stop, note="Over.", now=timezone.now())
        decisions.restart_automation(actor=mark, stop=stop, now=timezone.now())
        ended.append(str(stop.pk))
    sys.stdout.write(json.dumps(ended))


def laboratory() -> None:
    """Lets a model score the loans of the tape and begins a draft of Rita's to lay evidence by."""
    base = PolicyVersion.objects.get(entity__code="prairie", status="approved")
    rita, mark = (User.objects.get(email=f"{name}@lender.example") for name in ("rita", "mark"))
    for segment in base.entity.products.values_list("scoring_segment", flat=True).distinct():
        _champion(segment, rita, mark)
    _protected_attributes()
    draft = decisions.draft_policy(actor=rita, entity=base.entity, base=base)
    sys.stdout.write(json.dumps({"pk": str(draft.pk), "name": str(draft)}))


def blind() -> None:
    """Leaves one approval sampled for a blind second opinion, and prints its keys and number.

    The share is ended again: no other journey's decision is to be withheld from its reviewer.
    """
    alice, charlie = (User.objects.get(name=name) for name in ("Alice", "Charlie"))
    entry = desk.ShareEntry(
        entity=alice.branch.entity, share=Decimal("0.5"), days=5, why="For one journey."
    )
    share = desk.set_share(actor=charlie, entry=entry, now=timezone.now())
    for serial in itertools.count(Application.objects.count() * 100 + 50_000):
        made = _sampled(alice, _stranger(alice, serial))
        if made:
            break
    desk.sample(now=timezone.now())
    desk.end_share(actor=charlie, share=share, now=timezone.now())
    sys.stdout.write(json.dumps(made))


def agreed() -> None:
    """Leaves an application whose applicant accepted the offer; prints its key and the name."""
    alice = User.objects.get(name="Alice")
    customer = _stranger(alice, Application.objects.count() * 100 + 70_000)
    draft = _draft(alice, customer)
    _assessed(draft)
    found = Application.objects.select_related("product").get(pk=draft.pk)
    offer = offers.make(actor=alice, application=found, now=timezone.now())
    consent = offers.Consent(channel="signed", reference="Folder 7, page 2", acknowledged=True)
    offers.accept_by_officer(actor=alice, offer=offer, consent=consent, now=timezone.now())
    made = {"pk": str(found.pk), "number": found.number, "borrower": customer.full_name}
    sys.stdout.write(json.dumps(made))


def secured() -> None:
    """Leaves a decided vehicle loan with the vehicle only declared; prints its key and number."""
    alice = User.objects.get(name="Alice")
    entry = entries.ApplicationEntry(
        customer=_stranger(alice, Application.objects.count() * 100 + 90_000),
        product=Product.objects.get(code="in-vehicle"),
        amount=Decimal(150_000),
        term_months=36,
        purpose="car",
    )
    draft = applications.draft(actor=alice, entry=entry, now=timezone.now())
    vehicle = entries.CollateralEntry(
        kind="vehicle",
        description="Hatchback, first registered 2024",
        valuation=Decimal(300_000),
        valued_date=timezone.now().date() - timedelta(days=3),
    )
    applications.add_collateral(actor=alice, application=draft, entry=vehicle)
    _assessed(draft)
    sys.stdout.write(json.dumps({"pk": str(draft.pk), "number": draft.number}))


def _stranger(officer: User, serial: int) -> Customer:
    """Returns a borrower whom no earlier part of the world knows."""
    return _customer(
        officer,
        identities={"pan": customers.pan(serial)},
        phone=customers.phone(serial),
        email=f"stranger{serial}@example.com",
    )


def _sampled(officer: User, customer: Customer) -> dict[str, str]:
    """Decides one more application; returns its key and number where the half samples it."""
    draft = _draft(officer, customer)
    _assessed(draft)
    decision = Decision.objects.get(application=draft)
    if not sampling.is_sampled(decision.pk, Decimal("0.5")):
        return {}
    return {"pk": str(draft.pk), "number": draft.number, "outcome": decision.outcome}


def _protected_attributes() -> None:
    """Lets most borrowers of the tape state their gender, and notes when most were born."""
    borrowers = Customer.objects.filter(entity__code="prairie").order_by("number")
    entry = accounts.PersonEntry(
        name="Olga",
        email="olga@lender.example",
        branch=borrowers.earliest("number").branch,
        language="en",
    )
    diana = User.objects.get(email="diana@lender.example")
    olga = accounts.add_person(actor=diana, entry=entry, role_codes={"loan_officer"})
    for place, one in enumerate(borrowers):
        if place % 5:
            customers.consent(one, "fairness_monitoring", actor=olga, now=timezone.now())
            people.record_protected_attributes(
                actor=olga, customer=one, values={"gender": ("female", "male")[place % 2]}
            )
        if place % 7:
            one.date_of_birth = date(1940 + 4 * (place % 12), 5, 1)
            one.save()


def team() -> dict[str, User]:
    """Makes the first administrator as an installation does, and lets her make the others."""
    branches = {branch.code: branch for branch in Branch.objects.all()}
    diana = User(email="diana@lender.example", name="Diana", branch=branches["pune"])
    diana.set_password(PASSWORD)
    diana.save()
    diana.groups.set(Group.objects.filter(name="administrator"))
    people = {"Diana": diana}
    for name, role, branch in PEOPLE:
        entry = accounts.PersonEntry(
            name=name,
            email=f"{name.lower()}@lender.example",
            branch=branches[branch],
            language="en",
        )
        people[name] = accounts.add_person(actor=diana, entry=entry, role_codes={role})
        # One hash for all: making one is slow on purpose.
        people[name].password = diana.password
        people[name].save(update_fields=["password"])
    for name, amount in LIMITS.items():
        accounts.set_limit(
            actor=diana,
            holder=people[name],
            currency="INR",
            product_code="",
            amount=Decimal(amount),
        )
    return people


def _champion(segment: str, rita: User, mark: User) -> None:
    now = timezone.now()
    kind = "lightgbm" if segment == TREES_IN else "scorecard"
    model = scoring.register_model(
        actor=rita,
        segment=segment,
        name=f"A {kind} of synthetic applications",
        artefact=models.trained_artefact(kind=kind),
        now=now,
    )
    scoring.promote(model=model, approved_by=mark, now=now)


def _borrowers(alice: User) -> dict[str, Customer]:
    """Returns the borrowers of the journeys by what the policy will say of them."""
    borrower = functools.partial(_customer, alice)
    declared = {"verification": "declared"}
    return {
        "approved": borrower(full_name="Meera Joshi"),
        "declined": borrower(
            full_name="Vikram Rao",
            employment={
                "gross_annual_income": Decimal(240_000),
                "net_monthly_income": Decimal(18_000),
            },
            obligations=({"monthly_payment": Decimal(9_000)},),
        ),
        # Its facts are corrected on the way, so that no other journey may count on them.
        "appealing": borrower(
            full_name="Nilesh Pawar",
            employment={
                "gross_annual_income": Decimal(240_000),
                "net_monthly_income": Decimal(18_000),
            },
            obligations=({"monthly_payment": Decimal(9_000)},),
        ),
        "referred": borrower(full_name="Farah Khan", employment=declared),
        "referred_above_limit": borrower(full_name="Lakshmi Nair", employment=declared),
        "wanted_by_two": borrower(full_name="John Dsouza", employment=declared),
    }


def _customer(officer: User, **changes: Any) -> Customer:
    """Returns a complete customer with papers, whose income and bureau report are of yesterday."""
    now = timezone.now()
    yesterday = (now - timedelta(days=1)).date()
    changes["employment"] = _good_income(yesterday) | changes.get("employment", {})
    made = customers.customer(
        officer.branch,
        actor=officer,
        now=now,
        bureau={"pulled_date": yesterday, "score": 810, "enquiries_6m": 0},
        **changes,
    )
    customers.papers(made, "identity", "address", "income", "collateral", actor=officer)
    return made


def _good_income(as_of: date) -> dict[str, Any]:
    return {
        "as_of": as_of,
        "gross_annual_income": Decimal(1_500_000),
        "net_monthly_income": Decimal(100_000),
    }


def _draft(officer: User, customer: Customer) -> Application:
    entry = entries.ApplicationEntry(
        customer=customer,
        product=Product.objects.get(code="in-personal"),
        amount=Decimal(120_000),
        term_months=24,
        purpose="medical",
    )
    return applications.draft(actor=officer, entry=entry, now=timezone.now())


def _assessed(draft: Application) -> None:
    """Submits and decides an application, so that pages have something to show."""
    now = timezone.now()
    applications.submit(actor=draft.taken_by, application=draft, now=now)
    decision = decisions.assess(
        application_id=draft.pk, actor=audit.system("worker"), now=timezone.now()
    )
    if decision.letter_id is not None:
        letters.render(letter_id=decision.letter_id, now=timezone.now())


def _loans() -> None:
    """Imports a small loan tape, one loan in five of which defaulted."""
    outcomes = ["Charged Off", "Fully Paid", "Fully Paid", "Fully Paid", "Fully Paid"]
    lines = [
        tapes.line(
            loan_no=str(number),
            loan_status=outcomes[number % 5],
            dti=str(number * 7 % 30),
            revol_util=f"0.{number * 13 % 100:02d}",
            acc_now_delinq="0",
            pub_rec_bankruptcies="0",
        )
        for number in range(1, LOANS + 1)
    ]
    import_tape(lines)


def import_tape(lines: Sequence[str]) -> None:
    """Imports lines of a loan tape by the command that a lender would use."""
    with tempfile.TemporaryDirectory() as folder:
        tape = Path(folder) / "tape.csv"
        tape.write_text(tapes.tape_text(*lines))
        rejects = tape.with_name("rejects.csv")
        call_command("import_tape", tape, mapping="lendingclub", rejects=rejects, stdout=sys.stderr)
