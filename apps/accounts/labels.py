"""The names and purposes of the roles in the reader's language, by the codes of `roles`."""

from django.utils.translation import gettext_lazy as _

ROLES = {
    "loan_officer": _("Loan officer"),
    "credit_reviewer": _("Credit reviewer"),
    "credit_manager": _("Credit manager"),
    "collections_officer": _("Collections officer"),
    "risk_analyst": _("Risk analyst"),
    "model_validator": _("Model validator"),
    "model_approver": _("Model approver"),
    "auditor": _("Auditor"),
    "executive": _("Executive"),
    "administrator": _("Administrator"),
    "integrator": _("Integrator"),
}
PURPOSES = {
    "loan_officer": _("Registers customers, takes applications, hands over letters."),
    "credit_reviewer": _("Decides referred applications within an approval limit."),
    "credit_manager": _("Counter-signs above a reviewer's limit; watches the queue."),
    "collections_officer": _("Works the loans in arrears."),
    "risk_analyst": _("Trains and compares models, asks for promotion."),
    "model_validator": _(
        "Judges models independently of who made them, before anybody approves them."
    ),
    "model_approver": _("Approves or refuses the promotion of models on evidence."),
    "auditor": _("Reads everything, changes nothing, proves that nothing was altered."),
    "executive": _(
        "Reads how the lender does: size, growth, quality, profit, alerts; sees no borrower."
    ),
    "administrator": _("Keeps users, branches, roles and products; approves no business."),
    "integrator": _("A system that uses the API."),
}
