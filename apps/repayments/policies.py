"""Who may do what with payments; used for buttons and enforced in services."""

VIEW = "repayments.view_repayment"
POST = "repayments.post_repayment"
REVERSE = "repayments.reverse_repayment"
MANAGE_PLANS = "repayments.manage_reminder_plans"
STOP_REMINDERS = "repayments.stop_reminders"
PRINT = "repayments.print_receipt"
TAKE_PROMISE = "repayments.take_promise"
