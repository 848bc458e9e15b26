"""Why an experiment cannot be asked for, done or used."""

from apps.core.errors import Conflict, DomainError


class ExperimentRefused(DomainError):
    """The question cannot be tried; `fields` says what of it."""


class ExperimentImpossible(DomainError):
    """The experiment cannot be finished; the sentence says why."""


class EvidenceRefused(Conflict):
    """The experiment cannot be laid beside this policy version."""
