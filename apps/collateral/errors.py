"""Why something about collateral is refused; each sentence is fit for an officer."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from apps.core.errors import Conflict, DomainError, NotPermitted


class RegisteredAlready(Conflict):
    """The thing stands in the register; a second loan gets a lien on it, not a second item."""

    def __init__(self, number: str) -> None:
        sentence = (
            _("This is in the register already as %(number)s. Add a lien to that item instead.")
            % {"number": number}
            if number
            else _("This is in the register already, for another branch. Ask there for a lien.")
        )
        super().__init__("registered_already", sentence, fields={"registration": sentence})


class BeyondValue(DomainError):
    """The lien would secure more than is left of the item's value."""

    def __init__(self, left: str, value: str) -> None:
        told = {"left": left, "value": value}
        sentence = (
            _("The item is worth %(value)s; a lien secures no more than that.") % told
            if left == value
            else _("Only %(left)s of the value of %(value)s is left; earlier liens take the rest.")
            % told
        )
        super().__init__("beyond_value", sentence, fields={"secured_amount": sentence})


class NotValued(Conflict):
    """There is no valuation that holds today."""

    def __init__(self) -> None:
        super().__init__(
            "not_valued", _("Record a valuation that holds today first; a lien rests on it.")
        )


class LoanIsLive(Conflict):
    """Money is owed under what the item secures; what the person may not see is not named."""

    def __init__(self, numbers: Iterable[str], *, has_unseen: bool = False) -> None:
        named = [*numbers, *([_("an application you may not see")] if has_unseen else [])]
        super().__init__(
            "loan_is_live",
            _("Money is still owed under %(numbers)s; what secures it stays charged.")
            % {"numbers": ", ".join(named)},
        )


class AskedYourself(NotPermitted):
    """Nobody grants what they asked for."""

    def __init__(self) -> None:
        super().__init__(
            "own_request", _("You asked for this release; another person must answer it.")
        )


class Ended(Conflict):
    """The item secures nothing any more."""

    def __init__(self) -> None:
        super().__init__(
            "item_ended", _("This item was withdrawn, released or invoked; nothing is added to it.")
        )
