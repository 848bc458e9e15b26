"""Why something about direct debits is refused; each sentence is fit for an officer."""

from django.utils.translation import gettext as _

from apps.core.errors import Conflict, DomainError, NotPermitted


class NothingToPresent(DomainError):
    """No loan with a mandate has anything to ask for on the day."""


class OwnFile(NotPermitted):
    """Who prepared a file of debits does not release it."""

    def __init__(self) -> None:
        super().__init__(
            "own_file", _("You prepared this file yourself; another person releases it.")
        )


class OwnRecall(NotPermitted):
    """Who asked for a recall does not confirm it."""

    def __init__(self) -> None:
        super().__init__(
            "own_request", _("You asked for this recall yourself; another person confirms it.")
        )


class AllAnswered(Conflict):
    """Nothing of a file is left to recall."""

    def __init__(self) -> None:
        super().__init__(
            "all_answered",
            _("The bank has answered every debit of this file; nothing is left to recall."),
        )


def require(is_allowed: bool) -> None:  # noqa: FBT001 - the one thing it is about
    """Raise NotPermitted unless the person may do this."""
    if not is_allowed:
        raise NotPermitted("not_permitted", _("Your role does not allow this."))


def required_words(words: str, *, name: str = "reason", longest: int = 300) -> str:
    """Return words without spaces around them. Raises DomainError for none, or too many."""
    said = " ".join(words.split())
    if not 0 < len(said) <= longest or not said.isprintable():
        sentence = _("Say it in a few words, in at most %(most)s letters.") % {"most": longest}
        raise DomainError("words_missing", sentence, fields={name: sentence})
    return said


def underway(mandate: str) -> Conflict:
    """Return the refusal of a second mandate beside one that is in force."""
    return Conflict(
        "mandate_in_force",
        _("Mandate %(mandate)s is in force already. End it before another one is recorded.")
        % {"mandate": mandate},
    )
