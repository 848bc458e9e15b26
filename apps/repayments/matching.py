"""Which loan money is for: suggestions with their reasons, the strongest first. Pure.

A loan's number, given as account or written in the text, says which loan is meant. The customer's
number or telephone says who pays, which names the loan where there is one only. That the amount is
what falls due next, or that the names agree, is weaker: enough to suggest, never to post.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

# Loan numbers as they are written by hand: L-A-2026-000123, a 2026 123456, LA2026/000123.
_NUMBER = re.compile(r"(?<![A-Z0-9])(?:L\W{0,2})?A\W{0,2}(\d{4})\W{0,2}(\d{6,})(?!\d)", re.ASCII)
# Where only a number is asked for, the letters may be missing.
_DIGITS = re.compile(r"(?:L\W{0,2})?(?:A\W{0,2})?(\d{4})\W{0,2}(\d{6,})", re.ASCII)
_WORD = re.compile(r"[^\s,;:|]+")
_PHONE = re.compile(r"(?<![\dA-Z])\+?\d[\d ]{8,13}\d(?!\d)", re.ASCII)
_SHORTEST_WORD = 3


class Because(StrEnum):
    """Why a loan is suggested, the strongest reason first."""

    ACCOUNT = "account"
    NARRATIVE = "narrative"
    CUSTOMER = "customer"
    PHONE = "phone"
    AMOUNT = "amount"
    NAME = "name"


# What a reason weighs: all that is weaker together does not outweigh one of the next kind.
WEIGHTS = {
    Because.ACCOUNT: 32,
    Because.NARRATIVE: 16,
    Because.CUSTOMER: 8,
    Because.PHONE: 4,
    Because.AMOUNT: 2,
    Because.NAME: 1,
}
_SAYS_WHICH = (Because.ACCOUNT, Because.NARRATIVE)
_SAYS_WHO = (Because.CUSTOMER, Because.PHONE)


@dataclass(frozen=True, slots=True)
class Payment:
    """What is known of money that came in; `phones` are blind indexes."""

    amount: Decimal
    account: str = ""
    narrative: str = ""
    party: str = ""
    phones: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A loan that money may be for: what a payment can name it by, and what falls due next.

    `elsewhere` is its number where it was lent first: short, so that it names the loan only where
    an account is asked for, never within a text. `takes_money` is false for a loan that is over or
    was never paid out.
    """

    loan_id: UUID
    numbers: frozenset[str]
    customer: str
    elsewhere: str = ""
    phone: str = ""
    name: str = ""
    next_due: Decimal | None = None
    takes_money: bool = True


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A loan with the reasons for it, the strongest first."""

    loan_id: UUID
    reasons: tuple[Because, ...]
    takes_money: bool = True

    @property
    def weight(self) -> int:
        """How much speaks for the loan."""
        return sum(WEIGHTS[reason] for reason in self.reasons)


def suggestions(payment: Payment, candidates: Iterable[Candidate]) -> tuple[Suggestion, ...]:
    """Return the loans that anything speaks for, the best first; equals by their key."""
    said = _Said.of(payment)
    found = [
        Suggestion(one.loan_id, reasons, one.takes_money)
        for one in candidates
        if (reasons := tuple(_reasons(said, one)))
    ]
    return tuple(sorted(found, key=lambda one: (-one.weight, not one.takes_money, one.loan_id)))


def certain(found: Sequence[Suggestion]) -> Suggestion | None:
    """Return the one loan the money is for beyond doubt, or None.

    The numbers named must all name one loan. Where none names any, who pays must have exactly one
    loan that takes money. A loan that takes none is never certain.
    """
    named = [one for one in found if any(reason in _SAYS_WHICH for reason in one.reasons)]
    if named:
        return named[0] if len(named) == 1 and named[0].takes_money else None
    theirs = [one for one in found if any(reason in _SAYS_WHO for reason in one.reasons)]
    open_ = [one for one in theirs if one.takes_money]
    return open_[0] if len(open_) == 1 else None


def stands_out(found: Sequence[Suggestion]) -> bool:
    """Say whether more speaks for the first loan than for any other."""
    return bool(found) and (len(found) == 1 or found[0].weight > found[1].weight)


def numbers_given(account: str) -> frozenset[str]:
    """Return the loan numbers an account reference may mean; the letters may be missing."""
    text = account.strip().upper()
    found = _DIGITS.fullmatch(text)
    spelt = {f"L-A-{found[1]}-{found[2]}"} if found else set()
    return frozenset(spelt | ({text} if text else set()))


def numbers_in(text: str) -> frozenset[str]:
    """Return what may be a loan number in a text: what looks like one, and words with digits."""
    upper = text.upper()
    spelt = {f"L-A-{found[1]}-{found[2]}" for found in _NUMBER.finditer(upper)}
    words = (word.strip(".()[]#/'\"") for word in _WORD.findall(upper))
    return frozenset(spelt | {word for word in words if any(sign.isdigit() for sign in word)})


def phones_in(*texts: str) -> frozenset[str]:
    """Return what may be a telephone number in texts; numbers with stars in them are none."""
    return frozenset(
        "".join(found.split()) for text in texts for found in _PHONE.findall(text.upper())
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """A payment with what its texts name."""

    payment: Payment
    given: frozenset[str]
    written: frozenset[str]
    texts: str
    words: frozenset[str]

    @classmethod
    def of(cls, payment: Payment) -> "_Said":
        """Return a payment with what its texts name."""
        return cls(
            payment,
            numbers_given(payment.account),
            numbers_in(payment.narrative),
            f"{payment.account} {payment.narrative}".upper(),
            _words(f"{payment.party} {payment.narrative}"),
        )


def _reasons(said: _Said, one: Candidate) -> Iterator[Because]:
    if (one.numbers | {one.elsewhere.upper()}) & said.given:
        yield Because.ACCOUNT
    if one.numbers & said.written:
        yield Because.NARRATIVE
    if one.customer and _stands_in(one.customer.upper(), said.texts):
        yield Because.CUSTOMER
    if one.phone and one.phone in said.payment.phones:
        yield Because.PHONE
    if one.next_due is not None and one.next_due == said.payment.amount:
        yield Because.AMOUNT
    own = _words(one.name)
    if len(own & said.words) >= min(2, len(own)) > 0:
        yield Because.NAME


def _stands_in(number: str, text: str) -> bool:
    """Say whether a number stands in a text as a word of its own."""
    return re.search(rf"(?<![A-Z0-9]){re.escape(number)}(?![A-Z0-9])", text) is not None


def _words(text: str) -> frozenset[str]:
    """Return the words of a name that can tell people apart."""
    plain = "".join(sign if _is_of_a_word(sign) else " " for sign in text.casefold())
    return frozenset(word for word in plain.split() if len(word) >= _SHORTEST_WORD)


def _is_of_a_word(sign: str) -> bool:
    # Vowel signs of Indian scripts are marks, not letters.
    return unicodedata.category(sign)[0] in "LM"
