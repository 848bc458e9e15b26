"""Why something about a loan or its payment is refused; each sentence is fit for an officer."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.core.errors import Conflict, DomainError, NotPermitted


class NotAccepted(Conflict):
    """Nothing is lent before the applicant agreed."""

    def __init__(self) -> None:
        super().__init__(
            "no_accepted_offer",
            _("The applicant has not accepted an offer yet; nothing is lent before."),
        )


class NotPayable(Conflict):
    """The contract is in a state in which nothing is paid out."""


class NothingLeft(Conflict):
    """All of the loan was paid out, or is on its way."""

    def __init__(self) -> None:
        super().__init__(
            "nothing_left",
            _("All of this loan was paid out already, or a payment is on its way."),
        )


class RestGivenUp(Conflict):
    """The rest of the loan was given up: nothing more is paid out under it."""

    def __init__(self, day: date) -> None:
        super().__init__(
            "rest_given_up",
            _("The rest of this loan was given up on %(day)s: nothing more is paid out.")
            % {"day": date_format(day, "DATE_FORMAT")},
        )


class AskedForItself(NotPermitted):
    """Nobody gives up the rest of a loan whose payment they asked for."""

    def __init__(self) -> None:
        super().__init__(
            "own_request",
            _("You asked for a payment of this loan; another person must give up its rest."),
        )


class NotOwnAccount(DomainError):
    """A loan is paid to the borrower's own account. Rule book 6.5."""

    def __init__(self) -> None:
        sentence = _(
            "The loan is paid to the borrower's own account; this name is not the borrower's."
        )
        super().__init__("not_own_account", sentence, fields={"holder": sentence})


class OwnRequest(NotPermitted):
    """Nobody approves a payment they asked for."""

    def __init__(self) -> None:
        super().__init__(
            "own_request", _("You asked for this payment; another person must approve it.")
        )


class HeldTheLink(NotPermitted):
    """Nobody approves a payment who could have accepted the offer in the borrower's stead."""

    def __init__(self) -> None:
        super().__init__(
            "held_the_link",
            _(
                "You held a link by which this offer may have been accepted; another person must"
                " approve the payment."
            ),
        )


class AllAlone(NotPermitted):
    """One person recorded the acceptance, asked for the payment, and would tell the bank, too."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            "all_alone",
            _(
                "Nobody else of the lender took part in payment %(reference)s so far; another"
                " person than you must tell the bank to pay, or record that it paid."
            )
            % {"reference": reference},
        )


class NotSecured(Conflict):
    """What is to secure the loan does not stand yet."""


class OtherContent(Conflict):
    """The reference was used for something else."""

    def __init__(self) -> None:
        super().__init__(
            "reference_taken", _("Another payment was asked for under this reference.")
        )


class PaidOtherwise(Conflict):
    """The payment was confirmed before, with another day or reference of the bank."""

    def __init__(self) -> None:
        super().__init__(
            "paid_otherwise",
            _("This payment was confirmed already, with another day or bank reference."),
        )


def refused_field(code: str, field: str, sentence: str) -> DomainError:
    """Return a refusal whose sentence belongs to one input."""
    return DomainError(code, sentence, fields={field: sentence})
