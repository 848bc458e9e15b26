"""What a letter to an applicant states: facts only, checked when they are put together. Pure.

Rule book 10 is the check-list: lender, applicant, dates, what was decided, one to four specific
reasons, what could change the outcome, the part automated means played, how to ask for review,
the credit bureau where one was used. `reasons`, `could_change` and `first_steps` are sentences
in the applicant's language; everything around them comes from the edition of the template.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

from apps.letters import vagueness

DECLINED = "declined"
APPROVED = "approved"
LAPSED = "lapsed"
MOST_REASONS = 4  # rule book 4.3: more than four are not likely to be helpful


class ContentRefused(ValueError):
    """The facts cannot become a letter; the message says which one and why."""


def _require_text(owner: object, *names: str) -> None:
    for name in names:
        value = getattr(owner, name)
        if not isinstance(value, str) or not value.strip():
            raise ContentRefused(f"{type(owner).__name__}.{name} must not be empty.")


def _require_amount(owner: object, *names: str, zero: bool = False) -> None:
    for name in names:
        value = getattr(owner, name)
        if not isinstance(value, Decimal) or not value.is_finite():
            raise ContentRefused(f"{type(owner).__name__}.{name} must be a finite Decimal.")
        if value < 0 or (value == 0 and not zero):
            raise ContentRefused(f"{type(owner).__name__}.{name} must be positive.")


def _require_term(owner: object, term_months: int) -> None:
    if not isinstance(term_months, int) or term_months < 1:
        raise ContentRefused(f"{type(owner).__name__}.term_months must be at least one month.")


@dataclass(frozen=True, kw_only=True)
class Lender:
    """Who writes: taken from the entity, so that the letter carries what stood there that day."""

    name: str
    address: str
    email: str
    phone: str
    review_contact: str
    data_protection_contact: str
    regulator: str

    def __post_init__(self) -> None:
        _require_text(self, *(field.name for field in fields(self)))


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One principal reason: its code, and a sentence with the applicant's own value."""

    code: str
    sentence: str

    def __post_init__(self) -> None:
        _require_text(self, "code", "sentence")
        if vagueness.says_nothing(self.sentence):
            raise ContentRefused(
                f"{self.sentence!r} says nothing about the applicant; a reason must be specific."
            )
        if word := vagueness.prohibited_basis(self.sentence):
            raise ContentRefused(f"{word!r} must not be a reason for a credit decision.")


@dataclass(frozen=True, kw_only=True)
class Approval:
    """What was approved. `annual_rate` is a fraction: 0.145 is 14.5 % a year.

    `working` are sentences on how rate and instalment come about; letters before them have none.
    """

    amount: Decimal
    currency: str
    term_months: int
    annual_rate: Decimal
    instalment: Decimal
    first_steps: tuple[str, ...]
    working: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require_text(self, "currency")
        _require_amount(self, "amount", "instalment")
        _require_amount(self, "annual_rate", zero=True)
        _require_term(self, self.term_months)
        if not self.first_steps or not all(step.strip() for step in self.first_steps):
            raise ContentRefused("An approval must tell the applicant what to do next.")
        if not all(sentence.strip() for sentence in self.working):
            raise ContentRefused("The working of the rate must not be an empty sentence.")


@dataclass(frozen=True, kw_only=True)
class Bureau:
    """The credit bureau whose report was used."""

    name: str
    contact: str

    def __post_init__(self) -> None:
        _require_text(self, "name", "contact")


@dataclass(frozen=True, kw_only=True)
class LetterFacts:
    """Everything one letter states. Amount and term are what was asked for.

    The letter is dated `decided_date`; `review_until` is the last day to ask for a review. That an
    offer lapsed is told with its terms as `approval`, its last day `offer_until`, and the last day
    to ask for the reasons why it was not what was asked for; letters before them have neither.
    """

    kind: str
    lender: Lender
    applicant_name: str
    applicant_address: str
    application_number: str
    product_name: str
    amount: Decimal
    currency: str
    term_months: int
    received_date: date
    decided_date: date
    automated: bool
    reasons: tuple[Reason, ...]
    could_change: tuple[str, ...]
    approval: Approval | None
    bureau: Bureau | None
    review_until: date
    reference: str
    offer_until: date | None = None
    reasons_until: date | None = None

    def __post_init__(self) -> None:
        _require_text(
            self, "applicant_name", "applicant_address", "application_number", "product_name"
        )
        _require_text(self, "currency", "reference")
        _require_amount(self, "amount")
        _require_term(self, self.term_months)
        if self.kind not in {DECLINED, APPROVED, LAPSED}:
            raise ContentRefused(f"There is no letter of the kind {self.kind!r}.")
        self._require_dates()
        if self.kind == DECLINED:
            self._require_refusal()
        else:
            self._require_approval()

    def _require_dates(self) -> None:
        if self.decided_date < self.received_date:
            raise ContentRefused("The decision cannot be older than the application.")
        if self.review_until <= self.decided_date:
            raise ContentRefused("The time to ask for a review must end after the decision.")
        if self.reasons_until is not None and self.reasons_until <= self.decided_date:
            raise ContentRefused("The time to ask for reasons must end after the letter.")
        if (self.kind == LAPSED) != (self.offer_until is not None):
            raise ContentRefused("Only the letter about an offer that lapsed names its last day.")
        if self.offer_until is not None and self.offer_until >= self.decided_date:
            raise ContentRefused("An offer lapses after its last day.")

    def _require_refusal(self) -> None:
        if self.approval is not None:
            raise ContentRefused("A refusal cannot carry an approval.")
        if not 1 <= len(self.reasons) <= MOST_REASONS:
            raise ContentRefused(f"A refusal states one to {MOST_REASONS} principal reasons.")
        if len({reason.code for reason in self.reasons}) != len(self.reasons):
            raise ContentRefused("A reason is stated once.")
        if not all(text.strip() for text in self.could_change):
            raise ContentRefused("What could change the outcome must not be an empty sentence.")

    def _require_approval(self) -> None:
        if self.approval is None:
            raise ContentRefused("An approval letter states what was approved.")
        if self.reasons or self.could_change:
            raise ContentRefused("An approval letter carries no reasons for a refusal.")
        if self.approval.currency != self.currency:
            raise ContentRefused("An approval is in the currency of the application.")

    def to_dict(self) -> dict[str, Any]:
        """Return the facts as JSON types: Decimals and dates as strings, tuples as lists."""
        written: dict[str, Any] = _plain(self)
        return written

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> "LetterFacts":
        """Return the facts written by `to_dict`. Raises ContentRefused for anything else."""
        try:
            return _read(written)
        except (KeyError, TypeError, ArithmeticError) as error:
            raise ContentRefused(f"These are not the facts of a letter: {error!r}.") from error


def _plain(value: Any) -> Any:
    match value:
        case str() | None:
            return value
        case LetterFacts() | Lender() | Reason() | Approval() | Bureau():
            return {name: _plain(part) for name, part in vars(value).items()}
        case list() | tuple():
            return [_plain(part) for part in value]
        case Decimal() | date():
            return str(value)
        case _:
            return value


def _read(written: Mapping[str, Any]) -> LetterFacts:
    approval, bureau = written["approval"], written["bureau"]
    values = {
        **written,
        "lender": Lender(**written["lender"]),
        "amount": Decimal(written["amount"]),
        "reasons": tuple(Reason(**reason) for reason in written["reasons"]),
        "could_change": tuple(written["could_change"]),
        "approval": _read_approval(approval) if approval else None,
        "bureau": Bureau(**bureau) if bureau else None,
    }
    for name in ("received_date", "decided_date", "review_until"):
        values[name] = date.fromisoformat(written[name])
    for name in ("offer_until", "reasons_until"):
        day = written.get(name)
        values[name] = None if day is None else date.fromisoformat(day)
    return LetterFacts(**values)


def _read_approval(written: Mapping[str, Any]) -> Approval:
    amounts = {name: Decimal(written[name]) for name in ("amount", "annual_rate", "instalment")}
    texts = {name: tuple(written.get(name, ())) for name in ("first_steps", "working")}
    return Approval(**{**written, **amounts, **texts})
