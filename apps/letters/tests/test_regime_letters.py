"""The letters of edition 2027-01 as their readers get them, element by element."""

import hashlib
import io
from dataclasses import asdict
from datetime import date

import pypdf
import pytest

from apps.letters import editions, regimes, rendering
from apps.letters.content import ContentRefused, LetterFacts, Score
from apps.letters.editions.e2027_01.compose import WORDINGS, compose
from apps.letters.tests import factories

EDITION = editions.edition("2027-01")
LANGUAGES = sorted(WORDINGS)

# The first halves of the hashes of HTML and PDF. They change only with a new edition.
KNOWN_LETTERS = {
    ("declined", "en"): "19326df36f2e95f7210f64d0de0f56cb",
    ("declined", "hi"): "5baa05a16f9f4592a14cd5e2b006c1fc",
    ("declined", "sw"): "1c69b9a537444b63269f93b85f0e0fd1",
    ("approved", "en"): "8a23f58f1dde3c58eb5b8784881000b4",
    ("approved", "hi"): "7f69f9a2911fc53f05fdd83c77a35f40",
    ("approved", "sw"): "7a237a7cfd51f9cf9fdcc0554cdc73a7",
    ("counter_offer", "en"): "339dde2fbeeca2c24f018feccd6e8b26",
    ("counter_offer", "hi"): "0fc120c8f6062b238f3e1a26c8c1fa9b",
    ("counter_offer", "sw"): "ae7fa22efc14a97e76e74504e8db6393",
    ("incomplete", "en"): "5484eafa99f4946ffbec48242e75dec3",
    ("incomplete", "hi"): "7ab51297b8ff8daaa41c0c47c452d52a",
    ("incomplete", "sw"): "35482d7130c63f4f39e81d8328f84c6b",
    ("appeal", "en"): "ecd958ef85c8ba5eb933fc85a0d3c74a",
    ("appeal", "hi"): "9a2434c44ad632301881b083e9acd19c",
    ("appeal", "sw"): "cb553634bfb6327cc230fac0936f8db3",
    ("lapsed", "en"): "73aaee206b69447e29234c4a2d23c592",
    ("lapsed", "hi"): "c8c3c74b7e6956e61e41cb5686b0a54e",
    ("lapsed", "sw"): "19f4d27f3d3794a9ca916f7945a7e143",
    ("american", "en"): "2471f16e1d4f7ce568ec9c77b9eb6cd7",
    ("american", "hi"): "6f77dc211165e7aea5f87f7a58e6787c",
    ("american", "sw"): "3b056c96c21bb1e3ee2f97e4e6e6bd13",
}
MAKERS = {
    "declined": factories.refusal,
    "approved": factories.approval,
    "counter_offer": factories.counter_offer,
    "incomplete": factories.incomplete,
    "appeal": factories.appeal,
    "lapsed": factories.lapsed,
    "american": factories.american,
}


def test_the_edition_sets_the_letters_it_has_always_set() -> None:
    assert rendering.engine() == "typst 0.15.0"

    for (name, language), known in KNOWN_LETTERS.items():
        done = rendering.render(MAKERS[name](), language=language, edition=EDITION)
        halves = [hashlib.sha256(form).hexdigest()[:16] for form in (done.html, done.pdf)]
        assert "".join(halves) == known, (name, language)


def headings(facts: LetterFacts, language: str = "en") -> list[str]:
    return [section.heading for section in compose(facts, language=language).sections]


def text_of(pdf: bytes) -> str:
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def test_every_notice_has_its_words() -> None:
    for language in LANGUAGES:
        words = asdict(WORDINGS[language])
        for notice in regimes.NOTICES:
            assert words[f"notice_{notice.code}"]
            assert words[f"notice_{notice.code}_heading"]


def test_a_decline_in_the_united_states_has_exactly_its_elements() -> None:
    # Rule book 10, 4.2, 4.4
    facts = factories.american()

    assert headings(facts) == [
        "Why we decided this",
        "What could change the outcome",
        "How the decision was made",
        "Your right to a review",
        "The credit report we used",
        "The score we used",
        "Equal Credit Opportunity Act",
        "Fair Credit Reporting Act",
        "Your personal data",
        "If you remain dissatisfied",
    ]
    text = text_of(rendering.render(facts, language="en", edition=EDITION).pdf)
    for element in (
        "541 on a scale from 400 (highest risk) to 700 (lowest risk)",
        "made on 20 November 2026 by Sahyadri Finance Ltd",
        "Your credit history is 8 months long.",
        "Plains Bureau 1 Main St, Omaha, NE 68102 Telephone +1 800 555 0100",
        "if you ask for it within 60 days of receiving this letter",
        "dispute with the bureau anything in it that is inaccurate",
        "race, color, religion, national origin, sex, marital status, age",
        "Complete since 18 November 2026",
    ):
        assert element in text


@pytest.mark.parametrize(
    ("regime", "present", "absent"),
    [
        ("india", "Why we tell you our reasons", "Equal Credit Opportunity Act"),
        ("kenya", "Your right under section 35, Data Protection Act", "The score we used"),
        ("european_union", "Your right to a decision by a person", "Fair Credit Reporting Act"),
    ],
)
def test_a_decline_elsewhere_has_its_own_notices_and_no_score(
    regime: str, present: str, absent: str
) -> None:
    found = headings(factories.refusal(regime=regime))

    assert present in found
    assert absent not in found
    assert "The score we used" not in found


def test_a_counter_offer_states_the_offer_and_the_right_to_the_reasons() -> None:
    page = compose(factories.counter_offer(), language="en")

    assert page.subject == "Your loan application: our offer on other terms"
    assert [section.heading for section in page.sections][:5] == [
        "What we offer",
        "Your right to the reasons",
        "What happens next",
        "How the decision was made",
        "Your right to a review",
    ]
    assert page.figures_heading == ("Term of the loan", "Our offer")
    assert page.sections[0].figures[0].value == "₹200,000.00".replace("200,000", "2,00,000")


def test_a_counter_offer_after_a_decline_gives_its_reasons() -> None:
    page = compose(
        factories.counter_offer(reasons=factories.REASONS, reasons_until=None), language="en"
    )

    assert page.sections[1].heading == "Why we decided this"
    assert page.sections[1].paragraphs == (
        "The main reasons why we cannot lend to you as you asked are:",
    )


def test_a_notice_says_what_is_missing_and_until_when() -> None:
    page = compose(factories.incomplete(), language="en")

    first = page.sections[0]
    assert first.items == (
        "Proof of your work and your income.",
        "Your last three bank statements.",
    )
    assert "by 11 December 2026" in first.after[0]
    assert [section.heading for section in page.sections[1:]] == [
        "Your personal data",
        "If you remain dissatisfied",
    ]
    assert page.particulars[0].label == "Date of this letter"


def test_the_outcome_of_a_review_answers_in_writing() -> None:
    page = compose(factories.appeal(), language="en")

    assert page.subject == "Your request for a review: our decision stands"
    assert "On 19 November 2026 you asked us" in page.opening
    assert [section.heading for section in page.sections][:4] == [
        "What came of the review",
        "The reviewer's answer to you",
        "What has changed",
        "Why we decided this",
    ]
    assert page.sections[1].paragraphs == (
        "I looked at your bank statements again.",
        "The obligations are as we had them.",
    )


def test_a_letter_carries_the_address_to_ask_for_a_review() -> None:
    link = "https://credit.example/review/abc"

    page = compose(factories.refusal(review_link=link), language="en")

    review = next(one for one in page.sections if one.heading == "Your right to a review")
    assert review.after[0].endswith(link)
    assert compose(factories.refusal(), language="en").sections[3].after == ()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "facts",
    [factories.american, factories.counter_offer, factories.incomplete, factories.appeal],
    ids=["american", "counter_offer", "incomplete", "appeal"],
)
def test_it_is_tagged_with_its_fonts_inside_and_the_same_again(
    facts: object, language: str
) -> None:
    told = facts()  # type: ignore[operator]

    done = rendering.render(told, language=language, edition=EDITION)

    catalog = pypdf.PdfReader(io.BytesIO(done.pdf)).trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/Lang"] == language
    assert b"/FontFile" in done.pdf or "/FontFile" in str(_fonts(done.pdf))
    again = LetterFacts.from_dict(told.to_dict())
    assert again == told
    assert rendering.render(again, language=language, edition=EDITION) == done


def _fonts(pdf: bytes) -> list[str]:
    found = []
    for page in pypdf.PdfReader(io.BytesIO(pdf)).pages:
        for font in page["/Resources"]["/Font"].values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            found += [str(key) for key in inner["/FontDescriptor"].get_object()]
    return found


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"value": 399}, "A score lies within its own range."),
        ({"factors": ("a",) * 6}, "A score names at most 5 key factors."),
        ({"factors": (" ",)}, "Score.factors has an empty sentence."),
    ],
)
def test_a_score_is_checked(changes: dict[str, object], sentence: str) -> None:
    values = {**vars(factories.american().score), **changes}

    with pytest.raises(ContentRefused, match=sentence):
        Score(**values)


@pytest.mark.parametrize(
    ("maker", "changes", "sentence"),
    [
        (factories.refusal, {"missing": ("a",)}, "Only an incomplete application"),
        (factories.incomplete, {"missing": ()}, "Only an incomplete application"),
        (factories.incomplete, {"missing_until": date(2026, 11, 21)}, "must end after the letter"),
        (factories.incomplete, {"reasons": factories.REASONS}, "Nothing is decided yet"),
        (factories.appeal, {"appeal": None}, "Only the outcome of an appeal"),
        (factories.counter_offer, {"approval": None}, "states what is offered"),
        (factories.refusal, {"completed_date": date(2026, 11, 1)}, "completed between"),
    ],
    ids=["missing", "nothing_missing", "until", "decided", "no_appeal", "no_offer", "completed"],
)
def test_a_part_of_another_letter_is_refused(
    maker: object, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ContentRefused, match=sentence):
        maker(**changes)  # type: ignore[operator]
