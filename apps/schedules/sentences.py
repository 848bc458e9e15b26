"""What the pure modules say, in the language of whoever reads it."""

from datetime import date

from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.core.templatetags.format import day
from apps.schedules.refusals import Sentence, TermsRefused
from apps.schedules.terms import Method
from apps.schedules.words import METHODS


def words(sentence: object) -> str:
    """Return a sentence in the reader's language: methods by their names, days as on pages."""
    if not isinstance(sentence, Sentence):
        return str(sentence)
    values = {name: _value(value) for name, value in sentence.values.items()}
    return _(sentence.pattern) % values


def _value(value: object) -> object:
    if isinstance(value, Method):
        return METHODS[value]
    return day(value) if isinstance(value, date) else value


def in_words(refused: TermsRefused) -> DomainError:
    """Return a refusal whose sentences are in the reader's language.

    Parts of a list are counted from 0, as everywhere in the API: `fees.0.amount` is the first's.
    """
    fields = {_from_zero(path): words(sentence) for path, sentence in refused.fields.items()}
    return DomainError(refused.code, words(refused.sentence), fields=fields)


def _from_zero(path: str) -> str:
    parts = path.split(".")
    return ".".join(str(int(part) - 1) if part.isdecimal() else part for part in parts)
