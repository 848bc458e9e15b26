"""What is done about payments of loans, one module for each action."""

from apps.repayments.services.accruing import (
    accrue_asked,
    accrue_day,
    accrue_missing,
    require_accrued,
    require_over_or_today,
)
from apps.repayments.services.assessing import charge_late, uncharged
from apps.repayments.services.bringing import apply_due
from apps.repayments.services.carrying import move_branch
from apps.repayments.services.charging import Asked, charge, take_charge_back
from apps.repayments.services.checking_statements import check_statement, check_statement_again
from apps.repayments.services.ending import end_account
from apps.repayments.services.entering import enter
from apps.repayments.services.following import follow_payout
from apps.repayments.services.foreseeing import Foreseen, PlannedRow, Side, foresee
from apps.repayments.services.holding import require_claim
from apps.repayments.services.keeping import Source, Unplaced, keep_unplaced
from apps.repayments.services.many import Answer, Incoming, enter_many
from apps.repayments.services.placing import foresee_placing, misplace_money, place_money
from apps.repayments.services.planning import PlanEntry, end_plan, enter_plan, load_plans
from apps.repayments.services.posting_statements import (
    advance_statement,
    discard_statement,
    start_statement,
    stop_statement,
)
from apps.repayments.services.printing import (
    is_whole,
    paper_of,
    print_receipt,
    split_of,
)
from apps.repayments.services.promising import (
    PromiseEntry,
    judge_promises,
    note_promise,
    take_promise,
    with_paid,
    withdraw_promise,
)
from apps.repayments.services.receiving import Statement, receive_statement, refuse_announced
from apps.repayments.services.rejecting import download_refused
from apps.repayments.services.reminding import remind_due
from apps.repayments.services.returning import ask_return, give_back, refuse_return, write_note
from apps.repayments.services.sending_reminders import send_reminders
from apps.repayments.services.spreading import enter_for_customer, shares_of_customer
from apps.repayments.services.stopping import resume_reminders, stop_by_link, stop_reminders
from apps.repayments.services.sweeping_statements import sweep_statements
from apps.repayments.services.taking import Money, Preview, posted_before, preview, take
from apps.repayments.services.taking_back import take_back
from apps.repayments.services.unidentified import Unidentified, take_unidentified

__all__ = [
    "Answer",
    "Asked",
    "Foreseen",
    "Incoming",
    "Money",
    "PlanEntry",
    "PlannedRow",
    "Preview",
    "PromiseEntry",
    "Side",
    "Source",
    "Statement",
    "Unidentified",
    "Unplaced",
    "accrue_asked",
    "accrue_day",
    "accrue_missing",
    "advance_statement",
    "apply_due",
    "ask_return",
    "charge",
    "charge_late",
    "check_statement",
    "check_statement_again",
    "discard_statement",
    "download_refused",
    "end_account",
    "end_plan",
    "enter",
    "enter_for_customer",
    "enter_many",
    "enter_plan",
    "follow_payout",
    "foresee",
    "foresee_placing",
    "give_back",
    "is_whole",
    "judge_promises",
    "keep_unplaced",
    "load_plans",
    "misplace_money",
    "move_branch",
    "note_promise",
    "paper_of",
    "place_money",
    "posted_before",
    "preview",
    "print_receipt",
    "receive_statement",
    "refuse_announced",
    "refuse_return",
    "remind_due",
    "require_accrued",
    "require_claim",
    "require_over_or_today",
    "resume_reminders",
    "send_reminders",
    "shares_of_customer",
    "split_of",
    "start_statement",
    "stop_by_link",
    "stop_reminders",
    "stop_statement",
    "sweep_statements",
    "take",
    "take_back",
    "take_charge_back",
    "take_promise",
    "take_unidentified",
    "uncharged",
    "with_paid",
    "withdraw_promise",
    "write_note",
]
