"""What can be asked about changes of loans: quotes, previews, proposals, rates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils.translation import gettext as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.applications.models import Application
from apps.collateral.models import Item
from apps.ledger import selectors as ledger
from apps.ledger.balances import Balances
from apps.ledger.chart import Event
from apps.ledger.models import Entry
from apps.loans.models import Loan
from apps.offers import contract as contracts
from apps.products import selectors as products
from apps.products.models import Product
from apps.repayments import (
    alterations,
    payoff,
    prepayment_charge,
    reading,
    replaying,
    walking,
)
from apps.repayments import services as repayments
from apps.repayments.account import ZERO, Happened
from apps.repayments.errors import PaidInPart
from apps.repayments.facts import Fact, Kind
from apps.repayments.models import AccountEvent
from apps.repayments.models.event import AccountEventQuerySet
from apps.repayments.payoff import Quote
from apps.repayments.prepayment_charge import Contract
from apps.repayments.replaying import Account
from apps.repayments.rescheduling import Rescheduled, Standing
from apps.repayments.services import holding
from apps.servicing.errors import refused_field
from apps.servicing.losses import Total
from apps.servicing.models import BenchmarkRate, Pause, Proposal, Transfer

# After everything else of its day.
LAST = 2**31
# What of an account's history changed the loan, and not only what was paid.
CHANGES = ("change", "part_prepayment", "payoff", "waiver", "write_off", "refund", "recovery")


@dataclass(frozen=True)
class Following:
    """What a floating loan follows: its benchmark, that of the day where known, and its spread."""

    benchmark: str
    benchmark_rate: Decimal | None
    spread: Decimal

    @property
    def annual_rate(self) -> Decimal | None:
        """Return the rate of the loan by the benchmark of the day."""
        return None if self.benchmark_rate is None else self.benchmark_rate + self.spread


# --- how an account stands ----------------------------------------------------------------------
def account(loan: Loan, day: date, *new: Fact) -> Account:
    """Return the account of a loan at the end of a day, where only something new happens by then.

    Raises TermsRefused where what is new does not fit.
    """
    more = [Happened(f"new {place}", LAST + place, fact) for place, fact in enumerate(new)]
    return replaying.replay(reading.contract(loan), [*reading.happened(loan), *more], upto=day)


def quote(loan: Loan, day: date) -> Quote:
    """Return what ends a loan on a day by its books, without the charge for paying early.

    What it will be charged for being late is left out: a part pre-payment does not ask for it.
    """
    return payoff.quote(account(loan, day).position, day)


def payoff_on(loan: Loan, day: date) -> Quote:
    """Return what ends a loan on a day, with the charge for paying early."""
    return payoffs(loan, [day])[0]


def payoff_amount(loan: Loan, day: date) -> Decimal | None:
    """Return how much money pays a loan off on a day; None where it cannot be paid off yet."""
    try:
        return payoff_on(loan, day).total
    except PaidInPart:
        return None


def payoffs(loan: Loan, days: Sequence[date]) -> list[Quote]:
    """Return what ends a loan on each of some days, with the charge for paying early.

    Raises PaidInPart where a part of it is still to be paid out.
    """
    holding.require_paid_out(loan)
    contract, history = reading.contract(loan), reading.happened(loan)
    accounts = {day: replaying.replay(contract, history, upto=day) for day in days}
    found = _quotes(loan, accounts)
    return [replace(one, charge=early_charge(loan, one.early_principal)) for one in found]


def _quotes(loan: Loan, accounts: Mapping[date, Account]) -> list[Quote]:
    """Return what ends a loan on each day, what it will be charged for being late included."""
    late = repayments.uncharged(loan, accounts)
    found = []
    for day, one in accounts.items():
        quote_ = payoff.quote(one.position, day)
        due = {
            bucket: amount + late[day].get(bucket, ZERO) for bucket, amount in quote_.due.items()
        }
        found.append(replace(quote_, due=due))
    return found


def standing(loan: Loan, day: date) -> Standing:
    """Return the schedule of a loan in force on a day."""
    return account(loan, day).standing(day)


def preview(
    loan: Loan, day: date, kind: str, parameters: dict[str, Any]
) -> tuple[Standing, Rescheduled]:
    """Return the schedule before and after a change. Raises TermsRefused."""
    found = account(loan, day)
    said = {name: value for name, value in parameters.items() if value not in (None, "")}
    after, _ceiling = found.changed(day, alterations.of_change(kind, said))
    return found.standing(day), after


def require_fits(loan: Loan, fact: Fact) -> None:
    """Raise TermsRefused where something new does not fit how the account stands on its day."""
    history = [*reading.happened(loan), Happened("new", LAST, fact)]
    replaying.replay(reading.contract(loan), history, upto=fact.day, new="new")


def balances(loan: Loan) -> Balances:
    """Return what the ledger holds for a loan."""
    return ledger.balances([loan.pk])[loan.pk]


# --- paying early -------------------------------------------------------------------------------
def early_contract(loan: Loan) -> Contract | None:
    """Return what the borrower was told paying early costs; None where nothing was told."""
    if loan.offer is None:
        return None
    told = loan.offer.key_facts
    return Contract(
        rate=Decimal(told["contingent"]["foreclosure_rate"]),
        is_indian=loan.branch.entity.country == "IN",
        is_floating=told["rate_type"] == "floating",
        # Every customer is a person.
        is_individual=True,
        is_business=loan.application.purpose in contracts.BUSINESS,
        sanctioned_on=date.fromisoformat(told["sanctioned_date"]),
    )


def early_charge(loan: Loan, principal: Decimal) -> Decimal:
    """Return the charge for so much principal paid before its time."""
    contract = early_contract(loan)
    if contract is None:
        return Decimal(0)
    return prepayment_charge.charge(principal, contract, loan.currency)


def top_up_products(loan: Loan) -> QuerySet[Product]:
    """Return the products that can pay a loan off: in its currency, and paid out at once."""
    rows = products.open_products(loan.branch.entity).filter(currency=loan.currency)
    return rows.exclude(conditions__is_staged=True)


def top_up_product(loan: Loan, code: str) -> Product:
    """Return a product that can pay a loan off, by its code. Raises DomainError."""
    found = top_up_products(loan).filter(code=code).first()
    if found is None:
        raise refused_field("product_unknown", "product", _("There is no such product."))
    return found


def top_up(loan: Loan) -> Application | None:
    """Return the request out of whose loan this one is to be paid off; None without one."""
    rows = Application.objects.filter(settles=loan.application_id)
    return rows.exclude(status__in=["declined", "withdrawn", "lapsed"]).first()


# --- what was written off -----------------------------------------------------------------------
def losses(actor: User) -> "QuerySet[Loan]":
    """Return the loans a person may see written off, with `lost_on`; the latest first."""
    day = AccountEvent.objects.filter(loan=OuterRef("pk"), kind="write_off", status="live")
    rows = Loan.objects.visible_to(actor).filter(status="written_off")
    found = rows.annotate(lost_on=Subquery(day.order_by("-day").values("day")[:1]))
    return found.select_related("account", "branch", "customer").order_by("-lost_on", "-pk")


def loss_totals(actor: User) -> list[Total]:
    """Return what was written off and recovered in each currency, of the loans one may see."""
    rows = (
        Loan.objects.visible_to(actor)
        .filter(status="written_off")
        .order_by("currency")
        .values("currency")
        .annotate(
            loans=Count("pk"),
            written_off=Sum("account__written_off"),
            recovered=Sum("account__recovered"),
        )
    )
    return [Total(**row) for row in rows]


def recoverable(loan: Loan, day: date) -> Decimal:
    """Return what can be taken on a day on a loan that was written off."""
    return walking.recoverable(account(loan, day).position)


# --- rates --------------------------------------------------------------------------------------
def lenders(actor: User) -> QuerySet[Entity]:
    """Return the lenders whose table of rates a person reads and keeps, by name."""
    rows = Entity.objects.order_by("name")
    return rows if actor.works_everywhere else rows.filter(pk=actor.branch.entity_id)


def following(loan: Loan, day: date) -> Following | None:
    """Return what a floating loan follows on a day; None for a fixed rate."""
    told = None if loan.offer is None else loan.offer.key_facts.get("floating")
    if not told:
        return None
    rows = BenchmarkRate.objects.filter(
        entity=loan.branch.entity_id,
        benchmark=told["benchmark"],
        effective_date__lte=day,
        taken_back_at=None,
    )
    last = rows.order_by("-effective_date").first()
    return Following(
        benchmark=told["benchmark"],
        benchmark_rate=None if last is None else last.annual_rate,
        spread=Decimal(told["spread"]),
    )


def rates(actor: User) -> QuerySet[BenchmarkRate]:
    """Return the table of rates of the lenders a person works for, the newest first.

    Those that were taken back are among them.
    """
    rows = BenchmarkRate.objects.select_related("entity", "set_by", "taken_back_by")
    return rows.filter(entity__in=lenders(actor).order_by().values("pk")).order_by(
        "entity__name", "benchmark", "-effective_date", "-set_at"
    )


def posted_under(rate: BenchmarkRate) -> QuerySet[AccountEvent]:
    """Return the changes that stand by which loans follow a row of the table, the first first.

    Such a change took the latest row of its day that the table had when it was made.
    """
    later = BenchmarkRate.objects.filter(
        Q(taken_back_at=None) | Q(taken_back_at__gt=OuterRef("made_at")),
        entity=rate.entity_id,
        benchmark=rate.benchmark,
        effective_date__gt=rate.effective_date,
        effective_date__lte=OuterRef("day"),
        set_at__lte=OuterRef("made_at"),
    )
    rows = AccountEvent.objects.filter(
        ~Exists(later),
        kind=Kind.CHANGE,
        status="live",
        loan__branch__entity=rate.entity_id,
        day__gte=rate.effective_date,
        made_at__gte=rate.set_at,
        parameters__parameters__benchmark=rate.benchmark,
    )
    return rows.select_related("loan").order_by("day", "position")


# --- what was proposed, agreed and done ---------------------------------------------------------
def given_up(proposal: Proposal, *, day: date) -> Decimal:
    """Return how much a proposal gives up: of a write-off, all that is owed on the day."""
    if proposal.amount is not None:
        return proposal.amount
    return quote(proposal.loan, day).owed


def proposals(loan: Loan) -> QuerySet[Proposal]:
    """Return what was proposed on a loan, the newest first."""
    rows = Proposal.objects.filter(loan=loan).select_related(
        *("proposed_by", "answered_by", "event__reversed_by")
    )
    return rows.order_by("-proposed_at", "-id")


def waiting(actor: User) -> QuerySet[Proposal]:
    """Return the proposals that wait for a second person, of the loans one may see."""
    rows = Proposal.objects.visible_to(actor).filter(status="proposed")
    return rows.select_related("loan__customer", "loan__branch", "proposed_by")


def my_count(actor: User) -> int:
    """Return how many proposals wait for this person."""
    return waiting(actor).exclude(proposed_by=actor).count()


def transfers(loan: Loan) -> QuerySet[Transfer]:
    """Return the transfers of a loan between branches, the newest first."""
    rows = Transfer.objects.filter(loan=loan).order_by("-proposed_at", "-id")
    return rows.select_related("proposed_by", "answered_by", "from_branch", "to_branch")


def waiting_transfers(actor: User) -> QuerySet[Transfer]:
    """Return the transfers that wait, from or to the branches of a person."""
    rows = Transfer.objects.visible_to(actor).filter(status="proposed")
    return rows.select_related("loan__customer", "proposed_by", "from_branch", "to_branch")


def my_transfers(actor: User) -> int:
    """Return how many transfers wait for this person."""
    rows = waiting_transfers(actor).exclude(proposed_by=actor)
    return rows.filter(accounts.in_reach(actor, branch_field="to_branch_id")).count()


def other_branches(loan: Loan) -> QuerySet[Branch]:
    """Return the other branches of a loan's lender, by name."""
    rows = Branch.objects.filter(entity=loan.branch.entity_id).exclude(pk=loan.branch_id)
    return rows.order_by("name")


def branch_called(code: str) -> Branch:
    """Return a branch by its code. Raises DomainError where there is none."""
    found = Branch.objects.filter(code=code).first()
    if found is None:
        raise refused_field("branch_unknown", "branch", _("There is no such branch."))
    return found


def pauses(loan: Loan) -> QuerySet[Pause]:
    """Return the pauses of a loan, the newest first."""
    return Pause.objects.filter(loan=loan).select_related("agreed_by").order_by("-starts_on")


def left_alone(day: date) -> QuerySet[Pause, Any]:
    """Return the keys of the loans whose borrowers are left alone on a day, for their hardship."""
    rows = Pause.objects.filter(status="agreed", starts_on__lte=day, ends_on__gte=day)
    return rows.values("loan")


def all_changes() -> AccountEventQuerySet:
    """Return what changed loans beside ordinary payments and charges."""
    return AccountEvent.objects.filter(kind__in=CHANGES)


def changes(loan: Loan) -> QuerySet[AccountEvent]:
    """Return what changed on a loan beside ordinary payments, the newest first."""
    rows = all_changes().filter(loan=loan)
    return rows.select_related("made_by", "approved_by").order_by("-day", "-position")


def is_known(reference: str) -> bool:
    """Say whether something happened on an account under this reference."""
    return AccountEvent.objects.filter(reference=reference).exists()


def pledged(loan: Loan) -> list[Item]:
    """Return what is pledged for a loan and for nothing else."""
    rows = Item.objects.filter(
        liens__application=loan.application_id, liens__status="standing"
    ).distinct()
    return [
        item
        for item in rows.order_by("pk")
        if not item.liens.filter(status="standing")
        .exclude(application=loan.application_id)
        .exists()
    ]


def repaid_date(loan: Loan) -> date | None:
    """Return the day of the last entry by which a loan was settled; None without any."""
    rows = Entry.objects.filter(
        loan_id=loan.pk,
        event__in=[Event.REPAYMENT.value, Event.WAIVER.value],
        reverses__isnull=True,
        reversal__isnull=True,
    )
    return rows.order_by("-day").values_list("day", flat=True).first()
