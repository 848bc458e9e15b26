import hashlib
import io
import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pypdf
import pytest
from pypdf.generic import ContentStream

from apps.letters import editions, glyphs, rendering
from apps.letters.content import Approval, Bureau, LetterFacts, Reason
from apps.letters.rendering import Rendered
from apps.letters.tests import factories

EDITION = editions.edition(editions.CURRENT)
# The first halves of the hashes of HTML and PDF; both editions set these letters alike. They
# change only with a new edition.
KNOWN_LETTERS = {
    ("declined", "en"): "5fcc4d53521b4f3fd48a30acdf2dd990",
    ("declined", "hi"): "2515f539ce09e8aa5a6916eda99a8334",
    ("declined", "sw"): "bbf53466b0bbfc15f7ff5666e832bfb3",
    ("approved", "en"): "32ad706e024de4aad01d99e27445363d",
    ("approved", "hi"): "822a018a876e48e0a5c41bbbc5164312",
    ("approved", "sw"): "f2b09cb0350f2c66caa2767de8a80654",
    ("lapsed", "en"): "35a2e1be60a6f6a2a35b353f002a72e0",
    ("lapsed", "hi"): "93e2335c02bcda4ffb5e2eb25ade4ef1",
    ("lapsed", "sw"): "c69cb012a072a977f86c9f9382330b8e",
}
PRINT_HASHES = """
import hashlib, django
django.setup()
from apps.letters import editions, rendering
from apps.letters.tests import factories
done = rendering.render(
    factories.refusal(), language="hi", edition=editions.edition(editions.CURRENT)
)
print(hashlib.sha256(done.html).hexdigest(), hashlib.sha256(done.pdf).hexdigest())
"""


def rendered(facts: LetterFacts, language: str = "en") -> Rendered:
    return rendering.render(facts, language=language, edition=EDITION)


def text_of(pdf: bytes) -> str:
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def actual_texts(pdf: bytes) -> list[str]:
    """Return what a reader is told to read in place of the glyphs, in the order of the page."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    page: Any = ContentStream(reader.pages[0].get_contents(), reader)
    marked = (operands[1] for operands, operator in page.operations if operator == b"BDC")
    return [str(given["/ActualText"]) for given in marked if "/ActualText" in given]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("name", sorted(editions.EDITIONS))
def test_no_file_of_an_edition_has_changed(name: str) -> None:
    # A letter that was sent is set again from these files. To change one, make a new edition.
    assert editions.fingerprint(editions.edition(name)) == editions.FINGERPRINTS[name]


@pytest.mark.parametrize(
    ("name", "kinds"),
    [("2026-11", ("declined", "approved")), ("2026-12", ("declined", "approved", "lapsed"))],
)
def test_an_edition_sets_the_letters_it_has_always_set(name: str, kinds: tuple[str, ...]) -> None:
    assert rendering.engine() == "typst 0.15.0"
    edition = editions.edition(name)
    made = {
        (kind, language): rendering.render(_facts(kind), language=language, edition=edition)
        for kind in kinds
        for language in ("en", "hi", "sw")
    }
    assert {key: digest(done.html)[:16] + digest(done.pdf)[:16] for key, done in made.items()} == {
        key: value for key, value in KNOWN_LETTERS.items() if key[0] in kinds
    }


def _facts(kind: str) -> LetterFacts:
    makers = {"declined": factories.refusal, "approved": factories.approval}
    return makers.get(kind, factories.lapsed)()


def test_the_same_facts_give_the_same_bytes() -> None:
    first = rendered(factories.refusal())
    rendered(factories.refusal(applicant_name="Somebody Else"))

    assert rendered(factories.refusal()) == first


def test_another_process_gives_the_same_bytes() -> None:
    here = rendered(factories.refusal(), "hi")

    there = subprocess.run(
        [sys.executable, "-c", PRINT_HASHES],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "creditrisk.settings_test",
            "TZ": "Asia/Tokyo",
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert there == [digest(here.html), digest(here.pdf)]


def test_threads_give_the_same_bytes() -> None:
    expected = rendered(factories.refusal())
    found: list[Rendered] = []
    threads = [
        threading.Thread(target=lambda: found.append(rendered(factories.refusal())))
        for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [expected] * 4


def test_the_pdf_says_the_reasons_and_whom_to_ask_for_a_review() -> None:
    text = text_of(rendered(factories.refusal()).pdf)

    for reason in factories.REASONS:
        assert reason.sentence in text
    assert "review@sahyadri.example" in text
    assert "Please ask for it by 21 December 2026." in text
    assert "CIBIL" in text
    assert "₹2,50,000.00, 36 months" in text


def test_the_pdf_is_archival_accessible_and_dated_by_the_facts() -> None:
    reader: Any = pypdf.PdfReader(io.BytesIO(rendered(factories.refusal()).pdf))

    metadata = reader.xmp_metadata
    assert metadata is not None
    written = metadata.stream.get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in written
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in written
    assert "<pdfuaid:part>1</pdfuaid:part>" in written
    assert reader.metadata is not None
    assert reader.metadata.creation_date is not None
    assert reader.metadata.creation_date.date() == date(2026, 11, 21)
    assert reader.metadata.title == (
        "Your loan application: we cannot offer you this loan (PUN-2026-000123)"
    )
    assert reader.trailer["/Root"]["/Lang"] == "en"


def test_only_our_four_fonts_are_in_the_pdf() -> None:
    reader: Any = pypdf.PdfReader(io.BytesIO(rendered(factories.refusal(), "hi").pdf))

    fonts = {
        str(font.get_object()["/BaseFont"]).partition("+")[2]
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()
    }

    assert fonts == {
        "NotoSans-Regular",
        "NotoSans-Bold",
        "NotoSansDevanagari-Regular",
        "NotoSansDevanagari-Bold",
    }


def test_hindi_is_shaped_and_can_be_read_out_again() -> None:
    done = rendered(factories.refusal(applicant_name="आशा देशमुख"), "hi")

    spoken = actual_texts(done.pdf)
    # Signs drawn before or above their consonant are read out in the order they are spoken.
    assert spoken[: spoken.index("नि")] == ["फ़ो", "मे", "शा", "दे", "श", "मु"]
    assert {"प्रि", "र्ण", "हीं", "हैं", "लि"} <= set(spoken)
    assert "आशा देशमुख" in done.html.decode()
    assert 'lang="hi"' in done.html.decode()
    assert glyphs.REPLACEMENT not in text_of(done.pdf)


def test_swahili_letters_are_in_swahili() -> None:
    text = text_of(rendered(factories.approval(), "sw").pdf)

    assert "Ombi lako la mkopo: limekubaliwa" in text
    assert "Rejesho la kila mwezi" in text


@pytest.mark.parametrize(
    "name",
    [
        '#import "@preview/evil:1.0.0": *',
        '#panic() #{1+1} $x^2$ *bold* _it_ @label <tag> \\ // "quoted" ~ --- `raw`',
        '#read("/etc/passwd") #eval("1")',
        "{page} {pages} {product} {{ page.title }} {% load i18n %}",
        "%s %(x)s {0} {x!r}",
    ],
)
def test_markup_in_a_name_is_only_text(name: str) -> None:
    text = text_of(rendered(factories.refusal(applicant_name=name)).pdf)

    assert " ".join(name.split()) in text


def test_html_in_a_name_is_only_text() -> None:
    hostile = '<script>alert(1)</script><img src=x onerror="x">'

    html = rendered(factories.refusal(applicant_name=hostile, product_name=hostile)).html.decode()

    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


@pytest.mark.parametrize(
    "name", ["A" * 10_000, "word " * 2_000, "عربى", "שלום", "张伟", "தமிழ்", "🙂", "a\x00b\ud800"]
)
def test_any_name_can_be_set(name: str) -> None:
    done = rendered(factories.refusal(applicant_name=name))

    assert done.pdf.startswith(b"%PDF-")
    assert "review@sahyadri.example" in text_of(done.pdf)


def test_a_script_without_a_font_leaves_a_visible_mark_in_the_pdf_and_stays_in_the_html() -> None:
    done = rendered(factories.refusal(applicant_name="Zhang 张"))

    assert f"Dear Zhang {glyphs.REPLACEMENT}," in text_of(done.pdf)
    assert "Dear Zhang 张," in done.html.decode()


def test_a_long_letter_takes_more_pages_and_counts_them() -> None:
    steps = tuple(f"Step {number}: " + "bring the paper. " * 12 for number in range(45))
    long = factories.approval(
        approval=Approval(
            amount=Decimal(1000),
            currency="INR",
            term_months=12,
            annual_rate=Decimal("0.1"),
            instalment=Decimal("87.92"),
            first_steps=steps,
        )
    )

    pages = pypdf.PdfReader(io.BytesIO(rendered(long).pdf)).pages

    assert len(pages) == 3
    assert "Page 2 of 3" in pages[1].extract_text()


@pytest.mark.parametrize("language", ["en", "hi", "sw"])
@pytest.mark.parametrize("automated", [True, False])
def test_an_ordinary_letter_takes_one_page(language: str, automated: bool) -> None:
    bureau = Bureau(
        name="TransUnion CIBIL",
        contact="We give you the bureau's address on request: care@sahyadri.example, 020 5550 1234",
    )
    steps = (
        "Visit or call our branch Pune and bring this letter and proof of identity.",
        "Read the key facts of the loan before you sign the agreement.",
    )
    given = replace(factories.APPROVAL, amount=Decimal(150_000), first_steps=steps)
    late = "Payments 30 or more days late in the last two years: {}; we accept at most 2."
    reasons = tuple(Reason(code=f"late_{n}", sentence=late.format(n)) for n in range(3, 7))
    stated = {"automated": automated, "bureau": bureau}
    letters = [
        factories.approval(approval=given, **stated),
        factories.refusal(reasons=reasons, **stated),
    ]

    pages = [len(pypdf.PdfReader(io.BytesIO(rendered(one, language).pdf)).pages) for one in letters]

    assert pages == [1, 1]


def test_the_closing_never_stands_alone_on_a_page() -> None:
    for count in range(2, 14):
        steps = ("Bring the paper.",) * count
        facts = factories.approval(approval=replace(factories.APPROVAL, first_steps=steps))

        last = pypdf.PdfReader(io.BytesIO(rendered(facts).pdf)).pages[-1].extract_text()

        assert "Your personal data" in last


def test_the_fonts_draw_what_we_write() -> None:
    drawn = [glyphs.characters(path.read_bytes()) for path in editions.FONTS.glob("*.ttf")]

    assert len(drawn) == 4
    assert sum("अ" in codes for codes in drawn) == 2
    assert sum("é" in codes for codes in drawn) == 2
    assert not any("张" in codes for codes in drawn)


@pytest.mark.parametrize("junk", [b"", b"not a font at all", b"\x00\x01\x00\x00" + b"\x00" * 40])
def test_a_file_that_is_no_font_is_refused(junk: bytes) -> None:
    with pytest.raises(glyphs.FontUnreadable):
        glyphs.characters(junk)


def test_an_unknown_edition_is_named() -> None:
    with pytest.raises(editions.UnknownEdition, match="no edition '1999-01'"):
        editions.edition("1999-01")
