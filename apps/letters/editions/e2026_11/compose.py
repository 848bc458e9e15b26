"""Put the facts of a letter into the words of a language. Pure."""

import unicodedata

from apps.letters.content import APPROVED, Approval, Bureau, Lender, LetterFacts
from apps.letters.editions.e2026_11 import figures
from apps.letters.editions.e2026_11.english import ENGLISH
from apps.letters.editions.e2026_11.hindi import HINDI
from apps.letters.editions.e2026_11.page import Page, Row, Section
from apps.letters.editions.e2026_11.swahili import SWAHILI
from apps.letters.editions.e2026_11.wording import Wording

WORDINGS = {words.language: words for words in (ENGLISH, HINDI, SWAHILI)}

# They turn the direction of the text behind them, so a name could rewrite a sentence.
_DIRECTION_MARKS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def compose(facts: LetterFacts, *, language: str) -> Page:
    """Return the letter the facts make, in one of WORDINGS. Raises KeyError for another."""
    words = WORDINGS[language]
    approved = facts.kind == APPROVED
    subject = words.approved_subject if approved else words.declined_subject
    opening = words.approved_opening if approved else words.declined_opening
    product = _clean(facts.product_name)
    return Page(
        language=language,
        title=f"{subject} ({_clean(facts.application_number)})",
        lender=_clean(facts.lender.name),
        lender_lines=_letterhead(facts.lender, words),
        addressee=(_clean(facts.applicant_name), *_lines(facts.applicant_address)),
        particulars=_particulars(facts, words),
        subject=subject,
        salutation=words.salutation.format(name=_clean(facts.applicant_name)),
        opening=opening.format(product=product),
        sections=_sections(facts, words),
        closing=words.closing,
        footer=f"{_clean(facts.lender.name)} · {_clean(facts.reference)}",
        page_label=words.page_label,
        figures_heading=words.terms_columns,
        year=facts.decided_date.year,
        month=facts.decided_date.month,
        day=facts.decided_date.day,
    )


def _letterhead(lender: Lender, words: Wording) -> tuple[str, ...]:
    return (
        *_lines(lender.address),
        words.telephone.format(phone=_clean(lender.phone)),
        words.email.format(email=_clean(lender.email)),
    )


def _particulars(facts: LetterFacts, words: Wording) -> tuple[Row, ...]:
    term = figures.months(facts.term_months, words)
    rows = (
        (words.decided, figures.day(facts.decided_date, words)),
        (words.reference, facts.reference),
        (words.application, facts.application_number),
        (words.product, facts.product_name),
        (words.asked_for, f"{figures.money(facts.amount, facts.currency)}, {term}"),
        (words.received, figures.day(facts.received_date, words)),
    )
    return tuple(Row(label=label, value=_clean(value)) for label, value in rows)


def _sections(facts: LetterFacts, words: Wording) -> tuple[Section, ...]:
    if facts.approval is not None:
        outcome = (_terms(facts, facts.approval, words), _next(facts.approval, words))
    else:
        outcome = (_reasons(facts, words), _could_change(facts, words))
    bureau = (_bureau(facts.bureau, words),) if facts.bureau else ()
    return (*outcome, *_about_decision(facts, words), *bureau, *_contacts(facts.lender, words))


def _reasons(facts: LetterFacts, words: Wording) -> Section:
    return Section(
        heading=words.reasons_heading,
        paragraphs=(words.reasons_lead,),
        items=tuple(_clean(reason.sentence) for reason in facts.reasons),
        numbered=True,
    )


def _could_change(facts: LetterFacts, words: Wording) -> Section:
    lead = words.change_lead if facts.could_change else words.change_unknown
    return Section(
        heading=words.change_heading,
        paragraphs=(lead,),
        items=tuple(_clean(text) for text in facts.could_change),
        after=(words.change_note,),
    )


def _terms(facts: LetterFacts, approval: Approval, words: Wording) -> Section:
    asked, given = (facts.amount, facts.term_months), (approval.amount, approval.term_months)
    differ = words.terms_differ.format(
        amount=figures.money(facts.amount, facts.currency),
        term=figures.months(facts.term_months, words),
    )
    rows = (
        (words.loan_amount, figures.money(approval.amount, approval.currency)),
        (words.term, figures.months(approval.term_months, words)),
        (words.interest, figures.rate(approval.annual_rate, words)),
        (words.instalment, figures.money(approval.instalment, approval.currency)),
    )
    return Section(
        heading=words.terms_heading,
        paragraphs=() if asked == given else (differ,),
        figures=tuple(Row(label=label, value=value) for label, value in rows),
        after=(words.terms_note,),
    )


def _next(approval: Approval, words: Wording) -> Section:
    return Section(
        heading=words.next_heading,
        paragraphs=(words.next_lead,),
        items=tuple(_clean(step) for step in approval.first_steps),
        numbered=True,
    )


def _about_decision(facts: LetterFacts, words: Wording) -> tuple[Section, ...]:
    until = words.review_until.format(date=figures.day(facts.review_until, words))
    return (
        Section(
            heading=words.how_heading,
            paragraphs=(words.how_automated if facts.automated else words.how_by_person,),
        ),
        Section(
            heading=words.review_heading,
            paragraphs=(words.review, until),
            lines=_lines(facts.lender.review_contact),
        ),
    )


def _bureau(bureau: Bureau, words: Wording) -> Section:
    return Section(
        heading=words.bureau_heading,
        paragraphs=(words.bureau,),
        lines=(_clean(bureau.name), *_lines(bureau.contact)),
    )


def _contacts(lender: Lender, words: Wording) -> tuple[Section, ...]:
    return (
        Section(
            heading=words.data_heading,
            paragraphs=(words.data,),
            lines=_lines(lender.data_protection_contact),
            beside=True,
        ),
        Section(
            heading=words.complaint_heading,
            paragraphs=(words.complaint,),
            lines=_lines(lender.regulator),
            beside=True,
        ),
    )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line for raw in text.splitlines() if (line := _clean(raw)))


def _clean(text: str) -> str:
    """Return text on one line, without control characters and marks that turn its direction."""
    kept = (" " if unicodedata.category(mark) in {"Cc", "Cs"} else mark for mark in text)
    return " ".join("".join(mark for mark in kept if mark not in _DIRECTION_MARKS).split())
