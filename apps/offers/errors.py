"""Why something about an offer is refused; each sentence is fit for an officer or an applicant."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from apps.core.errors import Conflict, DomainError


class CannotOffer(Conflict):
    """Something that every offer must tell is not on record; the sentence names it."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(
            "offer_incomplete",
            _("No offer can be made: %(what)s.") % {"what": "; ".join(missing)},
        )
        self.missing = tuple(missing)


class StatementIncomplete(Conflict):
    """The statement lacks an item that the rules ask for: it is not valid and is not offered."""

    def __init__(self, lacking: Sequence[str]) -> None:
        super().__init__(
            "statement_incomplete",
            _("The statement lacks what the rules ask for: %(what)s.")
            % {"what": ", ".join(lacking)},
        )
        self.lacking = tuple(lacking)


class OfferOpen(Conflict):
    """The application has an offer that still counts."""

    def __init__(self, number: str) -> None:
        super().__init__(
            "offer_open",
            _("Offer %(number)s still stands; withdraw it before you make another one.")
            % {"number": number},
        )


class OfferEnded(Conflict):
    """The offer was answered or has ended."""

    def __init__(self, sentence: str) -> None:
        super().__init__("offer_ended", sentence)


class OfferExpired(Conflict):
    """The last day to answer has passed."""

    def __init__(self, day: str) -> None:
        super().__init__("offer_expired", _("This offer was valid until %(day)s.") % {"day": day})


class OfferOvertaken(Conflict):
    """The decision under the offer was changed or does not bind any more."""

    def __init__(self) -> None:
        super().__init__(
            "offer_overtaken",
            _("What was decided has changed since, so this offer does not stand any more."),
        )


class NotAcknowledged(DomainError):
    """Nobody agrees to an offer without having read what it costs."""

    def __init__(self) -> None:
        sentence = _("Confirm that you have received, read and understood the statement.")
        super().__init__("not_acknowledged", sentence, fields={"acknowledged": sentence})


class NotAcknowledgedByApplicant(DomainError):
    """An officer records an acceptance without the applicant having read what it costs."""

    def __init__(self) -> None:
        sentence = _("Confirm that the applicant has received, read and understood the statement.")
        super().__init__("not_acknowledged", sentence, fields={"acknowledged": sentence})


class BringPapers(Conflict):
    """The applicant cannot accept before some papers are with the branch; it is said to them."""

    def __init__(self, named: str) -> None:
        super().__init__(
            "papers_missing",
            _("Before you can accept, your branch needs from you: %(papers)s.") % {"papers": named},
        )


class OtherStatement(Conflict):
    """The page shows another statement than the one that was offered."""

    def __init__(self) -> None:
        super().__init__(
            "other_statement", _("This is not the statement that was offered. Reload the page.")
        )


class CoolingOffOver(Conflict):
    """The last day to step back has passed."""

    def __init__(self, day: str) -> None:
        super().__init__(
            "cooling_off_over",
            _("The last day to step back from this loan was %(day)s.") % {"day": day},
        )


class BranchMustHelp(Conflict):
    """The applicant cannot go on alone, and is not told more than that."""

    def __init__(self) -> None:
        super().__init__(
            "ask_the_branch", _("This cannot be done here now. Please ask your branch.")
        )
