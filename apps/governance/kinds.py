"""The kinds of model that an analyst may train here, and what each is good for."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.scoring import model_words
from ml import presets
from ml.blend import BlendConfig
from ml.boosting import ForestConfig
from ml.families import Config
from ml.scorecard import ScorecardConfig
from ml.training import TrainingConfig


@dataclass(frozen=True)
class Offer:
    """One kind of model: what it is good for, and how the library makes it."""

    purpose: Promise
    config: Config


# Every member keeps the directions that the schema declares, so the blend keeps them too.
_BLEND = BlendConfig(members=(ScorecardConfig(), presets.SMALL, presets.SMOOTH, presets.WIDE))

DEFAULT = "lightgbm"
# Named as the library names them, so that a model and the wish for it carry the same word.
OFFERS: Mapping[str, Offer] = MappingProxyType(
    {
        DEFAULT: Offer(
            _("The usual choice: sees how values act together and keeps every known direction."),
            presets.CHAMPION,
        ),
        "scorecard": Offer(
            _("Points that add up on paper: the easiest to read, check and defend."),
            ScorecardConfig(),
        ),
        "forest": Offer(
            _("Many large trees side by side: a second opinion to compare a champion with."),
            ForestConfig(),
        ),
        "blend": Offer(
            _("A scorecard and trees together: often the most precise, and the longest to read."),
            _BLEND,
        ),
    }
)


def config_of(kind: str) -> TrainingConfig:
    """Return how a kind is trained; KeyError for one that is not offered."""
    return TrainingConfig(model=OFFERS[kind].config)


def choices() -> list[tuple[str, str]]:
    """Return each kind with its name and what it is good for, the usual one first."""
    return [(code, f"{model_words.kind(code)}. {offer.purpose}") for code, offer in OFFERS.items()]
