"""What is done about decisions, one module for each action."""

from apps.decisions.services.approving import Terms
from apps.decisions.services.assessing import assess
from apps.decisions.services.assessing_many import assess_each
from apps.decisions.services.assigning import assign
from apps.decisions.services.automating import (
    ask_restart,
    keep_stopped,
    restart_automation,
    stop_automation,
)
from apps.decisions.services.basis import Basis
from apps.decisions.services.binding import (
    binding_decision,
    change_request,
    gives_what_is_asked,
    is_taken_up,
    is_within,
    lapse_overrides,
    require_judged,
)
from apps.decisions.services.claiming import (
    cancel_waiting,
    claim,
    extend,
    locked_case,
    release,
    release_lapsed,
)
from apps.decisions.services.correcting import reopen, take_back
from apps.decisions.services.deciding import (
    basis_of,
    countersign,
    decide,
    send_back,
)
from apps.decisions.services.declaring import InterestEntry, declare_interest, end_interest
from apps.decisions.services.lapsing import lapse_offers
from apps.decisions.services.lettering import local_date
from apps.decisions.services.listing import (
    ReasonEntry,
    ask_reason_end,
    end_reason,
    keep_reason,
    list_reason,
    load_reason_codes,
    propose_reason,
    refuse_reason,
)
from apps.decisions.services.overriding import (
    OverrideEntry,
    ask_override,
    authorise_override,
    refuse_override,
)
from apps.decisions.services.papering import require_may_waive, require_papers, waive_paper
from apps.decisions.services.policymaking import (
    approve_policy,
    draft_policy,
    edit_policy,
    propose_policy,
    send_back_policy,
    take_back_policy,
    withdraw_policy,
)
from apps.decisions.services.publishing import load_policy
from apps.decisions.services.rehearing import decide_appealed, judge_anew
from apps.decisions.services.replaying import (
    BulkResult,
    ReplayResult,
    Span,
    replay,
    replay_all,
)
from apps.decisions.services.room import require_unblocked
from apps.decisions.services.spreading import Answers
from apps.decisions.services.sweeping import sweep
from apps.decisions.services.verdicts import Verdict, is_override, must_justify

__all__ = [
    "Answers",
    "Basis",
    "BulkResult",
    "InterestEntry",
    "OverrideEntry",
    "ReasonEntry",
    "ReplayResult",
    "Span",
    "Terms",
    "Verdict",
    "approve_policy",
    "ask_override",
    "ask_reason_end",
    "ask_restart",
    "assess",
    "assess_each",
    "assign",
    "authorise_override",
    "basis_of",
    "binding_decision",
    "cancel_waiting",
    "change_request",
    "claim",
    "countersign",
    "decide",
    "decide_appealed",
    "declare_interest",
    "draft_policy",
    "edit_policy",
    "end_interest",
    "end_reason",
    "extend",
    "gives_what_is_asked",
    "is_override",
    "is_taken_up",
    "is_within",
    "judge_anew",
    "keep_reason",
    "keep_stopped",
    "lapse_offers",
    "lapse_overrides",
    "list_reason",
    "load_policy",
    "load_reason_codes",
    "local_date",
    "locked_case",
    "must_justify",
    "propose_policy",
    "propose_reason",
    "refuse_override",
    "refuse_reason",
    "release",
    "release_lapsed",
    "reopen",
    "replay",
    "replay_all",
    "require_judged",
    "require_may_waive",
    "require_papers",
    "require_unblocked",
    "restart_automation",
    "send_back",
    "send_back_policy",
    "stop_automation",
    "sweep",
    "take_back",
    "take_back_policy",
    "waive_paper",
    "withdraw_policy",
]
