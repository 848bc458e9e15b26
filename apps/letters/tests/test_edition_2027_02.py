"""The letters of edition 2027-02 where they differ from those before: no change found, the desk."""

import hashlib
import io
from dataclasses import asdict, replace

import pypdf
import pytest

from apps.letters import editions, rendering
from apps.letters.content import ContentRefused, LetterFacts
from apps.letters.editions.e2026_11.page import Page, Section
from apps.letters.editions.e2027_02.compose import WORDINGS, compose
from apps.letters.tests import factories

EDITION = editions.edition("2027-02")
LANGUAGES = sorted(WORDINGS)
NOTHING = "We looked for realistic changes and found none."


def _refusal() -> LetterFacts:
    return factories.refusal(could_change=(), no_change=NOTHING)


def _section(page: Page, heading: str) -> Section:
    return next(part for part in page.sections if part.heading == heading)


def _text(facts: LetterFacts, edition: editions.Edition = EDITION) -> str:
    done = rendering.render(facts, language="en", edition=edition)
    reader = pypdf.PdfReader(io.BytesIO(done.pdf))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_nothing_was_found_no_letter_says_if_this_changes(language: str) -> None:
    words = WORDINGS[language]

    found = _section(compose(_refusal(), language=language), words.change_heading)

    assert found.paragraphs == (NOTHING, words.change_again)
    assert (found.items, found.after) == ((), ())
    assert words.change_lead not in found.paragraphs


def test_what_was_found_is_told_as_before() -> None:
    words = WORDINGS["en"]

    found = _section(compose(factories.refusal(), language="en"), words.change_heading)

    assert found.paragraphs == (words.change_lead,)
    assert found.items == factories.refusal().could_change


def test_every_phrase_is_translated() -> None:
    english, hindi, swahili = (asdict(WORDINGS[language]) for language in ("en", "hi", "sw"))

    assert not {name for name in english if english[name] in (hindi[name], swahili[name])}


def test_the_review_desk_has_a_telephone_once() -> None:
    facts = factories.refusal()
    desk = _section(compose(facts, language="en"), WORDINGS["en"].review_heading)
    telephone = WORDINGS["en"].telephone.format(phone=facts.lender.phone)
    assert desk.lines[-1] == f"review@sahyadri.example · {telephone}"

    named = replace(
        facts.lender, review_contact=f"{facts.lender.review_contact}, {facts.lender.phone}"
    )
    same = _section(
        compose(replace(facts, lender=named), language="en"), WORDINGS["en"].review_heading
    )

    assert "Telephone" not in " ".join(same.lines)


def test_a_letter_is_set_in_its_own_edition_as_ever() -> None:
    older = editions.edition("2027-01")

    assert NOTHING in _text(_refusal())
    # The facts of a letter from before know of no such sentence.
    before = factories.refusal(could_change=(NOTHING,))
    assert LetterFacts.from_dict(before.to_dict()) == before
    assert "could have a different outcome if this changes" in _text(before, older)
    assert "could have a different outcome if this changes" not in _text(_refusal())


def test_an_approval_has_nothing_that_was_not_found() -> None:
    with pytest.raises(ContentRefused, match="no reasons for a refusal"):
        factories.approval(no_change=NOTHING)


def test_the_edition_sets_the_letters_it_has_always_set() -> None:
    found = {
        (name, language): "".join(
            hashlib.sha256(form).hexdigest()[:16] for form in (done.html, done.pdf)
        )
        for name, facts in (("nothing found", _refusal()), ("declined", factories.refusal()))
        for language in LANGUAGES
        for done in (rendering.render(facts, language=language, edition=EDITION),)
    }

    assert found == KNOWN_LETTERS


# The first halves of the hashes of HTML and PDF. They change only with a new edition.
KNOWN_LETTERS = {
    ("declined", "en"): "a23dd746c9fa89c48d2030636be598d1",
    ("declined", "hi"): "07d2fbb36ec2f0a997de010a2f32bae9",
    ("declined", "sw"): "613bded968aaa3725c16c13db8209ae2",
    ("nothing found", "en"): "d7d5f5fed503b0f8b8fdd17c9af1734f",
    ("nothing found", "hi"): "b1cde05f306be6347b4b5ea3972b9ce9",
    ("nothing found", "sw"): "3fa46962f645d3d855f39031985bdf9a",
}
