"""All kinds of models: the single ones of `families`, a choice among them, and their blend."""

from ml import families
from ml.blend import Blend, BlendEstimator
from ml.choice import ChoiceEstimator
from ml.estimator import Estimator, Fitted
from ml.families import Config
from ml.schema import Schema

__all__ = ["Config", "estimator", "load"]


def estimator(schema: Schema, config: Config) -> Estimator:
    """Return the estimator that a configuration asks for; ValueError for an unknown kind."""
    if config.kind == "blend":
        return BlendEstimator(schema, config)
    if config.kind == "choice":
        return ChoiceEstimator(schema, config)
    return families.estimator(schema, config)


def load(kind: str, body: str, schema: Schema) -> Fitted:
    """Return the model that `to_body` wrote.

    ValueError, KeyError or TypeError for an unknown kind or a text that is no such model.
    """
    if kind == "blend":
        return Blend.from_body(body, schema)
    return families.load(kind, body, schema)
