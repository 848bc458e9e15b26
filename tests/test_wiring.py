"""The wiring holds: the tables exist, a person can be made, an event is sealed."""

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.accounts.models import User
from apps.audit import selectors, services


def test_it_records_and_seals_an_event(alice: User) -> None:
    services.record(alice, "accounts.signed_in", alice)

    services.seal_all(sealed_at=timezone.now())

    found = selectors.verify()
    assert (found.sealed, found.unsealed, found.broken) == (1, 0, None)


@pytest.mark.django_db
def test_it_has_no_missing_migrations() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
