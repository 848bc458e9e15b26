"""What a model needs to decide some of the cases before it is the champion. Rule book 7.2, 7.4."""

from datetime import datetime

from django.utils.translation import gettext as _

from apps.governance import gate_words, selectors, standing
from apps.governance.errors import TrialImpossible
from apps.governance.lifecycle import VALIDATED
from apps.governance.models import Promotion
from apps.governance.standing import Standing
from apps.scoring.models import ModelVersion

ACCEPTED = (Promotion.Validation.ACCEPTED, Promotion.Validation.WITH_FINDINGS)


def require(model: ModelVersion, *, until: datetime, now: datetime) -> Promotion:
    """Return the promotion whose validation lets the model decide until a moment, locked.

    Raises TrialImpossible for a model that no independent validator accepted or that somebody
    refused since, that fails a gate of today, has no complete entry in the register, or was
    measured against another champion.
    """
    rows = selectors.promotions_locked().filter(model=model).exclude(status="withdrawn")
    found = rows.order_by("-proposed_at").first()
    if found is None or found.status not in VALIDATED or found.validation not in ACCEPTED:
        raise TrialImpossible(
            "not_validated",
            _(
                "A challenger decides cases: ask for its promotion first, and let an independent"
                " validator accept the model."
            ),
        )
    now_standing = standing.of(found, now=now, anew=True)
    _passes(now_standing)
    _outlives(now_standing, until=until)
    if not selectors.is_registered(model):
        raise TrialImpossible(
            "not_registered", _("This model has no complete entry in the register.")
        )
    if not selectors.is_against_champion(found.report, model):
        raise TrialImpossible(
            "revalidation_required",
            _("Another model decides than its report compares it with; have a report made anew."),
        )
    return found


def _passes(now_standing: Standing) -> None:
    if now_standing.gate_set is None:
        raise TrialImpossible(
            "no_gates", _("No gates are in force: two people must agree on them first.")
        )
    if now_standing.blocking:
        raise TrialImpossible(
            "gates_failed",
            _("The model fails gates that nobody lets it through: %(gates)s.")
            % {"gates": ", ".join(gate_words.name(one) for one in now_standing.blocking)},
        )


def _outlives(now_standing: Standing, *, until: datetime) -> None:
    """Raise where an exception from a failed gate ends before the trial does."""
    for gate in now_standing.failed:
        last = max(one.until for one in now_standing.exceptions if one.gate == gate)
        if last < until.date():
            raise TrialImpossible(
                "exception_ends",
                _("The exception from the gate “%(gate)s” ends before the trial does.")
                % {"gate": gate_words.name(gate)},
            )
