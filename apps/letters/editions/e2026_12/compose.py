"""Put the facts of a letter into the words of a language. Pure."""

import unicodedata

from apps.letters.content import APPROVED, LAPSED, Approval, Bureau, Lender, LetterFacts
from apps.letters.editions.e2026_11 import figures
from apps.letters.editions.e2026_11.page import Page, Row, Section
from apps.letters.editions.e2026_12.english import ENGLISH
from apps.letters.editions.e2026_12.hindi import HINDI
from apps.letters.editions.e2026_12.swahili import SWAHILI
from apps.letters.editions.e2026_12.wording import Wording

WORDINGS = {words.language: words for words in (ENGLISH, HINDI, SWAHILI)}

# They turn the direction of the text behind them, so a name could rewrite a sentence.
_DIRECTION_MARKS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def compose(facts: LetterFacts, *, language: str) -> Page:
    """Return the letter the facts make, in one of WORDINGS. Raises KeyError for another."""
    words = WORDINGS[language]
    subject, opening = _beginning(facts, words)
    return Page(
        language=language,
        title=f"{subject} ({_clean(facts.application_number)})",
        lender=_clean(facts.lender.name),
        lender_lines=_letterhead(facts.lender, words),
        addressee=(_clean(facts.applicant_name), *_lines(facts.applicant_address)),
        particulars=_particulars(facts, words),
        subject=subject,
        salutation=words.salutation.format(name=_clean(facts.applicant_name)),
        opening=opening,
        sections=_sections(facts, words),
        closing=words.closing,
        footer=f"{_clean(facts.lender.name)} · {_clean(facts.reference)}",
        page_label=words.page_label,
        figures_heading=words.terms_columns,
        year=facts.decided_date.year,
        month=facts.decided_date.month,
        day=facts.decided_date.day,
    )


def _beginning(facts: LetterFacts, words: Wording) -> tuple[str, str]:
    """Return the subject line and the first paragraph."""
    subject, opening = {
        APPROVED: (words.approved_subject, words.approved_opening),
        LAPSED: (words.lapsed_subject, words.lapsed_opening),
    }.get(facts.kind, (words.declined_subject, words.declined_opening))
    until = figures.day(facts.offer_until, words) if facts.offer_until else ""
    return subject, opening.format(product=_clean(facts.product_name), until=until)


def _letterhead(lender: Lender, words: Wording) -> tuple[str, ...]:
    return (
        *_lines(lender.address),
        words.telephone.format(phone=_clean(lender.phone)),
        words.email.format(email=_clean(lender.email)),
    )


def _particulars(facts: LetterFacts, words: Wording) -> tuple[Row, ...]:
    term = figures.months(facts.term_months, words)
    rows = (
        (
            words.dated if facts.kind == LAPSED else words.decided,
            figures.day(facts.decided_date, words),
        ),
        (words.reference, facts.reference),
        (words.application, facts.application_number),
        (words.product, facts.product_name),
        (words.asked_for, f"{figures.money(facts.amount, facts.currency)}, {term}"),
        (words.received, figures.day(facts.received_date, words)),
    )
    return tuple(Row(label=label, value=_clean(value)) for label, value in rows)


def _sections(facts: LetterFacts, words: Wording) -> tuple[Section, ...]:
    bureau = (_bureau(facts.bureau, words),) if facts.bureau else ()
    return (*_outcome(facts, words), *bureau, *_contacts(facts.lender, words))


def _outcome(facts: LetterFacts, words: Wording) -> tuple[Section, ...]:
    """Return what came of the application, and how and why."""
    how, review = _about_decision(facts, words)
    if facts.approval is None:
        return (_reasons(facts, words), _could_change(facts, words), how, review)
    if facts.kind == LAPSED:
        # Nobody decides that an offer lapses; how it was decided, an earlier letter told.
        return (_lapsed(facts, facts.approval, words), *_right_to_reasons(facts, words), review)
    return (_terms(facts, facts.approval, words), _next(facts.approval, words), how, review)


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
    differ = words.terms_differ.format(
        amount=figures.money(facts.amount, facts.currency),
        term=figures.months(facts.term_months, words),
    )
    return Section(
        heading=words.terms_heading,
        paragraphs=() if _is_as_asked(facts, approval) else (differ,),
        figures=_offered(approval, words),
        after=(*(_clean(sentence) for sentence in approval.working), words.terms_note),
    )


def _lapsed(facts: LetterFacts, approval: Approval, words: Wording) -> Section:
    asked = words.lapsed_asked.format(
        amount=figures.money(facts.amount, facts.currency),
        term=figures.months(facts.term_months, words),
    )
    return Section(
        heading=words.lapsed_terms_heading,
        paragraphs=() if _is_as_asked(facts, approval) else (asked,),
        figures=_offered(approval, words),
        after=tuple(_clean(step) for step in approval.first_steps),
    )


def _right_to_reasons(facts: LetterFacts, words: Wording) -> tuple[Section, ...]:
    if facts.reasons_until is None:
        return ()
    date = figures.day(facts.reasons_until, words)
    return (
        Section(
            heading=words.right_to_reasons_heading,
            paragraphs=(words.right_to_reasons.format(date=date),),
            lines=_lines(facts.lender.review_contact),
        ),
    )


def _is_as_asked(facts: LetterFacts, approval: Approval) -> bool:
    return (facts.amount, facts.term_months) == (approval.amount, approval.term_months)


def _offered(approval: Approval, words: Wording) -> tuple[Row, ...]:
    rows = (
        (words.loan_amount, figures.money(approval.amount, approval.currency)),
        (words.term, figures.months(approval.term_months, words)),
        (words.interest, figures.rate(approval.annual_rate, words)),
        (words.instalment, figures.money(approval.instalment, approval.currency)),
    )
    return tuple(Row(label=label, value=value) for label, value in rows)


def _next(approval: Approval, words: Wording) -> Section:
    return Section(
        heading=words.next_heading,
        paragraphs=(words.next_lead,),
        items=tuple(_clean(step) for step in approval.first_steps),
        numbered=True,
    )


def _about_decision(facts: LetterFacts, words: Wording) -> tuple[Section, Section]:
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
