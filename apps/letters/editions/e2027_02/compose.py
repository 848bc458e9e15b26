"""Put the facts of a letter into the words of a language. Pure."""

import unicodedata

from apps.letters.content import (
    APPROVED,
    COUNTER_OFFER,
    INCOMPLETE,
    LAPSED,
    Appeal,
    Approval,
    Bureau,
    Lender,
    LetterFacts,
    Score,
)
from apps.letters.editions.e2026_11 import figures
from apps.letters.editions.e2026_11.page import Page, Row, Section
from apps.letters.editions.e2027_02.english import ENGLISH
from apps.letters.editions.e2027_02.hindi import HINDI
from apps.letters.editions.e2027_02.swahili import SWAHILI
from apps.letters.editions.e2027_02.wording import Wording

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
        figures_heading=_figures_heading(facts, words),
        year=facts.decided_date.year,
        month=facts.decided_date.month,
        day=facts.decided_date.day,
    )


def _beginning(facts: LetterFacts, words: Wording) -> tuple[str, str]:
    """Return the subject line and the first paragraph."""
    product = _clean(facts.product_name)
    if facts.appeal is not None:
        upheld = facts.appeal.upheld
        asked = figures.day(facts.appeal.asked_date, words)
        return (
            words.upheld_subject if upheld else words.changed_subject,
            words.appeal_opening.format(product=product, asked=asked),
        )
    subject, opening = {
        APPROVED: (words.approved_subject, words.approved_opening),
        COUNTER_OFFER: (words.counter_subject, words.counter_opening),
        INCOMPLETE: (words.incomplete_subject, words.incomplete_opening),
        LAPSED: (words.lapsed_subject, words.lapsed_opening),
    }.get(facts.kind, (words.declined_subject, words.declined_opening))
    until = figures.day(facts.offer_until, words) if facts.offer_until else ""
    return subject, opening.format(product=product, until=until)


def _figures_heading(facts: LetterFacts, words: Wording) -> tuple[str, str]:
    label, approved = words.terms_columns
    return label, words.offered if facts.kind == COUNTER_OFFER else approved


def _letterhead(lender: Lender, words: Wording) -> tuple[str, ...]:
    return (
        *_lines(lender.address),
        words.telephone.format(phone=_clean(lender.phone)),
        words.email.format(email=_clean(lender.email)),
    )


def _particulars(facts: LetterFacts, words: Wording) -> tuple[Row, ...]:
    term = figures.months(facts.term_months, words)
    decides = facts.kind not in {LAPSED, INCOMPLETE} and facts.appeal is None
    rows = [
        (words.decided if decides else words.dated, figures.day(facts.decided_date, words)),
        (words.reference, facts.reference),
        (words.application, facts.application_number),
        (words.product, facts.product_name),
        (words.asked_for, f"{figures.money(facts.amount, facts.currency)}, {term}"),
        (words.received, figures.day(facts.received_date, words)),
    ]
    if facts.completed_date is not None:
        rows.append((words.completed, figures.day(facts.completed_date, words)))
    return tuple(Row(label=label, value=_clean(value)) for label, value in rows)


def _sections(facts: LetterFacts, words: Wording) -> tuple[Section, ...]:
    bureau = (_bureau(facts.bureau, words),) if facts.bureau else ()
    score = (_score(facts.score, words),) if facts.score else ()
    notices = tuple(_notice(code, facts, words) for code in facts.notices)
    contacts = _contacts(facts.lender, words)
    return (*_outcome(facts, words), *bureau, *score, *notices, *contacts)


def _outcome(facts: LetterFacts, words: Wording) -> tuple[Section, ...]:
    """Return what came of the application, and how and why."""
    if facts.kind == INCOMPLETE:
        return (_missing(facts, words),)
    if facts.appeal is not None:
        return _reviewed(facts, facts.appeal, words)
    how, review = _about_decision(facts, words)
    if facts.approval is None:
        return (_reasons(facts, words), _could_change(facts, words), how, review)
    if facts.kind == LAPSED:
        # Nobody decides that an offer lapses; how it was decided, an earlier letter told.
        return (_lapsed(facts, facts.approval, words), *_right_to_reasons(facts, words), review)
    terms, steps = _terms(facts, facts.approval, words), _next(facts.approval, words)
    if facts.kind != COUNTER_OFFER:
        return (terms, steps, how, review)
    why = (_reasons(facts, words),) if facts.reasons else _right_to_reasons(facts, words)
    is_told = facts.could_change or facts.no_change
    change = (_could_change(facts, words),) if is_told else ()
    return (terms, *why, *change, steps, how, review)


def _missing(facts: LetterFacts, words: Wording) -> Section:
    last = figures.day(facts.missing_until or facts.review_until, words)
    return Section(
        heading=words.missing_heading,
        paragraphs=(words.missing_lead,),
        items=tuple(_clean(text) for text in facts.missing),
        after=(words.missing_until.format(date=last), *_review_desk(facts.lender, words)),
    )


def _reviewed(facts: LetterFacts, appeal: Appeal, words: Wording) -> tuple[Section, ...]:
    """Return what came of a review, its answer, and what now stands with its reasons."""
    outcome = words.appeal_upheld if appeal.upheld else words.appeal_changed
    told = [
        Section(heading=words.appeal_heading, paragraphs=(outcome,)),
        Section(heading=words.appeal_answer_heading, paragraphs=_lines(appeal.answer)),
    ]
    if appeal.changed:
        told.append(
            Section(
                heading=words.appeal_corrected_heading,
                paragraphs=(words.appeal_corrected_lead,),
                items=tuple(_clean(text) for text in appeal.changed),
            )
        )
    if facts.reasons:
        told.append(_reasons(facts, words))
    if facts.could_change or facts.no_change:
        told.append(_could_change(facts, words))
    if facts.approval is not None:
        told += [_terms(facts, facts.approval, words), _next(facts.approval, words)]
    return tuple(told)


def _score(score: Score, words: Wording) -> Section:
    text = words.score.format(
        value=score.value,
        least=score.least,
        most=score.most,
        date=figures.day(score.scored_date, words),
        provider=_clean(score.provider),
    )
    lead = (words.score_factors,) if score.factors else ()
    return Section(
        heading=words.score_heading,
        paragraphs=(text, *lead),
        items=tuple(_clean(factor) for factor in score.factors),
    )


def _notice(code: str, facts: LetterFacts, words: Wording) -> Section:
    """Return a statement that the lender's regime asks for; one of them names the agency."""
    return Section(
        heading=getattr(words, f"notice_{code}_heading"),
        paragraphs=(getattr(words, f"notice_{code}"),),
        lines=_lines(facts.lender.regulator) if code == "ecoa" else (),
    )


def _reasons(facts: LetterFacts, words: Wording) -> Section:
    return Section(
        heading=words.reasons_heading,
        paragraphs=(
            words.counter_reasons_lead if facts.kind == COUNTER_OFFER else words.reasons_lead,
        ),
        items=tuple(_clean(reason.sentence) for reason in facts.reasons),
        numbered=True,
    )


def _could_change(facts: LetterFacts, words: Wording) -> Section:
    """Return what would have turned the decision, or honestly that nothing was found to."""
    if facts.no_change:
        return Section(
            heading=words.change_heading,
            paragraphs=(_clean(facts.no_change), words.change_again),
        )
    lead = words.change_lead if facts.could_change else words.change_unknown
    return Section(
        heading=words.change_heading,
        paragraphs=(lead,),
        items=tuple(_clean(text) for text in facts.could_change),
        after=(words.change_note,),
    )


def _review_desk(lender: Lender, words: Wording) -> tuple[str, ...]:
    """Return where a letter sends to "write to or call": with a number, whatever the desk says."""
    lines = _lines(lender.review_contact)
    phone = _clean(lender.phone)
    if _digits(phone) in _digits(" ".join(lines)):
        return lines
    # On the last line, so that an ordinary letter stays on one page.
    return (*lines[:-1], f"{lines[-1]} · {words.telephone.format(phone=phone)}")


def _digits(text: str) -> str:
    return "".join(mark for mark in text if mark.isdigit())


def _terms(facts: LetterFacts, approval: Approval, words: Wording) -> Section:
    differ = words.terms_differ.format(
        amount=figures.money(facts.amount, facts.currency),
        term=figures.months(facts.term_months, words),
    )
    return Section(
        heading=words.counter_terms_heading if facts.kind == COUNTER_OFFER else words.terms_heading,
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
            lines=_review_desk(facts.lender, words),
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
    link = _clean(facts.review_link)
    by_link = (words.review_link.format(link=link),) if link else ()
    return (
        Section(
            heading=words.how_heading,
            paragraphs=(words.how_automated if facts.automated else words.how_by_person,),
        ),
        Section(
            heading=words.review_heading,
            paragraphs=(words.review, until),
            lines=_review_desk(facts.lender, words),
            after=by_link,
        ),
    )


def _bureau(bureau: Bureau, words: Wording) -> Section:
    phone = (words.telephone.format(phone=_clean(bureau.phone)),) if bureau.phone.strip() else ()
    return Section(
        heading=words.bureau_heading,
        paragraphs=(words.bureau,),
        lines=(_clean(bureau.name), *_lines(bureau.contact), *phone),
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
