"""Why something on an account is refused; each sentence is fit for an officer."""

from django.utils.translation import gettext as _

from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.repayments.facts import told_reference


class ReferenceUsed(Conflict):
    """Something else was reported under this reference."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            "reference_used",
            _(
                "Something else was posted under the reference %(reference)s already. Look it up,"
                " or post this under its own reference."
            )
            % {"reference": told_reference(reference)},
        )


class KeptUnidentified(ReferenceUsed):
    """Money under this reference is in suspense."""

    def __init__(self, reference: str) -> None:
        super().__init__(reference)
        self.sentence = _(
            "Money under the reference %(reference)s came in already and waits in suspense. Place"
            " it from there; it is not posted besides."
        ) % {"reference": told_reference(reference)}


class ReturnedUnidentified(ReferenceUsed):
    """Money under this reference was in suspense, and was returned from there."""

    def __init__(self, reference: str) -> None:
        super().__init__(reference)
        self.sentence = _(
            "Money under the reference %(reference)s came in already and went back from suspense to"
            " who paid it. If it came in again, take it under another reference."
        ) % {"reference": told_reference(reference)}


class CameAndWent(Conflict):
    """Money under this reference was placed on a loan, and taken back from there since."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            "taken_back_already",
            _(
                "Money under the reference %(reference)s was placed on a loan and taken back since,"
                " so it is no longer here. If it came in again, take it under another reference."
            )
            % {"reference": told_reference(reference)},
        )


class PaidInPart(Conflict):
    """What was never paid out is neither paid back, given up nor lost."""

    def __init__(self) -> None:
        super().__init__(
            "paid_in_part",
            _(
                "Only a part of this loan was paid out. Principal is paid early or written off"
                " when all of it is, or when the rest was given up."
            ),
        )


class TakenBackAlready(Conflict):
    """It was taken back for another reason."""

    def __init__(self) -> None:
        super().__init__("taken_back_already", _("This was taken back already."))


class AccruingNow(Conflict):
    """Somebody else accrues the interest of this lender."""

    def __init__(self) -> None:
        super().__init__(
            "accruing_now", _("The interest of this lender is being accrued right now.")
        )


class NothingOwed(Conflict):
    """The loan is in a state in which nothing is paid on it."""


class Settled(NothingOwed):
    """The rest of the loan was given up for good, by what was agreed with the borrower."""

    def __init__(self) -> None:
        super().__init__(
            "settled", _("This loan is settled: what was left of it was given up for good.")
        )


class FactRefused(DomainError):
    """What is reported cannot have happened so; `fields` says what of it."""


class NotAllowed(NotPermitted):
    """The person's role does not allow this."""

    def __init__(self) -> None:
        super().__init__("not_permitted", _("Your role does not allow this step of a payment."))


def refused_field(code: str, name: str, sentence: str) -> FactRefused:
    """Return the refusal of one input."""
    return FactRefused(code, sentence, fields={name: sentence})
