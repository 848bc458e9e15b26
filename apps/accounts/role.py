"""What a role is, and what every role of the lender may. Pure."""

from dataclasses import dataclass

READ_BOOK = (
    "customers.view_customer",
    "products.view_product",
    "schedules.make_quote",
    "applications.view_application",
    "collateral.view_item",
    "appeals.view_appeal",
    "letters.view_letter",
    "loans.view_loan",
    "offers.view_offer",
    "repayments.view_repayment",
    "debits.view_debit",
)
# Models and policies: how they are, what they decided, and what was tried with them.
READ_MODELS = (
    "decisions.view_policy",
    "decisions.replay_decision",
    "scoring.view_model",
    "governance.view_trial",
    "laboratory.view_experiment",
)
# What everybody who works for the lender may; a program may not.
STAFF = ("accounts.view_style_guide",)


@dataclass(frozen=True)
class Role:
    """A role: its code is the group's name; `everywhere` lifts the limit to own branches."""

    code: str
    label: str
    purpose: str
    permissions: tuple[str, ...]
    everywhere: bool = False
