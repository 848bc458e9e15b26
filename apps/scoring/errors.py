"""Why a score could not be given. Nobody is ever given a default score instead."""

from django.utils.translation import gettext as _

from apps.core.errors import Conflict, DomainError


class ScoringFailed(DomainError):
    """No score; the code is the cause that goes with the application to human review."""

    status = 503


class NoChampion(ScoringFailed):
    """Nobody has made a model the champion of the segment."""

    def __init__(self, segment: str) -> None:
        super().__init__(
            "no_champion",
            _("No model is in use for “%(segment)s”.") % {"segment": segment},
        )


class SegmentUnknown(DomainError):
    """No product is scored in the segment asked for."""

    def __init__(self) -> None:
        sentence = _("No open product is scored in this segment.")
        super().__init__("invalid_input", sentence, fields={"segment": sentence})


class ModelUnusable(ScoringFailed):
    """The stored model fails its checksum or signature, cannot be read, or gives no number."""

    def __init__(self, why: str) -> None:
        super().__init__(
            "model_unusable", _("The model in use cannot be trusted: %(why)s") % {"why": why}
        )


class FeaturesRefused(ScoringFailed):
    """The values do not fit the model's schema; `fields` names the value."""

    status = 400

    def __init__(self, feature: str, why: str) -> None:
        super().__init__(
            "features_refused",
            _("The values do not fit what the model was trained on: %(why)s") % {"why": why},
            fields={f"features.{feature}" if feature else "features": why},
        )


class ModelRefused(DomainError):
    """The artefact may not be registered."""


class PromotionRefused(Conflict):
    """The model may not become the champion."""


class RollbackRefused(Conflict):
    """The champion before may not decide again."""


class PlacementRefused(Conflict):
    """The model may not be tried."""
