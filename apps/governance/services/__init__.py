"""What is done in governance, one module for each action."""

from apps.governance.services.approving import (
    approve,
    enact_due,
    grant_exception,
    refuse,
    renew,
)
from apps.governance.services.bootstrapping import (
    first_champion,
    first_promotion,
    register_first,
)
from apps.governance.services.documenting import sign_document, write_document
from apps.governance.services.finding import Found, close_finding, raise_finding
from apps.governance.services.gating import (
    approve_gates,
    propose_gates,
    refuse_gates,
    starting_gates,
    withdraw_gates,
)
from apps.governance.services.promoting import propose, withdraw
from apps.governance.services.registering import Entered, register_thing
from apps.governance.services.reporting import (
    fulfil_report,
    make_report,
    request_report,
    sweep_reports,
)
from apps.governance.services.requesting import fulfil, request_training, sweep
from apps.governance.services.training import Window, train
from apps.governance.services.trying import (
    Plan,
    approve_share,
    champion_changed,
    end_trials,
    propose_share,
    propose_trial,
    refuse_share,
    refuse_trial,
    start_trial,
    stop_trial,
)
from apps.governance.services.validating import validate

__all__ = [
    "Entered",
    "Found",
    "Plan",
    "Window",
    "approve",
    "approve_gates",
    "approve_share",
    "champion_changed",
    "close_finding",
    "enact_due",
    "end_trials",
    "first_champion",
    "first_promotion",
    "fulfil",
    "fulfil_report",
    "grant_exception",
    "make_report",
    "propose",
    "propose_gates",
    "propose_share",
    "propose_trial",
    "raise_finding",
    "refuse",
    "refuse_gates",
    "refuse_share",
    "refuse_trial",
    "register_first",
    "register_thing",
    "renew",
    "request_report",
    "request_training",
    "sign_document",
    "start_trial",
    "starting_gates",
    "stop_trial",
    "sweep",
    "sweep_reports",
    "train",
    "validate",
    "withdraw",
    "withdraw_gates",
    "write_document",
]
