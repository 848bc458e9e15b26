"""The pages of the trail: the list with its filters, the verify button, and timelines."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import ApprovalLimit, Entity, User
from apps.audit import names, selectors, services, subjects, system_words, timeline
from apps.audit.models import Event
from apps.products.models import Product
from apps.products.tests import factories as products

SignedIn = Callable[[User], Client]


def _record(actor: object, count: int = 1, verb: str = "accounts.signed_in") -> list[Event]:
    return [services.record(actor, verb, "test.thing:1", number=number) for number in range(count)]


def test_it_lists_events_with_names_and_sentences(
    amir: User, alice: User, signed_in: SignedIn
) -> None:
    _record(alice)
    _record(services.system("worker"))

    page = signed_in(amir).get("/audit/").content.decode()

    assert "Alice" in page
    assert "signed in" in page
    assert "System (worker)" in page
    assert "Not sealed yet" in page


@pytest.mark.parametrize("name", ["alice", "bob", "charlie", "rita", "mark", "diana"])
def test_it_is_closed_to_everybody_but_auditors(
    request: pytest.FixtureRequest, signed_in: SignedIn, name: str
) -> None:
    browser = signed_in(request.getfixturevalue(name))

    assert browser.get("/audit/").status_code == 403
    assert browser.post("/audit/verify/").status_code == 403
    assert Event.objects.count() == 0


def test_it_narrows_the_list_by_the_url(alice: User, bob: User) -> None:
    _record(alice, 2)
    _record(bob, verb="accounts.signed_out")
    old = timezone.now() - timedelta(days=3)

    def found(**chosen: object) -> int:
        return len(selectors.events(selectors.EventFilter(**chosen)).events)

    assert found() == 3
    assert found(actor="ali") == 2
    assert found(actor="bob@lender") == 1
    assert found(verb="accounts.signed_out") == 1
    assert found(subject="test.thing:1") == 3
    assert found(to_date=old.date()) == 0
    assert found(from_date=old.date(), to_date=timezone.now().date()) == 3


def test_it_pages_to_older_events_and_back(amir: User, signed_in: SignedIn) -> None:
    ids = [event.pk for event in _record(amir, 120)]
    nothing = selectors.EventFilter()

    first = selectors.events(nothing)
    second = selectors.events(nothing, after=first.after)
    third = selectors.events(nothing, after=second.after)
    back = selectors.events(nothing, before=third.before)

    assert [event.pk for event in first.events] == ids[:-51:-1]
    assert [event.pk for event in second.events] == ids[-51:-101:-1]
    assert [event.pk for event in third.events] == ids[19::-1]
    assert (first.before, third.after) == (None, None)
    assert [event.pk for event in back.events] == [event.pk for event in second.events]


@pytest.mark.parametrize(
    "query",
    [
        "?after=abc",
        "?after=-1",
        "?before=99999999999999999999999",
        "?verb=nonsense",
        "?actor=%00",
        "?from_date=31.12.2026",
        "?from_date=2026-02-01&to_date=2026-01-01",
        "?from_date=0001-01-01&to_date=0001-01-01",
        "?to_date=9999-12-31",
        "?subject=" + "x" * 500,
    ],
)
def test_it_answers_absurd_filters(amir: User, signed_in: SignedIn, query: str) -> None:
    _record(amir)

    assert signed_in(amir).get(f"/audit/{query}").status_code == 200


def test_it_lists_events_with_few_queries(
    amir: User, alice: User, bob: User, signed_in: SignedIn, django_assert_num_queries: object
) -> None:
    for person in (alice, bob, amir):
        _record(person, 10)
    services.seal_all(sealed_at=timezone.now())
    browser = signed_in(amir)

    # session, person, permissions (2), events with seals, names, sealed count, verifications,
    # and for the frame: the viewer's roles and branch
    with django_assert_num_queries(10):
        browser.get("/audit/")


def test_it_verifies_the_chain_and_notes_who_did(
    amir: User, alice: User, signed_in: SignedIn
) -> None:
    _record(alice, 3)

    page = signed_in(amir).post("/audit/verify/", follow=True).content.decode()

    assert "The chain is whole: 3 events recomputed." in page
    event = Event.objects.get(verb="audit.verified")
    assert event.actor == f"accounts.user:{amir.pk}"
    assert (event.facts["whole"], event.facts["sealed"]) == (True, 3)


def test_it_says_where_the_chain_is_broken(amir: User, alice: User, signed_in: SignedIn) -> None:
    events = _record(alice, 6)
    services.seal_all(sealed_at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE audit_event DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_event SET origin = 'x' WHERE id = %s", [events[4].pk])

    page = signed_in(amir).post("/audit/verify/", follow=True).content.decode()

    assert "BROKEN at position 5" in page
    facts = Event.objects.get(verb="audit.verified").facts
    assert (facts["whole"], facts["position"]) == (False, 5)


def test_it_verifies_only_by_post(amir: User, signed_in: SignedIn) -> None:
    assert signed_in(amir).get("/audit/verify/").status_code == 405
    assert Event.objects.count() == 0


def test_it_leaves_a_long_chain_to_the_worker(
    amir: User,
    alice: User,
    signed_in: SignedIn,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: object,
) -> None:
    _record(alice, 2)
    services.seal_all(sealed_at=timezone.now())
    sent: list[object] = []
    monkeypatch.setattr("apps.audit.views.LONGEST_IN_A_PAGE", 1)
    monkeypatch.setattr("celery.current_app.send_task", lambda *args, **kw: sent.append((args, kw)))

    with django_capture_on_commit_callbacks(execute=True):
        signed_in(amir).post("/audit/verify/")

    assert sent == [(("audit.verify",), {"kwargs": {"actor": f"accounts.user:{amir.pk}"}})]
    assert not Event.objects.filter(verb="audit.verified").exists()


def test_it_merges_events_and_changed_columns(diana: User, alice: User) -> None:
    limit = ApprovalLimit.objects.create(user=alice, currency="INR", amount=100)
    reference = services.reference(limit)
    services.record(diana, "accounts.limit_changed", limit, before=None, after="100.00")
    limit.amount = 250
    limit.save()

    entries = timeline.of(reference)

    assert [entry["what"] for entry in entries] == ["Record changed", "changed an approval limit"]
    assert entries[0]["note"] == "amount: ₹100.00 → ₹250.00"
    assert (entries[1]["who"], entries[1]["note"]) == ("Diana", "after: 100.00")


def test_it_tells_people_by_name_and_moments_by_the_local_clock(diana: User, alice: User) -> None:
    facts = {
        "to": str(alice.pk),
        "asked": [f"accounts.user:{diana.pk}", str(uuid.UUID(int=7))],
        "decision": str(uuid.UUID(int=8)),
        "until": "2026-01-31T20:15:00.123456+00:00",
        "by_date": "2026-02-28",
        "reference": "A-2026-02-28",
    }
    services.record(diana, "demo.seeded", "test.case:7", **facts)

    with timezone.override("Asia/Kolkata"):
        [entry] = timeline.of("test.case:7")

    assert entry["note"] == (
        "to: Alice · asked: Diana · until: 1 Feb 2026, 01:45 · by date: 28 Feb 2026"
        " · reference: A-2026-02-28"
    )


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["None", "2026-01-31 20:15:00"], "at: — → 1 Feb 2026, 01:45"),
        (["None", "00000000-0000-0000-0000-000000000007"], "at"),
        (["2026-02-31", "4"], "at: 2026-02-31 → 4"),
    ],
)
def test_it_tells_a_changed_column_as_people_read_it(values: list[str], told: str) -> None:
    with timezone.override("Asia/Kolkata"):
        assert timeline._moved("at", *values, people={}) == told


def test_it_tells_amounts_in_their_currency_and_rates_in_per_cent() -> None:
    assert timeline._said(ApprovalLimit, "amount", "1234.50", "KES") == "KSh\u202f1,234.50"
    assert timeline._said(ApprovalLimit, "amount", "1234.50", "") == "1234.50"
    assert timeline._said(ApprovalLimit, "amount", "None", "INR") == "None"
    assert timeline._said(Product, "annual_rate", "0.165000", "INR") == "16.50\u202f%"
    assert timeline._said(Product, "is_open", "False", "INR") == "no"


def test_the_currency_is_that_of_what_a_thing_is_part_of(india: Entity) -> None:
    product = products.personal_loan(india)
    fee = products.fee(product, "papers", "100")

    assert timeline._currency_of(services.reference(fee)) == product.currency
    assert timeline._currency_of("test.case:7") == ""


def test_a_part_of_the_system_is_called_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(system_words._PARTS, "day-end", "ufungaji wa siku")

    found = names.of_actors(["system:day-end", "system:load_products"])

    assert found["system:day-end"] == "System (ufungaji wa siku)"
    assert found["system:load_products"] == "System (load_products)"


def test_it_tells_the_choice_of_a_column_by_its_word() -> None:
    assert timeline._said(User, "language", "hi", "") == "Hindi"
    assert timeline._said(User, "name", "hi", "") == "hi"
    assert timeline._said(User, "gone", "hi", "") == "hi"
    assert timeline._said(None, "name", "hi", "") == "hi"


def test_it_shows_the_latest_ten_and_folds_the_rest(amir: User, signed_in: SignedIn) -> None:
    for _number in range(12):
        services.record(amir, "accounts.person_changed", amir, changed=["name"])

    page = signed_in(amir).get(f"/audit/timeline/?subject=accounts.user:{amir.pk}")

    assert len(page.context["latest"]) == 10
    shown, folded = page.content.decode().split("<details", 1)
    assert shown.count("timeline__item") == 10
    assert folded.count("timeline__item") == len(page.context["earlier"]) >= 2


def test_it_never_shows_masked_columns(alice: User) -> None:
    alice.name = "Alice Liddell"
    alice.email = "liddell@lender.example"
    alice.set_password("another-long-passphrase")
    alice.save()

    notes = " ".join(entry["note"] for entry in timeline.of(services.reference(alice)))

    assert "••••" in notes
    assert "Liddell" not in notes
    assert "liddell" not in notes
    assert "password" not in notes


def test_it_gathers_the_events_of_a_case(alice: User) -> None:
    services.record(alice, "customers.consent_given", "customers.consent:1", case="test.case:7")
    services.record(alice, "demo.seeded", "test.case:7")
    services.record(alice, "demo.seeded", "test.case:8")

    assert len(timeline.of("test.case:7")) == 2


def test_it_shows_a_timeline_to_whom_the_thing_is_visible(
    alice: User, diana: User, amir: User, signed_in: SignedIn
) -> None:
    address = f"/audit/timeline/?subject=accounts.user:{alice.pk}"
    services.record(diana, "accounts.person_changed", alice, changed=["name"])

    seen = signed_in(diana).get(address)
    own = signed_in(alice).get(address)
    auditor = signed_in(amir).get(address)
    other = signed_in(alice).get(f"/audit/timeline/?subject=accounts.user:{diana.pk}")

    assert "changed a person" in seen.content.decode()
    assert (seen.status_code, own.status_code, auditor.status_code) == (200, 200, 200)
    assert other.status_code == 404


@pytest.mark.parametrize(
    "subject",
    [
        "",
        ":",
        "x",
        "nothing.here:1",
        "accounts.user:\0",
        "customers.customer:not-a-uuid",
        "a.b:c:d",
    ],
)
def test_it_hides_what_it_does_not_know(alice: User, signed_in: SignedIn, subject: str) -> None:
    response = signed_in(alice).get("/audit/timeline/", {"subject": subject})

    assert response.status_code == 404


def test_it_asks_the_app_that_registered_a_subject(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subjects, "_predicates", {})
    subjects.register("test.thing", visible=lambda actor, pk: actor == alice and pk == "1")

    assert subjects.may_read(alice, "test.thing:1")
    assert not subjects.may_read(alice, "test.thing:2")
