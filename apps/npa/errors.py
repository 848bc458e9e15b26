"""Why a day is not ended; each sentence is fit for an officer."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.core.errors import Conflict


def _day(day: date) -> str:
    return date_format(day, "DATE_FORMAT")


class EndingNow(Conflict):
    """Somebody else ends a day of this lender."""

    def __init__(self) -> None:
        super().__init__(
            "ending_now",
            _("A day of this lender is being ended right now. Look at its progress instead."),
        )


class DaySkipped(Conflict):
    """A day before it was not ended."""

    def __init__(self, missing: date) -> None:
        sentence = _("Days are ended in their order. First end %(day)s.") % {"day": _day(missing)}
        super().__init__("day_skipped", sentence, fields={"day": sentence})


class BeforeTheFirst(Conflict):
    """The lender began to end its days later."""

    def __init__(self) -> None:
        sentence = _("This lender's days are ended since a later day.")
        super().__init__("before_the_first", sentence, fields={"day": sentence})


class DayNotOver(Conflict):
    """The day is not over in the lender's calendar."""

    def __init__(self) -> None:
        sentence = _("A day is ended when it is over.")
        super().__init__("day_not_over", sentence, fields={"day": sentence})


class DayClosedAlready(Conflict):
    """The books of the day are closed."""

    def __init__(self, day: date) -> None:
        sentence = _("The books are closed up to %(day)s: what was found for it stays.")
        said = sentence % {"day": _day(day)}
        super().__init__("day_closed", said, fields={"day": said})


class NothingToEnd(Conflict):
    """The lender has no loan on its books yet."""

    def __init__(self) -> None:
        sentence = _("This lender has no loan on its books on that day.")
        super().__init__("nothing_to_end", sentence, fields={"day": sentence})
