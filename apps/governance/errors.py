"""Why a training or a promotion cannot be done."""

from django.utils.translation import gettext as _

from apps.core.errors import Conflict, DomainError, NotPermitted


class TrainingImpossible(DomainError):
    """The loans chosen cannot carry a model; the sentence says why."""


class ReportImpossible(DomainError):
    """The model cannot be validated; the sentence says why."""


class OwnException(NotPermitted):
    """Two people undo a limit: who let a model through a gate does not approve it."""

    def __init__(self) -> None:
        super().__init__(
            "own_exception",
            _("Somebody else must approve this promotion: you let the model through a gate."),
        )


class OwnModel(NotPermitted):
    """Six eyes: who developed, owns, asked for or validated a model does not decide on it."""

    def __init__(self) -> None:
        super().__init__(
            "own_promotion",
            _(
                "Somebody else must decide on this promotion: you developed or own the model,"
                " asked for this, or validated it."
            ),
        )


class OwnGates(NotPermitted):
    """Nobody agrees to what they asked for."""

    def __init__(self) -> None:
        super().__init__(
            "own_gates", _("You proposed these; another person must approve or refuse them.")
        )


class NotAsSeen(Conflict):
    """What is judged has changed since the person looked at it."""

    def __init__(self) -> None:
        super().__init__(
            "not_as_seen",
            _("Something has changed since you looked: findings, exceptions or gates. Look again."),
        )


class GatesFailed(Conflict):
    """A gate is failed and nobody has let the model through it."""


class PromotionImpossible(Conflict):
    """The model cannot be proposed now."""


class OwnTrial(NotPermitted):
    """Four eyes: who made, owns or validated a model or asked for its trial lets none start."""

    def __init__(self) -> None:
        super().__init__(
            "own_trial",
            _(
                "Somebody else must decide on this trial: you developed, own or validated the"
                " model, or asked for it."
            ),
        )


class TrialImpossible(Conflict):
    """The model cannot be tried like this now."""
