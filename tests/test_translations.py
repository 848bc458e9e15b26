"""The catalogues are whole: compiled, complete, true to their placeholders and to the sources."""

import re
import shutil
from pathlib import Path

import django
import polib
import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, ngettext
from pytest_django import Settings

from apps.core import framework_words
from creditrisk.local import catalogues

DJANGO = Path(django.__file__).parent
ROOT = catalogues.LOCALE.parent
LANGUAGES = ("hi", "sw")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|%[a-z]|\{\w*\}")

every_language = pytest.mark.parametrize("language", LANGUAGES)


def _source(language: str) -> Path:
    return catalogues.LOCALE / language / "LC_MESSAGES" / "django.po"


def _key(entry: polib.POEntry) -> tuple[str | None, str, str]:
    return entry.msgctxt, entry.msgid, entry.msgid_plural


def _broken_placeholders(entry: polib.POEntry) -> bool:
    pairs = [(entry.msgid, entry.msgstr)]
    if entry.msgid_plural:
        pairs = [(entry.msgid_plural, text) for text in entry.msgstr_plural.values()]
        one = entry.msgstr_plural[0]
        # What is said of one thing need not say that it is one.
        if sorted(PLACEHOLDER.findall(entry.msgid)) == sorted(PLACEHOLDER.findall(one)):
            pairs = pairs[1:]
    return any(
        sorted(PLACEHOLDER.findall(english)) != sorted(PLACEHOLDER.findall(text))
        for english, text in pairs
    )


def test_it_has_a_catalogue_for_each_language_beside_english() -> None:
    assert [source.parts[-3] for source in catalogues.sources()] == list(LANGUAGES)


@every_language
def test_it_keeps_each_catalogue_compiled(language: str) -> None:
    source = _source(language)

    compiled = source.with_suffix(".mo").read_bytes()

    assert compiled == catalogues.read(source).to_binary(), "run `make messages`"


@every_language
def test_it_leaves_no_string_untranslated_guessed_or_obsolete(language: str) -> None:
    catalogue = catalogues.read(_source(language))

    assert catalogues.unfinished(catalogue) == []
    assert [entry.msgid for entry in catalogue.obsolete_entries()] == []


@every_language
def test_it_keeps_every_placeholder(language: str) -> None:
    catalogue = catalogues.read(_source(language))

    broken = [entry.msgid for entry in catalogue if _broken_placeholders(entry)]

    assert broken == []


def test_it_borrows_only_words_that_django_still_says() -> None:
    said = {
        entry.msgid
        for part in ("conf", "contrib/auth")
        for entry in polib.pofile(str(DJANGO / part / "locale/en/LC_MESSAGES/django.po"))
    }

    borrowed = [
        *framework_words.SENTENCES,
        *framework_words.COUNTED_SENTENCES,
        *framework_words.SHORT_MONTHS,
    ]

    assert {str(words) for words in borrowed} - said == set()


@every_language
def test_it_keeps_places_in_the_sources_out_of_the_catalogues(language: str) -> None:
    catalogue = catalogues.read(_source(language))

    assert [entry.msgid for entry in catalogue if entry.occurrences] == []


@pytest.mark.skipif(
    shutil.which("xgettext") is None,
    reason="GNU gettext is not installed, so nobody can look for strings in the sources",
)
def test_it_covers_what_is_in_the_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    for name in ("apps", "creditrisk", "templates"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    monkeypatch.chdir(tmp_path)
    settings.LOCALE_PATHS = [str(tmp_path / "locale")]
    (tmp_path / "locale").mkdir()

    call_command("makemessages", locale=["en"], no_location=True, no_wrap=True, verbosity=0)

    found = polib.pofile(str(tmp_path / "locale" / "en" / "LC_MESSAGES" / "django.po"))
    wanted = {_key(entry) for entry in found}
    assert len(wanted) > 1_000
    for language in LANGUAGES:
        kept = {_key(entry) for entry in catalogues.read(_source(language))}
        assert sorted(map(str, kept ^ wanted)) == [], f"{language}: run `make messages`"


@pytest.mark.parametrize(
    ("language", "sign_in", "one", "many"),
    [
        ("en", "Sign in", "1 month", "7 months"),
        ("hi", "साइन इन करें", "1 महीना", "7 महीने"),
        ("sw", "Ingia", "mwezi 1", "miezi 7"),
    ],
)
def test_it_speaks_the_language_asked_for(language: str, sign_in: str, one: str, many: str) -> None:
    with translation.override(language):
        said = [
            gettext("Sign in"),
            ngettext("%(count)d month", "%(count)d months", 1) % {"count": 1},
            ngettext("%(count)d month", "%(count)d months", 7) % {"count": 7},
        ]

    assert said == [sign_in, one, many]


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "heading"), [("hi", "साइन इन करें"), ("sw", "Ingia")])
def test_it_greets_a_browser_in_its_own_language(language: str, heading: str) -> None:
    response = Client().get(reverse("accounts:sign_in"), headers={"accept-language": language})

    page = response.content.decode()
    assert f'<html lang="{language}">' in page
    assert f"<h1>{heading}</h1>" in page
