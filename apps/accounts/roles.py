"""The roles of the lender and what each may do. Pure; `manage.py sync_roles` writes it to groups.

Administrators hold no business approval rights, and nobody holds both sides of a four-eyes act
by accident (rule book 8.3).
"""

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
)


@dataclass(frozen=True)
class Role:
    """A role: its code is the group's name; `everywhere` lifts the limit to own branches."""

    code: str
    label: str
    purpose: str
    permissions: tuple[str, ...]
    everywhere: bool = False


ROLES = (
    Role(
        "loan_officer",
        "Loan officer",
        "Registers customers, takes applications, hands over letters.",
        (
            *READ_BOOK,
            "customers.edit_customer",
            "customers.reveal_customer",
            "customers.upload_document",
            "customers.download_document",
            "letters.deliver_letter",
            "applications.take_application",
            "collateral.keep_item",
            "appeals.register_appeal",
            "portal.issue_link",
            "bulk.view_upload",
            "bulk.upload_applications",
            "decisions.request_override",
            "offers.make_offer",
            "offers.answer_offer",
            "loans.open_loan",
            "loans.request_disbursement",
            "scoring.request_score",
            "repayments.take_promise",
            "repayments.stop_reminders",
            "repayments.print_receipt",
        ),
    ),
    Role(
        "credit_reviewer",
        "Credit reviewer",
        "Decides referred applications within an approval limit.",
        (
            *READ_BOOK,
            "customers.reveal_customer",
            "customers.download_document",
            "decisions.view_queue",
            "decisions.review_application",
            "desk.review_blind",
            "appeals.decide_appeal",
            "portal.issue_link",
            "customers.correct_customer",
            "loans.approve_disbursement",
            "loans.settle_disbursement",
            "decisions.request_override",
            "decisions.view_policy",
            "scoring.view_model",
        ),
    ),
    Role(
        "credit_manager",
        "Credit manager",
        "Counter-signs above a reviewer's limit; watches the queue.",
        (
            *READ_BOOK,
            "customers.reveal_customer",
            "customers.download_document",
            "collateral.release_item",
            "customers.view_block_list",
            "customers.manage_block_list",
            "decisions.view_queue",
            "decisions.review_application",
            "appeals.decide_appeal",
            "portal.issue_link",
            "customers.correct_customer",
            "letters.deliver_letter",
            "loans.approve_disbursement",
            "loans.settle_disbursement",
            "loans.reverse_disbursement",
            "loans.manage_disbursement_limits",
            "decisions.countersign_decision",
            "offers.make_offer",
            "decisions.authorise_override",
            "decisions.assign_case",
            "decisions.reopen_decision",
            "decisions.waive_paper",
            "decisions.manage_interests",
            "desk.manage_service_levels",
            "desk.set_sampling",
            "desk.view_blind",
            "desk.follow_blind",
            "desk.view_analytics",
            "decisions.view_policy",
            "decisions.approve_reason_code",
            "decisions.approve_policy",
            "laboratory.view_experiment",
            "laboratory.view_rows",
            "decisions.replay_decision",
            "scoring.view_model",
            "decisions.stop_automation",
            "decisions.restart_automation",
            "ledger.view_ledger",
            "ledger.export_journal",
            "ledger.prove_ledger",
            "ledger.close_day",
            "repayments.take_promise",
            "repayments.stop_reminders",
            "repayments.print_receipt",
            "repayments.manage_reminder_plans",
        ),
        everywhere=True,
    ),
    Role(
        "collections_officer",
        "Collections officer",
        "Works the loans in arrears.",
        (
            "customers.view_customer",
            "customers.reveal_customer",
            "collateral.view_item",
            "schedules.make_quote",
            "loans.view_loan",
            "repayments.take_promise",
            "repayments.stop_reminders",
            "repayments.print_receipt",
        ),
    ),
    Role(
        "risk_analyst",
        "Risk analyst",
        "Trains and compares models, asks for promotion.",
        (
            "products.view_product",
            "schedules.make_quote",
            "applications.view_application",
            "loans.view_loan",
            "decisions.view_policy",
            "decisions.propose_reason_code",
            "decisions.draft_policy",
            "decisions.replay_decision",
            "scoring.view_model",
            "scoring.request_score",
            "governance.train_model",
            "governance.propose_promotion",
            "laboratory.view_experiment",
            "laboratory.view_rows",
            "laboratory.run_experiment",
            "decisions.stop_automation",
        ),
        everywhere=True,
    ),
    Role(
        "model_approver",
        "Model approver",
        "Approves or refuses the promotion of models on evidence.",
        (
            "products.view_product",
            "schedules.make_quote",
            "decisions.view_policy",
            "decisions.approve_policy",
            "decisions.replay_decision",
            "scoring.view_model",
            "governance.approve_promotion",
            "laboratory.view_experiment",
            "decisions.stop_automation",
            "decisions.restart_automation",
        ),
        everywhere=True,
    ),
    Role(
        "auditor",
        "Auditor",
        "Reads everything, changes nothing, proves that nothing was altered.",
        (
            *READ_BOOK,
            "customers.download_document",
            "customers.view_block_list",
            "decisions.view_queue",
            "desk.view_blind",
            "desk.view_analytics",
            "decisions.view_policy",
            "decisions.replay_decision",
            "scoring.view_model",
            "laboratory.view_experiment",
            "laboratory.view_rows",
            "bulk.view_upload",
            "ledger.view_ledger",
            "ledger.export_journal",
            "ledger.prove_ledger",
            "audit.view_audit",
            "audit.verify_audit",
            "accounts.view_people",
        ),
        everywhere=True,
    ),
    Role(
        "administrator",
        "Administrator",
        "Keeps users, branches, roles and products; approves no business.",
        (
            "accounts.view_people",
            "accounts.manage_people",
            "products.view_product",
            "schedules.make_quote",
            "decisions.view_policy",
            "decisions.propose_reason_code",
            "decisions.draft_policy",
            "decisions.stop_automation",
        ),
        everywhere=True,
    ),
    Role(
        "integrator",
        "Integrator",
        "A system that uses the API.",
        (
            *READ_BOOK,
            "customers.edit_customer",
            "applications.take_application",
            "collateral.keep_item",
            "bulk.view_upload",
            "bulk.upload_applications",
            "scoring.request_score",
        ),
    ),
)
BY_CODE = {role.code: role for role in ROLES}

# Two sides of one four-eyes act: one person must not be given both roles.
INCOMPATIBLE = (
    ("loan_officer", "credit_reviewer"),
    ("loan_officer", "credit_manager"),
    # The API takes applications, too.
    ("integrator", "credit_reviewer"),
    ("integrator", "credit_manager"),
    ("administrator", "integrator"),
    ("risk_analyst", "model_approver"),
    # One drafts a policy, the other approves it.
    ("risk_analyst", "credit_manager"),
    ("administrator", "credit_reviewer"),
    ("administrator", "credit_manager"),
    ("administrator", "loan_officer"),
    ("administrator", "model_approver"),
)


def conflicts(codes: set[str]) -> list[tuple[str, str]]:
    """Return the pairs among `codes` that one person must not hold together."""
    return [pair for pair in INCOMPATIBLE if set(pair) <= codes]
