"""Applications as decisions see them: what was decided stays as it was decided."""

from typing import ClassVar

import pgtrigger

from apps.applications.models import Application
from apps.decisions.models.bounds import KEPT_AS_DECIDED


class DecidedApplication(Application):
    """An application under the trigger that keeps it to its decision.

    A proxy, because applications know nothing of decisions: the trigger lives here.
    """

    class Meta:
        proxy = True
        default_permissions = ()
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Trigger(
                name="applications_kept_as_decided",
                operation=pgtrigger.UpdateOf(
                    "amount", "term_months", "annual_rate", "currency", "customer_id", "product_id"
                ),
                when=pgtrigger.Before,
                condition=pgtrigger.Condition(
                    "OLD.status IN ('approved', 'declined') AND NEW.status <> 'submitted' AND"
                    " (OLD.amount, OLD.term_months, OLD.annual_rate, OLD.currency,"
                    " OLD.customer_id, OLD.product_id) IS DISTINCT FROM"
                    " (NEW.amount, NEW.term_months, NEW.annual_rate, NEW.currency,"
                    " NEW.customer_id, NEW.product_id)"
                ),
                declare=[("decided", "RECORD")],
                func=KEPT_AS_DECIDED,
            ),
            # A decision is about one person and one product, on the way back to be decided, too.
            pgtrigger.Protect(
                name="applications_subject_kept",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.status NOT IN ('draft', 'historic') AND"
                    " (OLD.customer_id, OLD.product_id, OLD.currency) IS DISTINCT FROM"
                    " (NEW.customer_id, NEW.product_id, NEW.currency)"
                ),
            ),
            # An application from a tape lends without a decision of ours; none becomes one later.
            pgtrigger.ReadOnly(
                name="applications_origin_kept", fields=["source", "source_reference"]
            ),
        ]
