import io
from typing import Any

import pgtrigger
import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import Branch, User
from apps.core.fields import Ciphertext
from apps.letters import rendering, services
from apps.letters.models import Letter
from apps.letters.tests import factories

pytestmark = pytest.mark.django_db


def tamper(**columns: Any) -> None:
    """Change frozen letters as somebody could who owns the database."""
    with pgtrigger.ignore():
        Letter.objects.update(**columns)


def again(letter: Letter) -> services.Verification:
    return services.verify(Letter.objects.get(pk=letter.pk))


@pytest.mark.parametrize("language", ["en", "hi", "sw"])
def test_a_frozen_letter_comes_out_the_same_when_set_again(
    alice: User, pune: Branch, language: str
) -> None:
    letter = factories.frozen(alice, pune, language=language)

    assert again(letter) == services.Verification(stored_whole=True, html_same=True, pdf_same=True)


def test_a_letter_that_is_not_rendered_cannot_be_verified(alice: User, pune: Branch) -> None:
    with pytest.raises(services.LetterRefused):
        services.verify(factories.issue(alice, pune))


def test_a_hash_that_was_overwritten_is_found(alice: User, pune: Branch) -> None:
    letter = factories.frozen(alice, pune)

    tamper(html_sha256="0" * 64)

    assert again(letter) == services.Verification(stored_whole=False)
    assert not again(letter).holds


@pytest.mark.parametrize("column", ["facts", "html", "pdf"])
def test_a_sealed_column_that_was_overwritten_is_found(
    alice: User, pune: Branch, column: str
) -> None:
    letter = factories.frozen(alice, pune)

    tamper(**{column: Ciphertext(b"v1|forged")})

    assert again(letter) == services.Verification(stored_whole=False)


def test_another_language_than_the_frozen_one_is_found(alice: User, pune: Branch) -> None:
    letter = factories.frozen(alice, pune)

    tamper(language="sw")

    assert again(letter) == services.Verification(
        stored_whole=True, html_same=False, pdf_same=False
    )


def test_an_edition_that_is_gone_is_an_obstacle(alice: User, pune: Branch) -> None:
    letter = factories.frozen(alice, pune)

    tamper(template_version="1999-01")

    verification = again(letter)
    assert verification.obstacle == "There is no edition '1999-01' of the letters."
    assert not verification.holds


def test_after_a_new_typesetter_the_stored_pdf_still_counts(
    alice: User, pune: Branch, monkeypatch: Any
) -> None:
    letter = factories.frozen(alice, pune)
    monkeypatch.setattr(rendering, "engine", lambda: "typst 9.0.0")

    verification = again(letter)

    assert (verification.html_same, verification.pdf_same) == (True, None)
    assert verification.holds


def test_the_command_says_that_all_letters_hold(alice: User, pune: Branch) -> None:
    factories.frozen(alice, pune)
    factories.frozen(alice, pune, factories.approval(), subject="decisions.decision:2")
    factories.issue(alice, pune, subject="decisions.decision:3")
    out = io.StringIO()

    call_command("verify_letters", stdout=out)

    assert out.getvalue() == "1 letters are not rendered yet.\n2 letters hold.\n"


def test_the_command_names_the_letter_that_does_not_hold(alice: User, pune: Branch) -> None:
    letter = factories.frozen(alice, pune)
    tamper(pdf_sha256="0" * 64)
    out = io.StringIO()

    with pytest.raises(CommandError, match="1 of 1 letters do not hold"):
        call_command("verify_letters", stdout=out)

    assert f"{letter.pk}: what is stored does not have its hash" in out.getvalue()


def test_the_command_takes_a_limit(alice: User, pune: Branch) -> None:
    for number in range(3):
        factories.frozen(alice, pune, subject=f"decisions.decision:{number}")
    out = io.StringIO()

    call_command("verify_letters", "--limit", "2", stdout=out)

    assert out.getvalue() == "2 letters hold.\n"


@pytest.mark.parametrize("limit", ["0", "-1"])
def test_the_command_refuses_a_limit_of_nothing(limit: str) -> None:
    with pytest.raises(CommandError, match="--limit must be at least 1"):
        call_command("verify_letters", "--limit", limit)
