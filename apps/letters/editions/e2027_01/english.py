"""The letters in English. Pure."""

from apps.letters.editions.e2026_12.english import ENGLISH as BEFORE
from apps.letters.editions.e2027_01.wording import Wording

ENGLISH = Wording(
    **vars(BEFORE),
    completed="Complete since",
    counter_subject="Your loan application: our offer on other terms",
    counter_opening=(
        "Thank you for applying to us for a loan ({product}). We have examined your application "
        "with care. We cannot lend to you as you asked, but we offer you the loan on the terms "
        "below."
    ),
    counter_terms_heading="What we offer",
    counter_reasons_lead="The main reasons why we cannot lend to you as you asked are:",
    offered="Our offer",
    incomplete_subject="Your loan application: something is still missing",
    incomplete_opening=(
        "Thank you for applying to us for a loan ({product}). We cannot decide on your application "
        "yet, because it is not complete."
    ),
    missing_heading="What we still need from you",
    missing_lead="Please send or bring us:",
    missing_until=(
        "Please let us have this by {date}. Without it we cannot consider your application any "
        "further; you may then apply again at any time. Write to or call:"
    ),
    upheld_subject="Your request for a review: our decision stands",
    changed_subject="Your request for a review: we have changed our decision",
    appeal_opening=(
        "On {asked} you asked us to review our decision on your application for a loan "
        "({product}). A person who took no part in that decision has reviewed it and was free to "
        "change it."
    ),
    appeal_heading="What came of the review",
    appeal_upheld="The decision stands.",
    appeal_changed="The decision has been changed.",
    appeal_answer_heading="The reviewer's answer to you",
    appeal_corrected_heading="What has changed",
    appeal_corrected_lead="In the review this was corrected or seen otherwise than before:",
    review_link="You can also ask for the review at this address, which is for you alone: {link}",
    score_heading="The score we used",
    score=(
        "Your score was {value} on a scale from {least} (highest risk) to {most} (lowest risk). It "
        "was made on {date} by {provider}."
    ),
    score_factors="What lowered this score most:",
    notice_ecoa_heading="Equal Credit Opportunity Act",
    notice_ecoa=(
        "The federal Equal Credit Opportunity Act prohibits creditors from discriminating against "
        "credit applicants on the basis of race, color, religion, national origin, sex, marital "
        "status, age (provided the applicant has the capacity to enter into a binding contract); "
        "because all or part of the applicant's income derives from any public assistance program; "
        "or because the applicant has in good faith exercised any right under the Consumer Credit "
        "Protection Act. The federal agency that administers compliance with this law concerning "
        "this creditor is:"
    ),
    notice_fcra_heading="Fair Credit Reporting Act",
    notice_fcra=(
        "Our decision rests in whole or in part on information from the credit bureau named above. "
        "The bureau did not make the decision and cannot give you the reasons for it. You have the "
        "right to a free copy of your report from the bureau if you ask for it within 60 days of "
        "receiving this letter, and the right to dispute with the bureau anything in it that is "
        "inaccurate or incomplete."
    ),
    notice_gdpr_human_heading="Your right to a decision by a person",
    notice_gdpr_human=(
        "This decision was made by automated means. Under Article 22 of the General Data "
        "Protection Regulation you have the right to have a person examine it, to express your "
        "point of view, and to contest the decision. That person can change the outcome."
    ),
    notice_gdpr_explanation_heading="Your right to an explanation",
    notice_gdpr_explanation=(
        "Under Article 15 of the General Data Protection Regulation you may ask us which of your "
        "data we used and by which procedure and principles we reached this decision. We answer "
        "within one month."
    ),
    notice_ai_act_heading="The part of artificial intelligence",
    notice_ai_act=(
        "An artificial intelligence system estimated the risk of this loan. Under Article 86 of "
        "the Artificial Intelligence Act you have the right to a clear and meaningful explanation "
        "of its role in the decision and of the main elements of the decision."
    ),
    notice_kenya_reconsideration_heading="Your right under section 35, Data Protection Act",
    notice_kenya_reconsideration=(
        "This decision was made by automated means alone. Under the Data Protection Act, 2019 you "
        "may ask us to reconsider it, or to take a new decision that does not rest on automated "
        "processing alone. We will tell you in writing what we did and what came of it."
    ),
    notice_kenya_bureau_heading="Notice under the Credit Reference Bureau Regulations",
    notice_kenya_bureau=(
        "This decision rests in whole or in part on information from the credit reference bureau "
        "named above. You may obtain your report from the bureau, dispute what is wrong in it, and "
        "receive the corrected report."
    ),
    notice_kenya_access_heading="Access to your data",
    notice_kenya_access=(
        "You may ask us for the personal data we hold about you, free of charge. We answer within "
        "7 days."
    ),
    notice_india_fair_practices_heading="Why we tell you our reasons",
    notice_india_fair_practices=(
        "By the fair practices code of the Reserve Bank of India we tell you in writing the main "
        "reasons why a loan was not given as it was asked for, whatever its amount."
    ),
    notice_india_key_facts_heading="The key facts statement",
    notice_india_key_facts=(
        "Before you sign you get a key facts statement in a language you understand, with the "
        "annual percentage rate and all fees, valid for at least three working days. It also names "
        "the cooling-off period in which you may give the loan back without a penalty."
    ),
    notice_india_data_heading="Your rights over your data",
    notice_india_data=(
        "Under the Digital Personal Data Protection Act, 2023 you may ask for a summary of the "
        "personal data we used, and for its correction. We answer a complaint within 90 days."
    ),
)
