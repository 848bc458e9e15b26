"""Two administrators change one person at once; the clash of roles must not slip in between."""

from collections.abc import Callable
from threading import Thread

import pytest
from django.db import connection, transaction

from apps.accounts import services
from apps.accounts.models import User

MakePerson = Callable[..., User]


@pytest.mark.django_db(transaction=True)
def test_it_leaves_the_roles_of_the_later_change_alone(make_person: MakePerson) -> None:
    diana, diego = make_person("Diana", "administrator"), make_person("Diego", "administrator")
    bob = make_person("Bob", "auditor")

    def to_officer() -> None:
        try:
            person = User.objects.get(pk=bob.pk)
            services.set_roles(actor=diego, person=person, role_codes={"loan_officer"})
        finally:
            connection.close()

    second = Thread(target=to_officer)
    with transaction.atomic():
        services.set_roles(actor=diana, person=bob, role_codes={"credit_reviewer"})
        second.start()
        second.join(timeout=0.5)
        waited = second.is_alive()
    second.join(timeout=10)

    assert waited
    assert User.objects.get(pk=bob.pk).role_codes == {"loan_officer"}
