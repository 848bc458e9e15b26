"""The verbs of models, their training, trials and use, and of what is computed with them."""

from django.utils.translation import gettext_lazy as _

VERBS = {
    # scoring
    "scoring.model_registered": _("registered a model"),
    "scoring.model_promoted": _("made a model the champion"),
    "scoring.model_retired": _("retired a model"),
    "scoring.scored": _("scored the application"),
    "scoring.failed": _("could not score the application"),
    "scoring.stateless_scored": _("scored values sent by the API"),
    # laboratory
    "laboratory.case_tried": _("tried the case in the laboratory"),
    "laboratory.experiment_asked": _("asked for an experiment"),
    "laboratory.experiment_done": _("finished an experiment"),
    "laboratory.experiment_failed": _("could not finish an experiment"),
    "laboratory.experiment_cancelled": _("cancelled an experiment"),
    "laboratory.evidence_attached": _("attached an experiment as evidence"),
    "laboratory.rows_downloaded": _("downloaded the applications of an experiment"),
    # governance
    "governance.trained": _("trained a model"),
    "governance.report_made": _("measured a model for its validation"),
    "governance.gates_proposed": _("proposed what a model must reach"),
    "governance.gates_approved": _("approved what a model must reach"),
    "governance.gates_refused": _("refused what was proposed that a model must reach"),
    "governance.gates_withdrawn": _("took back what was proposed that a model must reach"),
    "governance.document_signed": _("signed the documentation of a model"),
    "governance.register_entered": _("entered something in the register of models"),
    "governance.finding_raised": _("raised a finding on a model"),
    "governance.finding_closed": _("closed a finding on a model"),
    "governance.exception_granted": _("let a model through a gate that it failed"),
    "governance.approval_renewed": _("set another end of the approval of a model"),
    "governance.promotion_proposed": _("asked for the promotion of a model"),
    "governance.promotion_validated": _("validated a model independently"),
    "governance.promotion_withdrawn": _("took back the request to promote a model"),
    "governance.promotion_in_force": _("put a promotion in force"),
    "governance.promotion_approved": _("approved the promotion of a model"),
    "governance.promotion_refused": _("refused the promotion of a model"),
}
