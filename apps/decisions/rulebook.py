"""Policies as parsed, kept per process by their hash: checked once, never changed."""

from apps.decisions import policy_document
from apps.decisions.errors import PolicyUnusable
from apps.decisions.models import PolicyVersion
from apps.decisions.policy import Policy

_MOST_KEPT = 64
_kept: dict[str, Policy] = {}


def policy_of(version: PolicyVersion) -> Policy:
    """Return the parsed policy of a version. Raises PolicyUnusable when it was altered."""
    found = _kept.get(version.sha256)
    if found is None:
        found = _checked(version)
        if len(_kept) >= _MOST_KEPT:
            _kept.pop(next(iter(_kept)))
        _kept[version.sha256] = found
    return found


def forget() -> None:
    """Drop what is kept in this process."""
    _kept.clear()


def _checked(version: PolicyVersion) -> Policy:
    if policy_document.fingerprint(version.document) != version.sha256:
        raise PolicyUnusable("its content does not match its hash.")
    try:
        return policy_document.parse(version.document)
    except policy_document.PolicyRefused as refusal:
        raise PolicyUnusable(str(refusal)) from refusal
