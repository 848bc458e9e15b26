"""What is on record about the people of some rows, read at once, and what the rows add to it."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Q

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.applications import hooks, requirements
from apps.applications.own_debts import OwnDebt
from apps.bulk.drafts import Draft
from apps.bulk.models import UploadRow
from apps.customers.entries import AddressEntry
from apps.customers.models import (
    BureauReport,
    Consent,
    Customer,
    Employment,
    Household,
    IdentityNumber,
    NoObligations,
    Obligation,
)
from apps.customers.selectors import DECLARATION_HOLDS_DAYS
from apps.products.models import Product


@dataclass(frozen=True, kw_only=True)
class Person:
    """A customer with what is known on the day; one whom a row registers is `is_new`."""

    customer: Customer
    is_new: bool = False
    consents: frozenset[str] = frozenset()
    employment: Employment | None = None
    household: Household | None = None
    obligations: tuple[Obligation, ...] = ()
    ended_dates: tuple[date, ...] = ()
    declaration: NoObligations | None = None
    reports: tuple[BureauReport, ...] = ()
    own: tuple[OwnDebt, ...] = ()
    # Of somebody to register.
    address: AddressEntry | None = None

    @property
    def report(self) -> BureauReport | None:
        """The newest bureau report; of two of a day the later one."""
        return max(self.reports, key=lambda one: one.pulled_date, default=None)

    def standing(self, on: date) -> requirements.Standing:
        """Return what is known of the customer on a day, as the application form sees it."""
        return requirements.Standing(
            employment=self.employment,
            bureau_report=self.report,
            obligations=self.obligations,
            declared_none=not self.obligations and self._denied(on),
            home=self.household.home if self.household is not None else "",
            own=self.own,
        )

    def _denied(self, on: date) -> bool:
        if self.declaration is None:
            return False
        declared = self.declaration.declared_date
        is_fresh = on - timedelta(days=DECLARATION_HOLDS_DAYS) <= declared <= on
        return is_fresh and not any(ended > declared for ended in self.ended_dates)


@dataclass(frozen=True)
class Taken:
    """A request that was taken in before: its application - none in a dry run - and what it said.

    `is_within_reach` says whether the uploader works in the branch of that application.
    """

    application_id: uuid.UUID | None
    number: str
    digest: str
    is_within_reach: bool = True


@dataclass
class Ground:
    """What rows are judged by. `admit` adds what a good row would change."""

    actor: User
    branch: Branch
    today: date
    products: Mapping[str, Product]
    reach: frozenset[uuid.UUID]
    people: dict[uuid.UUID, Person] = field(default_factory=dict)
    # Those whose facts are read; of others only that they share a telephone or an e-mail.
    applicants: set[uuid.UUID] = field(default_factory=set)
    owners: dict[tuple[str, str], uuid.UUID] = field(default_factory=dict)
    sharers: dict[str, set[uuid.UUID]] = field(default_factory=lambda: defaultdict(set))
    by_number: dict[str, uuid.UUID] = field(default_factory=dict)
    # By the key of the row that was taken in.
    taken: dict[str, Taken] = field(default_factory=dict)

    @property
    def entity(self) -> Entity:
        """The lender."""
        return self.branch.entity

    def learn(self, drafts: Sequence[Draft]) -> None:
        """Read what is on record about the rows; what is known already stays."""
        self._learn_owners(drafts)
        self._learn_taken({one.key for one in drafts})
        self._learn_people(drafts)

    def within_reach(self, customer: Customer) -> bool:
        """Say whether the uploader works in the customer's branch."""
        return customer.branch_id in self.reach

    def admit(
        self, draft: Draft, person: Person, application: tuple[uuid.UUID | None, str]
    ) -> None:
        """Note that a row is good: later rows meet its customer and find its request taken."""
        key = person.customer.pk
        self.people[key] = person
        self.applicants.add(key)
        if person.is_new:
            self.owners |= dict.fromkeys(draft.prints, key)
            for index in (draft.phone_print, draft.email_print):
                if index:
                    self.sharers[index].add(key)
        self.taken[draft.key] = Taken(*application, draft.digest)

    def _learn_owners(self, drafts: Iterable[Draft]) -> None:
        indexes = {index for one in drafts for _kind, index in one.prints}
        rows = IdentityNumber.objects.filter(entity=self.entity, index__in=indexes)
        for kind, index, customer in rows.values_list("kind", "index", "customer_id"):
            self.owners[(kind, index)] = customer

    def _learn_taken(self, keys: set[str]) -> None:
        rows = UploadRow.objects.filter(
            entity=self.entity, key__in=keys, state=UploadRow.State.ACCEPTED
        )
        application = ("application_id", "application__number")
        columns = ("key", *application, "digest", "application__branch_id")
        for key, made, number, digest, branch in rows.values_list(*columns):
            self.taken[key] = Taken(made, number, digest, is_within_reach=branch in self.reach)

    def _learn_people(self, drafts: Sequence[Draft]) -> None:
        phones = {one.phone_print for one in drafts} - {""}
        emails = {one.email_print for one in drafts} - {""}
        numbers = {one.values["customer_number"] for one in drafts if _numbered(one)}
        # Each by its own index: with an OR the database would go through all customers.
        wanted = [
            Q(pk__in=set(self.owners.values()) - self.applicants),
            Q(number__in=numbers),
            Q(phone_index__in=phones),
            Q(email_index__in=emails),
        ]
        found: dict[uuid.UUID, Customer] = {}
        for condition in wanted:
            rows = Customer.objects.filter(condition, entity=self.entity)
            found |= {one.pk: one for one in rows.select_related("branch")}
        for key, one in found.items():
            for index in {one.phone_index, one.email_index} & (phones | emails):
                self.sharers[index].add(key)
            if one.number in numbers:
                self.by_number[one.number] = key
        unread = {key: one for key, one in found.items() if key not in self.applicants}
        self._learn_facts(unread, set(self.owners.values()) | set(self.by_number.values()))

    def _learn_facts(self, found: Mapping[uuid.UUID, Customer], owning: set[uuid.UUID]) -> None:
        applicants = [key for key in found if key in owning]
        facts = _facts(applicants, self.today) if applicants else {}
        for key, customer in found.items():
            self.people[key] = Person(customer=customer, **facts.get(key, {}))
        self.applicants.update(applicants)


def ground(*, actor: User, branch: Branch, today: date) -> Ground:
    """Return the ground of an uploader's rows, with nothing learned of people yet."""
    products = {one.code: one for one in Product.objects.filter(entity=branch.entity)}
    return Ground(
        actor=actor,
        branch=branch,
        today=today,
        products=products,
        reach=frozenset(accounts.branch_ids(actor)),
    )


def _numbered(draft: Draft) -> bool:
    return "customer_number" in draft.values


def _facts(keys: Sequence[uuid.UUID], today: date) -> dict[uuid.UUID, dict[str, Any]]:
    """Return what is on record of customers, with one question for each kind of fact."""
    facts: dict[uuid.UUID, dict[str, Any]] = {key: {} for key in keys}
    latest = Employment.objects.filter(customer__in=keys, as_of__lte=today)
    for work in latest.order_by("customer", "-as_of", "-created_at").distinct("customer"):
        facts[work.customer_id]["employment"] = work
    for home in Household.objects.filter(customer__in=keys):
        facts[home.customer_id]["household"] = home
    given = Consent.objects.filter(customer__in=keys, withdrawn_at=None)
    for customer, purposes in _grouped(given.values_list("customer_id", "purpose")).items():
        facts[customer]["consents"] = frozenset(purposes)
    debts = Obligation.objects.filter(customer__in=keys, from_date__lte=today, own_loan="")
    for customer, rows in _grouped(
        (one.customer_id, one) for one in debts.order_by("from_date", "created_at")
    ).items():
        standing = tuple(r for r in rows if r.ended_date is None or r.ended_date > today)
        facts[customer]["obligations"] = standing
        facts[customer]["ended_dates"] = tuple(r.ended_date for r in rows if r.ended_date)
    said = NoObligations.objects.filter(customer__in=keys, declared_date__lte=today)
    for word in said.order_by("customer", "-declared_date", "-created_at").distinct("customer"):
        facts[word.customer_id]["declaration"] = word
    reports = BureauReport.objects.filter(customer__in=keys, pulled_date__lte=today)
    newest = reports.order_by("-pulled_date", "-created_at")
    for customer, found in _grouped((one.customer_id, one) for one in newest).items():
        facts[customer]["reports"] = tuple(found)
    for customer, paid_to_us in hooks.own_debts(keys, on=today).items():
        facts[customer]["own"] = paid_to_us
    return facts


def _grouped(pairs: Iterable[tuple[uuid.UUID, Any]]) -> dict[uuid.UUID, list[Any]]:
    groups: dict[uuid.UUID, list[Any]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups
