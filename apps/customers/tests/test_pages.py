"""The pages of customers: nothing lost on an error, nothing written twice, nobody else's."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import Branch, User
from apps.customers.models import Customer, Employment, ProtectedAttributes
from apps.customers.tests import factories
from tests.kept import kept

SignIn = Callable[[User], Client]
FORMS = (
    "change", "employment", "household", "obligation", "bureau_report", "consent",
    "protected_attributes",
)  # fmt: skip


@pytest.fixture
@kept
def ravi(alice: User, pune: Branch) -> Customer:
    """A complete customer of Pune, registered by Alice."""
    return factories.customer(pune, actor=alice, obligations=({},))


def _typed(pune: Branch, **changes: Any) -> dict[str, Any]:
    return {
        "key": str(uuid.uuid4()),
        "country": "IN",
        "branch": str(pune.pk),
        "full_name": "Meera Joshi",
        "date_of_birth": "1991-02-03",
        "phone": "98765 43210",
        "email": "meera@example.com",
        "language": "en",
        "pan": "AAPPV8261K",
        "street": "7 Fergusson Road",
        "city": "Pune",
        "region": "Maharashtra",
        "postal_code": "411004",
        **changes,
    }


def _income(**changes: Any) -> dict[str, Any]:
    return {
        "key": str(uuid.uuid4()),
        "as_of": "2025-10-01",
        "type": "salaried",
        "currency": "INR",
        "gross_annual_income": "9,60,000.00",
        "net_monthly_income": "65000",
        "verification": "documents",
        **changes,
    }


def test_it_opens_every_page_for_an_officer(alice: User, ravi: Customer, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    pages = [reverse("customers:list"), reverse("customers:create")]
    pages += [reverse(f"customers:{name}", args=[ravi.pk]) for name in ("detail", *FORMS, "upload")]
    debt = ravi.obligations.get()
    pages.append(reverse("customers:obligation_end", args=[ravi.pk, debt.pk]))

    assert [browser.get(page).status_code for page in pages] == [200] * len(pages)


def test_it_registers_from_the_form_once_however_often_it_is_sent(
    alice: User, pune: Branch, signed_in: SignIn
) -> None:
    browser, typed = signed_in(alice), _typed(pune)

    first = browser.post(reverse("customers:create"), typed)
    second = browser.post(reverse("customers:create"), typed)

    customer = Customer.objects.get()
    assert first.url == second.url == reverse("customers:detail", args=[customer.pk])
    assert customer.phone == "+919876543210"


def test_it_loses_nothing_typed_and_says_what_is_wrong(
    alice: User, pune: Branch, signed_in: SignIn
) -> None:
    typed = _typed(pune, pan="AAPPV826", phone="12")

    answer = signed_in(alice).post(reverse("customers:create"), typed)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "A PAN has five letters, four digits and a letter" in page
    assert "This is not a telephone number." in page
    for value in ("Meera Joshi", "1991-02-03", "AAPPV826", "7 Fergusson Road", typed["key"]):
        assert f'value="{value}"' in page
    assert not Customer.objects.exists()


def test_it_offers_the_customer_with_the_same_number_instead_of_a_second_one(
    alice: User, ravi: Customer, pune: Branch, signed_in: SignIn
) -> None:
    browser = signed_in(alice)
    typed = _typed(pune, phone=ravi.phone)

    offered = browser.post(reverse("customers:create"), typed)
    page = offered.content.decode()
    assert offered.status_code == 422
    assert reverse("customers:detail", args=[ravi.pk]) in page
    assert "R•••• K••••" in page
    assert "Ravi Kulkarni" not in page
    assert Customer.objects.count() == 1

    confirmed = browser.post(reverse("customers:create"), {**typed, "confirmed_distinct": "on"})
    assert confirmed.status_code == 302
    assert Customer.objects.count() == 2


def test_it_offers_no_way_round_a_known_official_number(
    alice: User, ravi: Customer, pune: Branch, signed_in: SignIn
) -> None:
    typed = _typed(pune, pan=ravi.identities.get().value, confirmed_distinct="on")

    answer = signed_in(alice).post(reverse("customers:create"), typed)

    assert answer.status_code == 422
    assert 'name="confirmed_distinct"' not in answer.content.decode()
    assert Customer.objects.count() == 1


def test_it_shows_the_official_numbers_of_the_country_picked(
    alice: User, signed_in: SignIn
) -> None:
    browser, address = signed_in(alice), reverse("customers:identity_fields")

    kenya = browser.get(address, {"country": "KE"}).content.decode()
    nowhere = browser.get(address, {"country": "<script>"}).content.decode()

    assert re.findall(r'name="(\w+)"', kenya) == ["ke_national_id", "kra_pin"]
    assert "<script>" not in nowhere


def test_it_reads_grouped_amounts_and_records_them_once(
    alice: User, ravi: Customer, signed_in: SignIn
) -> None:
    browser, typed = signed_in(alice), _income()
    address = reverse("customers:employment", args=[ravi.pk])

    answers = [browser.post(address, typed) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    row = Employment.objects.get(pk=typed["key"])
    assert str(row.gross_annual_income) == "960000.00"
    assert Employment.objects.count() == 2


@pytest.mark.parametrize(
    "amount",
    ["", "1,50", "1e999", "NaN", "-1", "9" * 5000, "१००", "Infinity", "<b>1</b>", "1\x000", "0x10"],
)
def test_it_refuses_what_is_no_amount(
    alice: User, ravi: Customer, signed_in: SignIn, amount: str
) -> None:
    answer = signed_in(alice).post(
        reverse("customers:employment", args=[ravi.pk]), _income(gross_annual_income=amount)
    )

    assert answer.status_code == 422
    assert "field__error" in answer.content.decode()
    assert Employment.objects.count() == 1


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("junk", ["", "\x00", "' OR 1=1 --", "9" * 20_000, "\ud83d\ude00", "-1"])
def test_it_answers_junk_with_a_sentence(
    alice: User, ravi: Customer, signed_in: SignIn, name: str, junk: str
) -> None:
    browser, address = signed_in(alice), reverse(f"customers:{name}", args=[ravi.pk])
    fields = set(re.findall(r'name="(\w+)"', browser.get(address).content.decode()))
    junk = junk.encode("utf-16", "surrogatepass").decode("utf-16")
    before = Customer.objects.get(pk=ravi.pk).updated_at

    answer = browser.post(address, dict.fromkeys(fields - {"csrfmiddlewaretoken"}, junk))

    assert answer.status_code == 422
    assert Customer.objects.get(pk=ravi.pk).updated_at == before
    assert not ProtectedAttributes.objects.exists()


def test_it_refuses_a_stale_page_in_words(alice: User, ravi: Customer, signed_in: SignIn) -> None:
    browser, address = signed_in(alice), reverse("customers:household", args=[ravi.pk])
    page = browser.get(address).content.decode()
    [shown] = re.findall(r'name="shown" value="([^"]+)"', page)
    typed = {"shown": shown, "home": "own", "dependants": "1", "monthly_expenses": ""}

    first = browser.post(address, typed)
    second = browser.post(address, {**typed, "home": "family"})

    assert first.status_code == 302
    assert second.status_code == 422
    assert "Somebody else has changed this in the meantime." in second.content.decode()
    ravi.household.refresh_from_db()
    assert ravi.household.home == "own"


def test_it_changes_details_without_showing_what_is_masked(
    alice: User, ravi: Customer, signed_in: SignIn
) -> None:
    browser, address = signed_in(alice), reverse("customers:change", args=[ravi.pk])
    page = browser.get(address).content.decode()
    [shown] = re.findall(r'name="shown" value="([^"]+)"', page)

    answer = browser.post(
        address,
        {"shown": shown, "full_name": "Ravi S Kulkarni", "language": "hi", "city": "Pune",
         "region": "", "postal_code": "411030"},
    )  # fmt: skip

    assert str(ravi.phone) not in page
    assert "14 Tilak Road" not in page
    assert answer.status_code == 302
    changed = Customer.objects.get(pk=ravi.pk)
    assert (changed.full_name, changed.language, changed.phone) == (
        "Ravi S Kulkarni", "hi", ravi.phone,
    )  # fmt: skip


def test_it_withdraws_a_consent_only_by_post(
    alice: User, ravi: Customer, signed_in: SignIn
) -> None:
    consent = ravi.consents.get(purpose="bureau_enquiry")
    browser = signed_in(alice)
    address = reverse("customers:consent_withdraw", args=[ravi.pk, consent.pk])

    assert browser.get(address).status_code == 405
    assert browser.post(address).status_code == 302
    again = browser.post(address)

    assert again.status_code == 409
    assert "This consent was withdrawn before." in again.content.decode()


def test_it_never_shows_protected_attributes_again(
    alice: User, ravi: Customer, signed_in: SignIn
) -> None:
    factories.consent(ravi, "fairness_monitoring", actor=alice)
    browser = signed_in(alice)
    address = reverse("customers:protected_attributes", args=[ravi.pk])

    answer = browser.post(address, {"gender": "female", "religion": "sikh"})

    assert answer.status_code == 302
    assert ProtectedAttributes.objects.get().values == {"gender": "female", "religion": "sikh"}
    form = browser.get(address).context["form"]
    assert [bound.value() for bound in form] == [None] * len(form.fields)
    assert "sikh" not in browser.get(reverse("customers:detail", args=[ravi.pk])).content.decode()


def test_it_lists_finds_sorts_and_turns_pages(
    alice: User, pune: Branch, nashik: Branch, signed_in: SignIn
) -> None:
    customers = [factories.customer(pune, actor=alice) for _ in range(27)]
    factories.customer(nashik)
    browser, address = signed_in(alice), reverse("customers:list")

    first = browser.get(address, {"sort": "number"})
    [after] = re.findall(r"after=([\w-]+)", first.content.decode())
    second = browser.get(address, {"sort": "number", "after": after})
    found = browser.get(address, {"q": customers[3].phone})

    def numbers(answer: Any) -> list[str]:
        return [row["customer"].number for row in answer.context["rows"]]

    assert numbers(first) + numbers(second) == [customer.number for customer in customers]
    assert numbers(found) == [customers[3].number]
    assert numbers(browser.get(address, {"country": "KE"})) == []


@pytest.mark.parametrize(
    "query",
    [{"sort": "password"}, {"country": "XX"}, {"branch": "1"}, {"q": "\x00"}, {"q": "x" * 9000},
     {"q": "%_"}],
)  # fmt: skip
def test_it_bears_absurd_filters(alice: User, signed_in: SignIn, query: dict[str, str]) -> None:
    assert signed_in(alice).get(reverse("customers:list"), query).status_code == 200


def test_it_answers_an_absurd_position_with_a_sentence(alice: User, signed_in: SignIn) -> None:
    answer = signed_in(alice).get(reverse("customers:list"), {"after": "AAAA"})

    assert answer.status_code == 400
    assert "data-problem" in answer.content.decode()


def test_it_lists_with_the_same_number_of_queries_however_many(
    alice: User,
    pune: Branch,
    signed_in: SignIn,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(12):
        factories.customer(pune, actor=alice)
    browser = signed_in(alice)

    with django_assert_max_num_queries(14):
        browser.get(reverse("customers:list"))


@pytest.mark.parametrize("name", ["detail", *FORMS, "upload"])
def test_it_hides_customers_of_other_branches(
    alice: User, nashik: Branch, signed_in: SignIn, name: str
) -> None:
    theirs = factories.customer(nashik)
    address = reverse(f"customers:{name}", args=[theirs.pk])
    browser = signed_in(alice)

    assert browser.get(address).status_code == 404
    if name != "detail":
        assert browser.post(address, _income()).status_code == 404
    assert theirs.employments.count() == 1


def test_it_hides_values_of_customers_of_other_branches(
    alice: User, nashik: Branch, signed_in: SignIn
) -> None:
    theirs = factories.customer(nashik)

    answer = signed_in(alice).post(
        reverse("customers:reveal", args=[theirs.pk, "phone"]), {"reason": "contact"}
    )

    assert answer.status_code == 404


def test_it_refuses_roles_in_a_sentence(
    bob: User, rita: User, amir: User, ravi: Customer, signed_in: SignIn
) -> None:
    reviewer, analyst, auditor = signed_in(bob), signed_in(rita), signed_in(amir)

    for name in (*FORMS, "upload"):
        address = reverse(f"customers:{name}", args=[ravi.pk])
        assert reviewer.get(address).status_code == 403, name
        assert auditor.post(address, _income()).status_code == 403, name
    answer = analyst.get(reverse("customers:list"))
    assert answer.status_code == 403
    assert "Your role does not allow this." in answer.content.decode()
    page = auditor.get(reverse("customers:detail", args=[ravi.pk])).content.decode()
    assert "/reveal/" not in page
    assert reverse("customers:change", args=[ravi.pk]) not in page


def test_it_escapes_what_people_type(alice: User, pune: Branch, signed_in: SignIn) -> None:
    customer = factories.customer(
        pune, actor=alice, full_name="<script>alert(document.domain)</script>"
    )

    page = signed_in(alice).get(reverse("customers:detail", args=[customer.pk])).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
