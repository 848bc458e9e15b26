"""Why a training or a promotion cannot be done."""

from django.utils.translation import gettext as _

from apps.core.errors import Conflict, DomainError, NotPermitted


class TrainingImpossible(DomainError):
    """The loans chosen cannot carry a model; the sentence says why."""


class ReportImpossible(DomainError):
    """The model cannot be validated; the sentence says why."""


class OwnModel(NotPermitted):
    """Four eyes: who developed a model or asked for its promotion does not decide on it."""

    def __init__(self) -> None:
        super().__init__(
            "own_promotion",
            _(
                "Somebody else must decide on this promotion: "
                "you developed the model or asked for it."
            ),
        )


class PromotionImpossible(Conflict):
    """The model cannot be proposed now."""
