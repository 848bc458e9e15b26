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

from apps.letters import disclosures, vagueness
from apps.letters.checks import (
    ContentRefused,
    require_amount,
    require_term,
    require_text,
    require_texts,
)
from apps.letters.disclosures import Appeal, Score

__all__ = [
    "APPEAL",
    "APPROVED",
    "COUNTER_OFFER",
    "DECLINED",
    "INCOMPLETE",
    "KINDS",
    "LAPSED",
    "MOST_REASONS",
    "Appeal",
    "Approval",
    "Bureau",
    "ContentRefused",
    "Lender",
    "LetterFacts",
    "Reason",
    "Score",
]

DECLINED = "declined"
APPROVED = "approved"
COUNTER_OFFER = "counter_offer"
INCOMPLETE = "incomplete"
APPEAL = "appeal"
LAPSED = "lapsed"
KINDS = (DECLINED, APPROVED, COUNTER_OFFER, INCOMPLETE, APPEAL, LAPSED)
MOST_REASONS = 4  # rule book 4.3: more than four are not likely to be helpful


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
        require_text(self, *(field.name for field in fields(self)))


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One principal reason: its code, and a sentence with the applicant's own value."""

    code: str
    sentence: str

    def __post_init__(self) -> None:
        require_text(self, "code", "sentence")
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
        require_text(self, "currency")
        require_amount(self, "amount", "instalment")
        require_amount(self, "annual_rate", zero=True)
        require_term(self, self.term_months)
        if not self.first_steps or not all(step.strip() for step in self.first_steps):
            raise ContentRefused("An approval must tell the applicant what to do next.")
        if not all(sentence.strip() for sentence in self.working):
            raise ContentRefused("The working of the rate must not be an empty sentence.")


@dataclass(frozen=True, kw_only=True)
class Bureau:
    """The credit bureau whose report was used; `phone` is empty in letters before it was told."""

    name: str
    contact: str
    phone: str = ""

    def __post_init__(self) -> None:
        require_text(self, "name", "contact")


@dataclass(frozen=True, kw_only=True)
class LetterFacts:
    """Everything one letter states. Amount and term are what was asked for.

    The letter is dated `decided_date`; `review_until` is the last day to ask for a review. That an
    offer lapsed is told with its terms as `approval`, its last day `offer_until`, and the last day
    to ask for the reasons why it was not what was asked for; letters before them have neither.
    A counter-offer gives its reasons or that day. `regime` names whose law asks for `notices`
    (`apps.letters.regimes`). An incomplete application says what is `missing`, and the day until
    which it is waited for. What has a default here was not told in letters before it.
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
    regime: str = ""
    notices: tuple[str, ...] = ()
    completed_date: date | None = None
    missing: tuple[str, ...] = ()
    missing_until: date | None = None
    score: Score | None = None
    appeal: Appeal | None = None
    review_link: str = ""
    no_change: str = ""

    def __post_init__(self) -> None:
        require_text(
            self, "applicant_name", "applicant_address", "application_number", "product_name"
        )
        require_text(self, "currency", "reference")
        require_amount(self, "amount")
        require_term(self, self.term_months)
        if self.kind not in KINDS:
            raise ContentRefused(f"There is no letter of the kind {self.kind!r}.")
        require_texts(self, "missing")
        if not all(text.strip() for text in self.could_change):
            raise ContentRefused("What could change the outcome must not be an empty sentence.")
        if self.no_change and self.could_change:
            raise ContentRefused("Either something could change the outcome, or nothing was found.")
        self._require_dates()
        self._require_reasons()
        self._require_parts()
        if self.kind == DECLINED:
            self._require_refusal()
        elif self.kind in {APPROVED, LAPSED}:
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
        if self.missing_until is not None and self.missing_until <= self.decided_date:
            raise ContentRefused("The time to send what is missing must end after the letter.")
        if self.completed_date is not None and not (
            self.received_date <= self.completed_date <= self.decided_date
        ):
            raise ContentRefused("An application is completed between its receipt and the letter.")

    def _require_reasons(self) -> None:
        if len(self.reasons) > MOST_REASONS:
            raise ContentRefused(f"A letter states at most {MOST_REASONS} principal reasons.")
        if len({reason.code for reason in self.reasons}) != len(self.reasons):
            raise ContentRefused("A reason is stated once.")

    def _require_parts(self) -> None:
        """Raise ContentRefused where a part belongs to another kind of letter, or is not there."""
        if (self.kind == INCOMPLETE) != bool(self.missing) or (
            (self.kind == INCOMPLETE) != (self.missing_until is not None)
        ):
            raise ContentRefused("Only an incomplete application says what is missing until when.")
        if (self.kind == APPEAL) != (self.appeal is not None):
            raise ContentRefused("Only the outcome of an appeal tells what came of it.")
        if self.kind == COUNTER_OFFER and self.approval is None:
            raise ContentRefused("A counter-offer states what is offered.")
        if self.kind == INCOMPLETE and (self.approval is not None or self.reasons):
            raise ContentRefused("Nothing is decided yet on an incomplete application.")
        if self.approval is not None and self.approval.currency != self.currency:
            raise ContentRefused("An approval is in the currency of the application.")

    def _require_refusal(self) -> None:
        if self.approval is not None:
            raise ContentRefused("A refusal cannot carry an approval.")
        if not self.reasons:
            raise ContentRefused(f"A refusal states one to {MOST_REASONS} principal reasons.")

    def _require_approval(self) -> None:
        if self.approval is None:
            raise ContentRefused("An approval letter states what was approved.")
        if self.reasons or self.could_change or self.no_change:
            raise ContentRefused("An approval letter carries no reasons for a refusal.")

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
        case LetterFacts() | Lender() | Reason() | Approval() | Bureau() | Score() | Appeal():
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
    for name in ("offer_until", "reasons_until", "completed_date", "missing_until"):
        day = written.get(name)
        values[name] = None if day is None else date.fromisoformat(day)
    for name in ("notices", "missing"):
        values[name] = tuple(written.get(name, ()))
    if written.get("score"):
        values["score"] = disclosures.read_score(written["score"])
    if written.get("appeal"):
        values["appeal"] = disclosures.read_appeal(written["appeal"])
    return LetterFacts(**values)


def _read_approval(written: Mapping[str, Any]) -> Approval:
    amounts = {name: Decimal(written[name]) for name in ("amount", "annual_rate", "instalment")}
    texts = {name: tuple(written.get(name, ())) for name in ("first_steps", "working")}
    return Approval(**{**written, **amounts, **texts})
