"""Every phrase a letter needs, by name; each language fills all of them. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The phrases of one language. Braces name what is put in."""

    language: str
    months: tuple[str, ...]
    one_month: str
    many_months: str
    rate_a_year: str

    reference: str
    application: str
    product: str
    asked_for: str
    received: str
    decided: str
    telephone: str
    email: str
    page_label: str
    salutation: str
    closing: str

    declined_subject: str
    declined_opening: str
    reasons_heading: str
    reasons_lead: str
    change_heading: str
    change_lead: str
    change_unknown: str
    change_note: str

    approved_subject: str
    approved_opening: str
    terms_heading: str
    terms_columns: tuple[str, str]
    terms_differ: str
    loan_amount: str
    term: str
    interest: str
    instalment: str
    terms_note: str
    next_heading: str
    next_lead: str

    how_heading: str
    how_automated: str
    how_by_person: str
    review_heading: str
    review: str
    review_until: str
    bureau_heading: str
    bureau: str
    data_heading: str
    data: str
    complaint_heading: str
    complaint: str
