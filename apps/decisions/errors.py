"""Why something about a decision is refused; each sentence is fit for an officer."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from apps.core.errors import Conflict, DomainError, NotPermitted


class AssessmentFailed(DomainError):
    """A machine cannot decide; the code is the cause that goes with the case to review."""


class NoPolicy(AssessmentFailed):
    """The lender has no policy in force that day."""

    def __init__(self) -> None:
        super().__init__("no_policy", _("No credit policy is in force."))


class PolicyUnusable(AssessmentFailed):
    """The policy in force was altered, cannot be read, or does not cover the case."""

    def __init__(self, why: str) -> None:
        super().__init__(
            "policy_unusable", _("The credit policy cannot be applied: %(why)s") % {"why": why}
        )


class NotAskedIfBlocked(AssessmentFailed):
    """The policy approves somebody whom the block list names, because it does not ask."""

    def __init__(self) -> None:
        super().__init__("borrower_blocked", _("The block list names the borrower."))


class CoBorrowerNotAsked(AssessmentFailed):
    """The policy approves a loan that somebody whom the block list names would owe, too."""

    def __init__(self) -> None:
        super().__init__("co_borrower_blocked", _("The block list names a co-borrower."))


class NoSpecificReason(AssessmentFailed):
    """A decline without a specific reason is not allowed. Rule book 4.3."""

    def __init__(self) -> None:
        super().__init__("no_specific_reason", _("No specific reason for a decline was found."))


class LetterImpossible(AssessmentFailed):
    """What is on record does not make a letter, and nobody is told a decision without one."""

    def __init__(self, why: str) -> None:
        super().__init__(
            "letter_refused", _("The letter cannot be written: %(why)s") % {"why": why}
        )


class NothingToAssess(Conflict):
    """The application does not wait for an assessment."""

    def __init__(self) -> None:
        super().__init__("nothing_to_assess", _("Only a submitted application can be assessed."))


class OwnSubmission(NotPermitted):
    """Nobody decides what they submitted themselves."""

    def __init__(self) -> None:
        super().__init__(
            "own_submission",
            _("You submitted this application yourself; another person must decide it."),
        )


class Connected(NotPermitted):
    """Nobody decides about themselves or people they are close to."""

    def __init__(self) -> None:
        super().__init__(
            "conflict_of_interest",
            _(
                "You are connected with the borrower or a guarantor of this application;"
                " another person must decide it."
            ),
        )


class NotHolder(Conflict):
    """The case is not claimed by this person, or the claim has run out."""

    def __init__(self) -> None:
        super().__init__(
            "not_claimed_by_you", _("You do not hold this case. Claim it before you decide.")
        )


class ExposureExceeded(Conflict):
    """Other approvals came first: with this one the borrower would owe us more than allowed."""

    def __init__(self, sentence: str, owed: str) -> None:
        super().__init__("exposure_exceeded", self.said() % {"owed": owed, "rule": sentence})

    @staticmethod
    def said() -> str:
        """Return what is exceeded, with places for the amount and the rule."""
        return _(
            "With this approval the borrower would owe us %(owed)s, which the policy does not"
            " allow: %(rule)s Nothing was decided."
        )


class GuarantorExceeded(ExposureExceeded):
    """With this approval somebody who answers for it would owe us or answer for too much."""

    @staticmethod
    def said() -> str:
        """Return what is exceeded, with places for the amount and the rule."""
        return _(
            "With this approval a guarantor would owe us or answer for %(owed)s, which the policy"
            " does not allow: %(rule)s Nothing was decided."
        )


class BorrowerBlocked(Conflict):
    """The block list names the borrower: nobody approves or lends until another person lifts it."""

    def __init__(self, code: str = "borrower_blocked") -> None:
        super().__init__(code, self._sentence())

    def _sentence(self) -> str:
        return _(
            "The borrower is on the block list, so nothing can be approved or lent. A credit"
            " manager can look at the entry."
        )


class CoBorrowerBlocked(BorrowerBlocked):
    """The block list names somebody who would owe the loan together with the borrower."""

    def __init__(self) -> None:
        super().__init__("co_borrower_blocked")

    def _sentence(self) -> str:
        return _(
            "A co-borrower is on the block list, so nothing can be approved or lent. A credit"
            " manager can look at the entry."
        )


class NotBinding(Conflict):
    """No decision allows lending under the application now."""


class BeyondDecision(Conflict):
    """More, longer or at another price than was decided."""


class VerdictRefused(DomainError):
    """The verdict lacks something; `fields` says what."""


class PolicyNotSound(DomainError):
    """The policy document was refused; nothing was loaded."""


class OwnPolicy(NotPermitted):
    """Nobody approves a policy they wrote or proposed themselves."""

    def __init__(self) -> None:
        super().__init__(
            "own_policy",
            _("You wrote or proposed this policy yourself; another person must decide on it."),
        )


class NotTriable(Conflict):
    """No model and policy judged this, so nothing can be tried with them."""

    def __init__(self) -> None:
        super().__init__(
            "not_triable",
            _("Nothing can be tried: no model and policy have judged this application."),
        )


class PapersMissing(Conflict):
    """A required paper of the case neither is there nor was waived; `codes` says which."""

    def __init__(self, codes: Sequence[str], named: str) -> None:
        super().__init__(
            "papers_missing",
            _(
                "Required papers are missing: %(papers)s. Add them to the customer's documents, or"
                " have a credit manager waive them with a reason."
            )
            % {"papers": named},
        )
        self.codes = tuple(codes)
        self.named = named
