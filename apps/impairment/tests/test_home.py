"""What of expected credit loss waits on the start page of who may approve it."""

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from apps.accounts.models import Entity, User
from apps.core import home
from apps.impairment import services
from apps.impairment.tests import factories
from apps.impairment.tests.factories import now


def test_what_waits_for_a_second_person_is_on_that_persons_start_page(
    book: Entity, analyst: User, manager: User
) -> None:
    part = home.counted("impairment.parameters")
    assert (part.count(analyst, now()), part.count(manager, now())) == (0, 0)

    one = factories.proposed(book, analyst)
    assert (part.count(analyst, now()), part.count(manager, now())) == (0, 1)
    assert part in home.waiting(manager)
    assert part not in home.waiting(analyst)

    services.approve_parameters(actor=manager, one=one, now=now())
    assert part.count(manager, now()) == 0


def test_what_one_proposed_oneself_does_not_wait(book: Entity, manager: User) -> None:
    factories.proposed(book, manager)

    assert home.counted("impairment.parameters").count(manager, now()) == 0


def test_the_number_leads_to_the_list(
    signed_in: Callable[[User], Client], book: Entity, analyst: User, manager: User
) -> None:
    factories.proposed(book, analyst)

    page = signed_in(manager).get("/").text

    assert 'data-count="waiting:impairment.parameters"' in page
    assert f'href="{reverse("impairment:parameters")}"' in page
