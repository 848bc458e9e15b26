"""Why a change of a loan's life is refused; each sentence is fit for an officer."""

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.formatting import format_money


class NotRunning(Conflict):
    """Nothing changes on a loan that was not paid out, is closed, or was given up."""

    def __init__(self) -> None:
        super().__init__(
            "loan_not_running", _("This loan is not running: nothing of it changes now.")
        )


class RateIsFixed(Conflict):
    """A loan of a fixed rate follows no benchmark."""

    def __init__(self) -> None:
        super().__init__("rate_is_fixed", _("The rate of this loan is fixed; nothing is followed."))


class NotWrittenOff(Conflict):
    """Only what was written off is recovered."""

    def __init__(self) -> None:
        super().__init__(
            "not_written_off", _("This loan was not written off; post a payment instead.")
        )


class OwnProposal(NotPermitted):
    """Nobody agrees to what they proposed."""

    def __init__(self) -> None:
        super().__init__(
            "own_proposal", _("You proposed this; another person must approve or refuse it.")
        )


class OwnRelief(NotPermitted):
    """Nobody takes back alone what they gave up together with another person."""

    def __init__(self) -> None:
        super().__init__(
            "own_relief", _("You proposed or approved this; another person must take it back.")
        )


class AboveLimit(NotPermitted):
    """More than the person may agree to alone."""

    def __init__(self, limit: Decimal, currency: str) -> None:
        super().__init__(
            "above_limit",
            _("You may agree to at most %(limit)s; somebody with a higher limit must.")
            % {"limit": format_money(limit, currency)},
        )


class OtherContent(Conflict):
    """The reference was used for something else."""

    def __init__(self) -> None:
        super().__init__("reference_taken", _("Something else was proposed under this reference."))


class StillOwed(Conflict):
    """A loan is closed only when nothing is owed on either side."""


def together(refusals: Sequence[DomainError]) -> DomainError:
    """Return one refusal for all; one that speaks of no input stands alone, and the only one."""
    if len(refusals) == 1:
        return refusals[0]
    for one in refusals:
        if not one.fields:
            return one
    fields = {name: text for one in reversed(refusals) for name, text in one.fields.items()}
    return DomainError(refusals[0].code, refusals[0].sentence, fields=fields)


def refused_field(code: str, field: str, sentence: str) -> DomainError:
    """Return a refusal whose sentence belongs to one input."""
    return DomainError(code, sentence, fields={field: sentence})
