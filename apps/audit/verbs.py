"""Every audit verb and the sentence it is read as. `{facts}` may be named in a sentence."""

from django.utils.translation import gettext_lazy as _

VERBS = {
    # accounts
    "accounts.signed_in": _("signed in"),
    "accounts.signed_out": _("signed out"),
    "accounts.sign_in_refused": _("was refused at sign-in"),
    "accounts.password_changed": _("changed the password"),
    "accounts.password_link_issued": _("issued a link to set a password"),
    "accounts.person_added": _("added a person"),
    "accounts.person_changed": _("changed a person's details"),
    "accounts.roles_changed": _("changed a person's roles"),
    "accounts.limit_changed": _("changed an approval limit"),
    "accounts.person_deactivated": _("withdrew a person's access"),
    "accounts.person_reactivated": _("gave a person access again"),
    "accounts.access_granted": _("gave a person access to one thing more"),
    "accounts.access_withdrawn": _("took back an access granted before"),
    # audit
    "audit.verified": _("verified the audit chain"),
    # customers
    "customers.registered": _("registered the customer"),
    "customers.changed": _("changed the customer's details"),
    "customers.pii_read": _("read personal data in clear"),
    "customers.employment_recorded": _("recorded employment and income"),
    "customers.household_recorded": _("recorded the household"),
    "customers.obligation_recorded": _("recorded an existing obligation"),
    "customers.obligation_ended": _("ended an existing obligation"),
    "customers.no_obligations_declared": _(
        "recorded the declaration that nothing is paid elsewhere"
    ),
    "customers.bureau_report_recorded": _("recorded a bureau report"),
    "customers.consent_given": _("recorded a consent"),
    "customers.consent_withdrawn": _("recorded the withdrawal of a consent"),
    "customers.block_listed": _("entered somebody into the block list"),
    "customers.block_lifted": _("lifted an entry of the block list"),
    "customers.document_uploaded": _("uploaded a document"),
    "customers.document_read": _("opened a document"),
    "customers.protected_attributes_recorded": _("recorded attributes for fairness monitoring"),
    # products
    "products.loaded": _("loaded loan products"),
    # applications
    "applications.drafted": _("took the application"),
    "applications.changed": _("changed the application"),
    "applications.submitted": _("submitted the application"),
    "applications.withdrawn": _("withdrew the application"),
    "applications.lowered": _("changed the request within what was decided"),
    "applications.reopened": _("changed the decided request, which is assessed anew"),
    "applications.collateral_recorded": _("recorded collateral"),
    "applications.collateral_removed": _("removed collateral"),
    "applications.guarantor_recorded": _("recorded a guarantor"),
    "applications.guarantor_removed": _("removed a guarantor"),
    # scoring
    "scoring.model_registered": _("registered a model"),
    "scoring.model_promoted": _("made a model the champion"),
    "scoring.model_retired": _("retired a model"),
    "scoring.scored": _("scored the application"),
    "scoring.failed": _("could not score the application"),
    "scoring.stateless_scored": _("scored values sent by the API"),
    # decisions
    "decisions.policy_loaded": _("installed the lender's first policy"),
    "decisions.policy_drafted": _("began a draft of the policy"),
    "decisions.policy_changed": _("changed a draft of the policy"),
    "decisions.policy_proposed": _("proposed a policy version"),
    "decisions.policy_approved": _("approved a policy version"),
    "decisions.policy_sent_back": _("sent a proposed policy back"),
    "decisions.policy_withdrawn": _("withdrew a policy version"),
    "decisions.policy_taken_back": _("took back an approved policy version before its day"),
    "decisions.approved": _("approved the application"),
    "decisions.declined": _("declined the application"),
    "decisions.referred": _("sent the application to review"),
    "decisions.case_claimed": _("claimed the case"),
    "decisions.case_released": _("released the case"),
    "decisions.case_lapsed": _("lost the claim because its time ran out"),
    "decisions.case_cancelled": _("ended the case because the application was withdrawn"),
    "decisions.verdict_given": _("gave a verdict that needs a second signature"),
    "decisions.countersigned": _("counter-signed the verdict"),
    "decisions.countersign_refused": _("did not counter-sign; the case goes back"),
    "decisions.automation_stopped": _("stopped automated decisions"),
    "decisions.restart_asked": _("asked that automated decisions start again"),
    "decisions.restart_turned_down": _("kept automated decisions stopped"),
    "decisions.automation_restarted": _("confirmed that automated decisions start again"),
    "decisions.override_asked": _("asked for an exception to the decline"),
    "decisions.override_authorised": _("authorised the exception"),
    "decisions.override_refused": _("refused the exception"),
    "decisions.override_lapsed": _("ended the request for an exception, because the case changed"),
    "decisions.offer_lapsed": _("closed the application, because its offer was not taken up"),
    "decisions.replayed": _("replayed the decision"),
    "decisions.replayed_all": _("replayed past decisions in bulk"),
    # letters
    "letters.issued": _("issued a letter"),
    "letters.rendered": _("rendered and froze a letter"),
    "letters.opened": _("opened a letter"),
    # loans
    "loans.tape_imported": _("imported a loan tape"),
    "loans.opened": _("opened a loan as decided"),
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
    "governance.promotion_proposed": _("asked for the promotion of a model"),
    "governance.promotion_approved": _("approved the promotion of a model"),
    "governance.promotion_refused": _("refused the promotion of a model"),
    # demo
    "demo.seeded": _("laid out the demonstration portfolio"),
    "demo.tape_submitted": _("submitted applications of a tape to be judged anew"),
}


def sentence(verb: str) -> str:
    """Return the words of a verb."""
    return str(VERBS[verb])
