"""What the pure modules say, in the language of whoever reads it."""

from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.schedules.refusals import Sentence, TermsRefused


def words(sentence: object) -> str:
    """Return a sentence in the reader's language."""
    if isinstance(sentence, Sentence):
        return _(sentence.pattern) % sentence.values
    return str(sentence)


def in_words(refused: TermsRefused) -> DomainError:
    """Return a refusal whose sentences are in the reader's language."""
    fields = {name: words(sentence) for name, sentence in refused.fields.items()}
    return DomainError(refused.code, words(refused.sentence), fields=fields)
