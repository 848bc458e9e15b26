"""What is done about the quality of the book, one module for each action."""

from apps.npa.services.alerting import acknowledge, raise_alerts
from apps.npa.services.asking import ask_to_end, end_as_asked
from apps.npa.services.ending import (
    end_asked,
    end_day,
    end_missing,
    require_ended,
)
from apps.npa.services.finding import (
    Found,
    approve_finding,
    end_finding,
    keep_finding,
    propose_finding,
    propose_finding_end,
    refuse_finding,
    withdraw_finding,
)
from apps.npa.services.loading_rules import load_rules
from apps.npa.services.ordering import make_or_order, make_ordered, make_waiting_returns
from apps.npa.services.overriding import (
    Asked,
    approve_override,
    end_override,
    keep_override,
    propose_override,
    propose_override_end,
    refuse_override,
    withdraw_override,
)
from apps.npa.services.releasing import (
    Wish,
    approve_release,
    propose_release,
    refuse_release,
    withdraw_release,
)
from apps.npa.services.reporting import report_findings, report_overrides
from apps.npa.services.returning import (
    Drawn,
    Wanted,
    draw,
    make_return,
    may_make,
    read_return,
)
from apps.npa.services.telling import deliver_alert, deliver_waiting_alerts
from apps.npa.services.watching import Bound, set_threshold

__all__ = [
    "Asked",
    "Bound",
    "Drawn",
    "Found",
    "Wanted",
    "Wish",
    "acknowledge",
    "approve_finding",
    "approve_override",
    "approve_release",
    "ask_to_end",
    "deliver_alert",
    "deliver_waiting_alerts",
    "draw",
    "end_as_asked",
    "end_asked",
    "end_day",
    "end_finding",
    "end_missing",
    "end_override",
    "keep_finding",
    "keep_override",
    "load_rules",
    "make_or_order",
    "make_ordered",
    "make_return",
    "make_waiting_returns",
    "may_make",
    "propose_finding",
    "propose_finding_end",
    "propose_override",
    "propose_override_end",
    "propose_release",
    "raise_alerts",
    "read_return",
    "refuse_finding",
    "refuse_override",
    "refuse_release",
    "report_findings",
    "report_overrides",
    "require_ended",
    "set_threshold",
    "withdraw_finding",
    "withdraw_override",
    "withdraw_release",
]
