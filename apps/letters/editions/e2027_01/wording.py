"""Every phrase a letter needs: those of the edition before, and what each regime asks for. Pure."""

from dataclasses import dataclass

from apps.letters.editions.e2026_12 import wording


@dataclass(frozen=True, kw_only=True)
class Wording(wording.Wording):
    """The phrases of one language. Braces name what is put in.

    A notice of a regime is `notice_<code>` under `notice_<code>_heading`.
    """

    completed: str
    counter_subject: str
    counter_opening: str
    counter_terms_heading: str
    counter_reasons_lead: str
    offered: str

    incomplete_subject: str
    incomplete_opening: str
    missing_heading: str
    missing_lead: str
    missing_until: str

    upheld_subject: str
    changed_subject: str
    appeal_opening: str
    appeal_heading: str
    appeal_upheld: str
    appeal_changed: str
    appeal_answer_heading: str
    appeal_corrected_heading: str
    appeal_corrected_lead: str

    review_link: str
    score_heading: str
    score: str
    score_factors: str

    notice_ecoa_heading: str
    notice_ecoa: str
    notice_fcra_heading: str
    notice_fcra: str
    notice_gdpr_human_heading: str
    notice_gdpr_human: str
    notice_gdpr_explanation_heading: str
    notice_gdpr_explanation: str
    notice_ai_act_heading: str
    notice_ai_act: str
    notice_kenya_reconsideration_heading: str
    notice_kenya_reconsideration: str
    notice_kenya_bureau_heading: str
    notice_kenya_bureau: str
    notice_kenya_access_heading: str
    notice_kenya_access: str
    notice_india_fair_practices_heading: str
    notice_india_fair_practices: str
    notice_india_key_facts_heading: str
    notice_india_key_facts: str
    notice_india_data_heading: str
    notice_india_data: str
