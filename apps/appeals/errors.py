"""Why something about an appeal is refused; each sentence is fit for an officer or an applicant."""

from django.utils.translation import gettext as _

from apps.core.errors import Conflict, DomainError, NotPermitted


class NothingToAppeal(Conflict):
    """The latest decision gave what was asked for, or there is none."""

    def __init__(self) -> None:
        super().__init__(
            "nothing_to_appeal",
            _("Only a decline, or an offer of less than was asked for, can be appealed against."),
        )


class WindowClosed(Conflict):
    """The last day to appeal has passed."""

    def __init__(self, day: str) -> None:
        super().__init__(
            "appeal_too_late",
            _("The last day to ask for a review of this decision was %(day)s.") % {"day": day},
        )


class AppealedAlready(Conflict):
    """The decision has an appeal, open or answered."""

    def __init__(self) -> None:
        super().__init__(
            "appealed_already",
            _(
                "A review of this decision was asked for already. Its answer is final with us;"
                " after it, the ombudsman named in the letter can be asked."
            ),
        )


class AppealIncomplete(DomainError):
    """What was asked lacks something; `fields` says what."""

    def __init__(self, fields: dict[str, object]) -> None:
        super().__init__("appeal_incomplete", _("The appeal is not complete."), fields=fields)


class AnswerIncomplete(DomainError):
    """The answer lacks something; `fields` says what."""

    def __init__(self, fields: dict[str, object]) -> None:
        super().__init__("answer_incomplete", _("The answer is not complete."), fields=fields)


class TookPart(NotPermitted):
    """Nobody answers an appeal against what they had a part in."""

    def __init__(self) -> None:
        super().__init__(
            "took_part",
            _(
                "You had a part in this decision or registered the appeal; somebody who took no"
                " part must answer it."
            ),
        )


class NotReviewer(Conflict):
    """The appeal is with another person, or with nobody."""

    def __init__(self) -> None:
        super().__init__(
            "not_with_you", _("This appeal is not with you. Take it up before you answer.")
        )
