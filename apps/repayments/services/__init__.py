"""What is done about payments of loans, one module for each action."""

from apps.repayments.services.planning import PlanEntry, end_plan, enter_plan, load_plans
from apps.repayments.services.promising import (
    PromiseEntry,
    judge_promises,
    take_promise,
    with_paid,
    withdraw_promise,
)
from apps.repayments.services.reminding import remind_due
from apps.repayments.services.sending_reminders import send_reminders
from apps.repayments.services.stopping import resume_reminders, stop_by_link, stop_reminders

__all__ = [
    "PlanEntry",
    "PromiseEntry",
    "end_plan",
    "enter_plan",
    "judge_promises",
    "load_plans",
    "remind_due",
    "resume_reminders",
    "send_reminders",
    "stop_by_link",
    "stop_reminders",
    "take_promise",
    "with_paid",
    "withdraw_promise",
]
