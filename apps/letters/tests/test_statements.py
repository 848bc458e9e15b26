"""Statements before a contract: set as letters are, frozen at once, verified byte by byte."""

import hashlib
import io
import uuid
from datetime import UTC, date, datetime
from typing import Any

import pypdf
import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import Branch, User
from apps.letters import services, statement_rendering, statements
from apps.letters.checks import ContentRefused
from apps.letters.models import Letter
from apps.letters.statements import Line, Part, Statement

NOW = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
# Of every file of the edition: a change of how statements are set is another edition.
FINGERPRINT = "84c312bb96a8275fc09ff06d044f3f116822e77c1a037b69571288f3be127e54"


def _statement(**changes: Any) -> Statement:
    values: dict[str, Any] = {
        "language": "en",
        "title": "Key Facts Statement",
        "lender": "Sahyadri Finance Ltd",
        "lender_lines": ("12 Karve Road", "Pune"),
        "addressee": ("Asha Patil", "Nashik"),
        "particulars": (Line(label="Offer", value="A-1-O1"),),
        "opening": "Read this first.",
        "parts": (
            Part(
                heading="Part 1",
                lines=(Line(number="9", label="APR", value="17.07 %"),),
                columns=("No.", "Due"),
                rows=(("1", "20 December 2026"),),
            ),
        ),
        "closing": ("It holds until 27 November 2026.",),
        "footer": "Sahyadri Finance Ltd",
        "page_label": "Page {page} of {pages}",
        "dated": date(2026, 11, 20),
        **changes,
    }
    return Statement(**values)


def _issued(actor: User, branch: Branch, **changes: Any) -> Letter:
    return services.issue_statement(
        actor=actor,
        branch=branch,
        subject="offers.offer:1",
        case=f"applications.application:{uuid.UUID(int=1)}",
        regime="india",
        statement=_statement(**changes),
        now=NOW,
    )


def test_it_says_everything_in_both_forms() -> None:
    done = statement_rendering.render(_statement(), edition=statements.CURRENT)

    html = done.html.decode()
    reader = pypdf.PdfReader(io.BytesIO(done.pdf))
    text = " ".join(page.extract_text() for page in reader.pages)
    for said in ("Key Facts Statement", "APR", "17.07", "20 December 2026", "Read this first."):
        assert said in html
        assert said in " ".join(text.split())
    assert "Page 1 of 1" in text


def test_the_same_statement_gives_the_same_bytes() -> None:
    first, second = (
        statement_rendering.render(_statement(), edition=statements.CURRENT) for _time in range(2)
    )

    assert first == second


def test_nothing_in_it_is_read_as_markup() -> None:
    odd = _statement(opening="<script>#eval('x')</script> *bold* $1$")

    done = statement_rendering.render(odd, edition=statements.CURRENT)

    assert b"&lt;script&gt;" in done.html
    text = pypdf.PdfReader(io.BytesIO(done.pdf)).pages[0].extract_text()
    assert "*bold*" in text


def test_its_edition_does_not_change() -> None:
    digest = hashlib.sha256()
    for path in sorted(statements.folder(statements.CURRENT).iterdir()):
        if path.is_file():
            digest.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())

    assert digest.hexdigest() == FINGERPRINT


def test_it_is_read_back_as_it_was_written() -> None:
    assert Statement.from_dict(_statement().to_dict()) == _statement()
    for odd in ({}, {**_statement().to_dict(), "dated": "someday"}):
        with pytest.raises(ContentRefused):
            Statement.from_dict(odd)


@pytest.mark.parametrize("name", ["title", "lender", "opening", "footer"])
def test_a_statement_that_says_nothing_is_none(name: str) -> None:
    with pytest.raises(ContentRefused):
        _statement(**{name: " "})


def test_a_row_has_a_cell_for_each_column() -> None:
    with pytest.raises(ContentRefused):
        Part(heading="x", columns=("a", "b"), rows=(("1",),))


@pytest.mark.django_db
def test_it_is_frozen_at_once_and_verified(alice: User, pune: Branch) -> None:
    letter = _issued(alice, pune)

    assert (letter.kind, letter.rendered_at) == ("key_facts", NOW)
    found = Letter.objects.get(pk=letter.pk)
    assert services.verify(found).holds
    assert found.deadline is None
    assert found.deliveries.count() == 1


@pytest.mark.django_db
def test_a_subject_has_one_statement(alice: User, pune: Branch) -> None:
    _issued(alice, pune)

    with pytest.raises(IntegrityError, match="letters_letter_once"), transaction.atomic():
        _issued(alice, pune, opening="Something else.")
    assert Letter.objects.count() == 1
