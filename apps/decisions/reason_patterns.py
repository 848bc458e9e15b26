"""What reasons say, as patterns: of a rule not met, a factor of the model, a reviewer's code.

A rule is looked up by its input and test; the general form of `sentences` serves the others.
"""

from django.utils.translation import gettext_lazy

# What a rule that was not met says to the applicant; the general form serves the others.
RULES = {
    ("amount", "at_most"): gettext_lazy("You asked for %(value)s; the limit is %(limit)s."),
    ("age_years", "at_least"): gettext_lazy(
        "You are %(value)s old; we lend from the age of %(limit)s."
    ),
    ("age_at_maturity_years", "at_most"): gettext_lazy(
        "You would be %(value)s old when the loan ends; it must end by the age of %(limit)s."
    ),
    ("country", "one_of"): gettext_lazy(
        "You live in %(value)s; we lend to residents of %(limit)s."
    ),
    ("income_verification", "one_of"): gettext_lazy(
        "Your income is %(value)s; it must be %(limit)s."
    ),
    ("income_gap", "at_most"): gettext_lazy(
        "Your documents do not show %(value)s of the net income you stated; we accept at most"
        " %(limit)s."
    ),
    ("annual_income", "at_least"): gettext_lazy(
        "Your gross income is %(value)s a year; this loan needs at least %(limit)s."
    ),
    ("net_monthly_income", "at_least"): gettext_lazy(
        "Your net income is %(value)s a month; this loan needs at least %(limit)s."
    ),
    ("employment_months", "at_least"): gettext_lazy(
        "You have been in your present work for %(value)s; this loan needs at least %(limit)s."
    ),
    ("dti", "at_most"): gettext_lazy(
        "Your fixed obligations with the new instalment would take %(value)s of your gross income;"
        " the limit is %(limit)s."
    ),
    ("foir", "at_most"): gettext_lazy(
        "Your fixed obligations with the new instalment would take %(value)s of your net income;"
        " the limit is %(limit)s."
    ),
    ("lti", "at_most"): gettext_lazy(
        "The loan would be %(value)s of your gross income a year; the limit is %(limit)s."
    ),
    ("ltv", "at_most"): gettext_lazy(
        "The loan would be %(value)s of the value of the security; the limit is %(limit)s."
    ),
    ("pay_committed", "at_most"): gettext_lazy(
        "Your deductions with the new instalment would take %(value)s of your basic pay; at most"
        " %(limit)s may be committed."
    ),
    ("accounts_delinquent_now", "at_most"): gettext_lazy(
        "Accounts with a payment overdue now: %(value)s; we accept at most %(limit)s."
    ),
    ("delinquencies_24m", "at_most"): gettext_lazy(
        "Payments 30 or more days late in the last two years: %(value)s;"
        " we accept at most %(limit)s."
    ),
    ("bankruptcies", "at_most"): gettext_lazy(
        "Bankruptcies on your credit report: %(value)s; we accept at most %(limit)s."
    ),
    ("public_records", "at_most"): gettext_lazy(
        "Public records such as judgments or liens: %(value)s; we accept at most %(limit)s."
    ),
    ("enquiries_6m", "at_most"): gettext_lazy(
        "Credit enquiries in the last six months: %(value)s; we accept at most %(limit)s."
    ),
    ("bureau_score", "at_least"): gettext_lazy(
        "Your credit bureau rates you %(value)s; this loan needs at least %(limit)s."
    ),
    ("bureau_report", "is"): gettext_lazy("There is no credit bureau report about you."),
    ("bureau_report_age_days", "at_most"): gettext_lazy(
        "Your credit report is %(value)s old; it must not be older than %(limit)s."
    ),
    ("credit_history_months", "at_least"): gettext_lazy(
        "Your credit history is %(value)s long; at least %(limit)s are needed."
    ),
    ("defaults_with_us", "at_most"): gettext_lazy(
        "Your loans in default with us: %(value)s; we accept at most %(limit)s."
    ),
    ("blocked", "is"): gettext_lazy(
        "Our block list holds an entry about you. You may ask us what it rests on, and object"
        " to it."
    ),
    ("guarantees_with_us", "at_most"): gettext_lazy(
        "You answer for %(value)s of other people's loans with us; the limit for one borrower is"
        " %(limit)s."
    ),
    # What another person owes us is not the applicant's to know.
    ("guarantor_exposure", "at_most"): gettext_lazy(
        "Somebody who would answer for this loan cannot answer for more with us. You may name"
        " another guarantor."
    ),
    ("exposure_with_us", "at_most"): gettext_lazy(
        "With this loan you would owe us or answer for %(value)s; the limit for one borrower is"
        " %(limit)s."
    ),
}

# What a limit of a band, or the nearness of a cut-off, says; and the same where it is not known.
FINDINGS = {
    "pd_near_cutoff": gettext_lazy("The risk lies so near a limit that a person decides."),
    "band_amount": gettext_lazy(
        "You asked for %(value)s; at this level of risk the limit is %(limit)s."
    ),
    "band_term": gettext_lazy(
        "You asked for a term of %(value)s; at this level of risk the limit is %(limit)s."
    ),
}
FINDINGS_UNKNOWN = {
    "band_amount": gettext_lazy("The limit for the amount at this level of risk is not known."),
    "band_term": gettext_lazy("The limit for the term at this level of risk is not known."),
}

# What raised the risk, with the applicant's own value; and the same where it is not known.
FACTORS = {
    "amount": gettext_lazy("You asked for %(value)s."),
    "term_months": gettext_lazy("You asked for a term of %(value)s."),
    "purpose": gettext_lazy("The purpose of the loan is %(value)s."),
    "annual_income": gettext_lazy("Your gross income is %(value)s a year."),
    "amount_to_income": gettext_lazy("The loan is %(value)s of your gross income a year."),
    "existing_dti": gettext_lazy("Your existing obligations take %(value)s of your gross income."),
    "employment_months": gettext_lazy("You have been in your present work for %(value)s."),
    "employment_type": gettext_lazy("Your kind of work is: %(value)s."),
    "income_verification": gettext_lazy("Your income is %(value)s."),
    "home_ownership": gettext_lazy("Your home is %(value)s."),
    "credit_history_months": gettext_lazy("Your credit history is %(value)s long."),
    "delinquencies_24m": gettext_lazy(
        "Payments 30 or more days late in the last two years: %(value)s."
    ),
    "months_since_delinquency": gettext_lazy("Your last late payment was %(value)s ago."),
    "enquiries_6m": gettext_lazy("Credit enquiries in the last six months: %(value)s."),
    "open_accounts": gettext_lazy("Open credit accounts: %(value)s."),
    "total_accounts": gettext_lazy("Credit accounts you ever had: %(value)s."),
    "public_records": gettext_lazy("Public records such as judgments or liens: %(value)s."),
    "months_since_public_record": gettext_lazy("Your last public record was %(value)s ago."),
    "revolving_balance": gettext_lazy("You owe %(value)s on revolving credit."),
    "revolving_utilisation": gettext_lazy("You use %(value)s of your revolving credit limits."),
    "revolving_balance_to_income": gettext_lazy(
        "Your revolving balance is %(value)s of your gross income a year."
    ),
    "bankruptcies": gettext_lazy("Bankruptcies on your credit report: %(value)s."),
    "accounts_delinquent_now": gettext_lazy("Accounts with a payment overdue now: %(value)s."),
}

CODES = {
    "burden_confirmed_bearable": gettext_lazy("Income bears the instalment beside what is owed"),
    "income_confirmed": gettext_lazy("Income confirmed by documents seen"),
    "payment_record_sound": gettext_lazy("Payment record is sound"),
    "security_sufficient": gettext_lazy("Security covers the loan"),
    "referral_cause_cleared": gettext_lazy("What caused the referral is cleared up"),
    "smaller_amount_bearable": gettext_lazy("Income bears a smaller amount"),
    "term_within_policy": gettext_lazy("Term brought within policy"),
    "amount_within_security": gettext_lazy("Amount brought within the security"),
    "amount_within_exposure": gettext_lazy("Amount brought within what the borrower may owe us"),
    "exception_justified": gettext_lazy("Exception to policy, justified in the note"),
    "override_new_evidence": gettext_lazy("New evidence that policy and model do not see"),
    "override_fact_wrong": gettext_lazy("A fact on record is proved wrong"),
    "override_security_offered": gettext_lazy("Security or guarantor makes up for it"),
    "override_relationship_proven": gettext_lazy("Long and proven relationship"),
    "override_hardship_passed": gettext_lazy("A past hardship is over"),
    "override_programme": gettext_lazy("Lending programme of the board"),
    "override_facts_unseen": gettext_lazy("Facts against it that policy and model do not see"),
    "obligations_high_on_net_income": gettext_lazy("Obligations too high for net income"),
    "obligations_high_on_gross_income": gettext_lazy("Obligations too high for gross income"),
    "amount_high_for_income": gettext_lazy("Amount too high for income"),
    "income_not_confirmed": gettext_lazy("Income could not be confirmed"),
    "work_too_recent": gettext_lazy("Present work too recent"),
    "late_payments": gettext_lazy("Late payments in the last two years"),
    "accounts_late_now": gettext_lazy("Accounts overdue now"),
    "bankruptcy": gettext_lazy("Bankruptcy on file"),
    "credit_history_short": gettext_lazy("Credit history too short"),
    "many_enquiries": gettext_lazy("Many recent credit enquiries"),
    "security_insufficient": gettext_lazy("Security does not cover the loan"),
    "owed_to_us_high": gettext_lazy("Borrowing from us too high already"),
    "guarantees_high": gettext_lazy("Guarantees for other people's loans too high"),
    "income_not_as_documented": gettext_lazy("Income stated lies above what documents show"),
    "on_block_list": gettext_lazy("On our block list"),
    "documents_incomplete": gettext_lazy("Documents incomplete"),
    "identity_not_confirmed": gettext_lazy("Identity could not be confirmed"),
    "purpose_not_financed": gettext_lazy("Purpose is not financed"),
}

CODE_SENTENCES = {
    "obligations_high_on_net_income": gettext_lazy(
        "Your fixed obligations with the new instalment would take %(value)s of your net income,"
        " which is too much."
    ),
    "obligations_high_on_gross_income": gettext_lazy(
        "Your fixed obligations with the new instalment would take %(value)s of your gross income,"
        " which is too much."
    ),
    "amount_high_for_income": gettext_lazy(
        "The loan would be %(value)s of your gross income a year, which is too much."
    ),
    "income_not_confirmed": gettext_lazy(
        "We could not confirm the gross income of %(value)s a year that you stated."
    ),
    "work_too_recent": gettext_lazy(
        "You have been in your present work for %(value)s, which is too short for this loan."
    ),
    "late_payments": gettext_lazy(
        "Payments 30 or more days late in the last two years: %(value)s."
    ),
    "accounts_late_now": gettext_lazy("Accounts with a payment overdue now: %(value)s."),
    "bankruptcy": gettext_lazy("Bankruptcies on your credit report: %(value)s."),
    "credit_history_short": gettext_lazy(
        "Your credit history is %(value)s long, which is too short for this loan."
    ),
    "many_enquiries": gettext_lazy("Credit enquiries in the last six months: %(value)s."),
    "security_insufficient": gettext_lazy(
        "The loan would be %(value)s of the value of the security, which is too much."
    ),
    "owed_to_us_high": gettext_lazy(
        "With this loan you would owe us or answer for %(value)s, which is too much."
    ),
    "guarantees_high": gettext_lazy(
        "You answer for %(value)s of other people's loans with us, which is too much."
    ),
    "income_not_as_documented": gettext_lazy(
        "Your documents do not show %(value)s of the net income you stated."
    ),
    "on_block_list": gettext_lazy(
        "Our block list holds an entry about you. You may ask us what it rests on, and object"
        " to it."
    ),
    "documents_incomplete": gettext_lazy(
        "The documents needed to assess your application were not complete."
    ),
    "identity_not_confirmed": gettext_lazy("Your identity could not be confirmed."),
    "purpose_not_financed": gettext_lazy("We do not finance the purpose you stated."),
}
