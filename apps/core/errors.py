"""Anticipated errors: a code for machines and a sentence fit for an officer. Pure."""

from collections.abc import Mapping


class DomainError(Exception):
    """An action that the business refuses; nothing was changed.

    `sentence` says in words what is wrong and, where possible, what to do. `fields` holds
    sentences that belong to single inputs. `status` is the HTTP status that fits.
    """

    status = 400

    def __init__(
        self, code: str, sentence: object, *, fields: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence
        self.fields = dict(fields or {})

    def __str__(self) -> str:
        return str(self.sentence)


class NotPermitted(DomainError):
    """The person can see the thing but may not do this with it."""

    status = 403


class NotAPage(DomainError):
    """The address takes a form and shows nothing to a visitor."""

    status = 405


class NotVisible(DomainError):
    """The thing does not exist, or not for this person; the two are not told apart."""

    status = 404


class StaleRecord(DomainError):
    """Somebody else changed the record first."""

    status = 409


class Conflict(DomainError):
    """The action contradicts the present state."""

    status = 409


class Unavailable(DomainError):
    """A service we need does not answer at the moment."""

    status = 503
