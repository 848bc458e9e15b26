"""From a file to decided applications: each row accepted, or refused with column and reason."""

import uuid
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.applications.tests import factories as applications
from apps.audit.models import Event
from apps.bulk import sentences, services
from apps.bulk.models import Upload, UploadRow
from apps.bulk.services import running
from apps.bulk.tests import factories
from apps.core.errors import Conflict, NotPermitted
from apps.customers.models import Consent, Customer, Employment, IdentityNumber
from apps.decisions.models import Decision
from apps.decisions.tests import factories as decisions
from apps.letters.models import Letter

pytestmark = pytest.mark.django_db
NOW = factories.NOW


@pytest.fixture(autouse=True)
def _stage(pune: Branch, rita: User, mark: User) -> None:
    decisions.stage(pune, rita, mark)


def reasons(upload: Upload) -> dict[int, dict[str, str]]:
    """Return, for each refused row, the sentence beside each column."""
    return {
        row.number: {one["column"]: one["sentence"] for one in sentences.of_row(row.faults)}
        for row in upload.rows.filter(state="refused").order_by("number")
    }


def test_it_takes_in_decides_and_letters_every_good_row(alice: User) -> None:
    upload = factories.taken_in(alice, [factories.row(n) for n in (1, 2)])

    assert upload.status == "finished"
    assert [row.state for row in upload.rows.order_by("number")] == ["accepted", "accepted"]
    made = Application.objects.order_by("number")
    assert [(one.status, one.channel, one.submitted_by) for one in made] == [
        ("approved", "file", alice)
    ] * 2
    first = made[0]
    assert (first.amount, first.term_months, first.purpose) == (Decimal(200_000), 24, "medical")
    assert (first.applied_date, first.submitted_at, first.home) == (date(2026, 11, 20), NOW, "rent")
    assert (first.obligations_monthly, first.customer.branch) == (0, alice.branch)
    assert first.employment is not None
    assert first.employment.gross_annual_income == Decimal(900_000)
    assert first.bureau_report is not None
    assert first.bureau_report.score == 760
    assert first.customer.full_name == "Ravi Kulkarni"
    assert first.customer.address.postal_code == "411030"
    assert Decision.objects.filter(kind="automated", outcome="approve").count() == 2
    assert Letter.objects.filter(rendered_at=NOW).count() == 2


def test_it_counts_what_is_paid_to_us_as_the_forms_do(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.taken_in(alice, [factories.row(1)])
    applications.paying_us(monkeypatch, "9793")

    upload = factories.taken_in(alice, [factories.row(1, reference="R2")])

    assert [one.state for one in upload.rows.all()] == ["accepted"]
    made = Application.objects.order_by("number").last()
    assert made is not None
    assert (made.obligations_monthly, made.own_obligations_monthly) == (9_793, 9_793)


def test_it_leaves_the_events_the_forms_would_leave(alice: User) -> None:
    upload = factories.taken_in(alice, [factories.row(1)])

    by_alice = Event.objects.filter(actor=alice.audit_reference).order_by("id")
    assert list(by_alice.values_list("verb", flat=True)) == [
        "bulk.uploaded",
        "bulk.checked",
        "bulk.started",
        "customers.registered",
        *["customers.consent_given"] * 3,
        "customers.employment_recorded",
        "customers.household_recorded",
        "customers.no_obligations_declared",
        "customers.bureau_report_recorded",
        "applications.drafted",
        "applications.submitted",
        "bulk.finished",
    ]
    application = upload.rows.get().application
    timeline = Event.objects.filter(case=f"applications.application:{application.pk}")
    assert {"applications.submitted", "scoring.scored", "decisions.approved"} <= set(
        timeline.values_list("verb", flat=True)
    )
    given = Event.objects.filter(verb="customers.consent_given").first()
    assert given is not None
    assert given.facts["evidence"] == "BOX-1/7"


def test_a_dry_run_takes_nothing_in(alice: User) -> None:
    upload = factories.checked(alice, [factories.row(1), factories.row(2, amount="12")])

    assert upload.status == "checked"
    assert list(upload.rows.order_by("number").values_list("state", flat=True)) == [
        "good",
        "refused",
    ]
    assert not any(
        each.objects.exists() for each in (Application, Customer, Employment, Consent, Decision)
    )
    assert reasons(upload) == {
        3: {"amount": "Between ₹25,000.00 and ₹15,00,000.00 for this product."}
    }


def test_it_names_everything_that_is_wrong_with_a_row_at_once(alice: User) -> None:
    bad = factories.row(
        1,
        pan="ABCCE1234F",
        date_of_birth="12.4.1988",
        amount="a lot",
        net_monthly_income="90000",
        consent_automated_decision="no",
        home="castle",
    )

    upload = factories.checked(alice, [bad])

    assert reasons(upload)[2] == {
        "amount": "This is not a number with a decimal point, like 1234.50.",
        "date_of_birth": "This is not a date of the form YYYY-MM-DD.",
        "home": "This is none of the values allowed: family, mortgage, other, own, rent.",
        "pan": "This PAN belongs to a company or another body: its fourth letter is not P.",
        "net_monthly_income": (
            "Twelve months of net income are more than the gross income of the year."
        ),
        "consent_automated_decision": (
            "The customer's consent is missing: Automated decision with a right to review."
        ),
    }


def test_no_month_at_all_is_refused_as_a_term(alice: User) -> None:
    upload = factories.checked(alice, [factories.row(1, term_months="0")])

    assert reasons(upload)[2] == {
        "term_months": "Between 6 and 60 months for this product.",
    }


def test_it_writes_the_day_in_a_reason_as_pages_do(alice: User) -> None:
    early = factories.row(1, consent_given_on="1899-12-31", oldest_account_date="2026-11-16")

    upload = factories.checked(alice, [early])

    told = reasons(upload)[2]
    assert told["consent_given_on"] == "This day must not be before 1 January 1930."
    assert told["oldest_account_date"] == "This day must not be after 15 November 2026."


def test_the_reasons_are_in_the_readers_language(alice: User) -> None:
    upload = factories.checked(alice, [factories.row(1, amount="12", phone="")])

    with translation.override("sw"):
        told = reasons(upload)[2]
    assert told["phone"] != "This is needed."
    assert not told["amount"].startswith("Between")


def test_a_customer_on_record_is_met_again_by_the_official_number(alice: User) -> None:
    factories.taken_in(alice, [factories.row(1)])
    again = {
        "reference": "R1-second",
        "product": "sahyadri-personal",
        "amount": "50000",
        "term_months": "12",
        "purpose": "medical",
        "pan": factories.row(1)["pan"],
        "date_of_birth": "1988-04-12",
    }

    upload = factories.taken_in(alice, [again])

    assert reasons(upload) == {}
    assert (Customer.objects.count(), IdentityNumber.objects.count()) == (1, 1)
    assert (Employment.objects.count(), Application.objects.count()) == (1, 2)


def test_it_judges_a_customer_as_held_not_as_first_read(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.taken_in(alice, [factories.row(1)])
    again = {
        **{name: factories.row(1)[name] for name in ("product", "purpose", "pan")},
        "amount": "50000",
        "term_months": "12",
        "date_of_birth": "1988-04-12",
    }
    upload = factories.started(alice, [again])
    real = running._lock_customers

    def withdrawn_meanwhile(keys: list[uuid.UUID]) -> None:
        given = Consent.objects.filter(purpose=Consent.Purpose.AUTOMATED_DECISION)
        given.update(withdrawn_at=NOW)
        real(keys)

    monkeypatch.setattr(running, "_lock_customers", withdrawn_meanwhile)

    factories.run(upload)

    assert list(reasons(upload)[2]) == ["consent_automated_decision"]
    assert Application.objects.count() == 1


def test_a_mistyped_official_number_puts_no_request_on_a_stranger(alice: User) -> None:
    factories.taken_in(alice, [factories.row(1)])
    other = factories.row(2, pan=factories.row(1)["pan"], date_of_birth="1990-01-01")

    upload = factories.taken_in(alice, [other])

    assert reasons(upload)[2] == {
        "date_of_birth": (
            "The customer on record with this number was born on another day. Check the number."
        )
    }
    assert Application.objects.count() == 1


def test_two_rows_about_one_person_register_the_person_once(alice: User) -> None:
    second = factories.row(1, reference="R1b", amount="50000")

    upload = factories.taken_in(alice, [factories.row(1), second])

    assert (upload.status, reasons(upload)) == ("finished", {})
    assert (Customer.objects.count(), Application.objects.count()) == (1, 2)
    assert Employment.objects.count() == Customer.objects.get().bureau_reports.count() == 1


def test_a_shared_telephone_is_refused_until_looked_at(alice: User) -> None:
    phone = factories.row(1)["phone"]
    rows = [factories.row(1, confirmed_distinct=""), factories.row(2, phone=phone)]
    upload = factories.checked(alice, rows)
    assert list(reasons(upload)) == [3]
    assert "has the same" in reasons(upload)[3]["phone"]

    mended = factories.row(2, phone=phone, confirmed_distinct="yes")
    taken = factories.taken_in(alice, [factories.row(1, confirmed_distinct=""), mended])

    assert reasons(taken) == {}
    assert Customer.objects.count() == 2


def test_who_was_met_by_a_telephone_is_still_read_as_an_applicant(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.taken_in(alice, [factories.row(1)])
    monkeypatch.setattr("apps.bulk.services.checking.CHUNK", 1)
    shares = factories.row(2, phone=factories.row(1)["phone"], confirmed_distinct="yes")
    again = {
        **dict.fromkeys(shares, ""),
        **{name: factories.row(1)[name] for name in ("product", "purpose", "pan")},
        "amount": "50000",
        "term_months": "12",
        "date_of_birth": "1988-04-12",
    }

    upload = factories.checked(alice, [shares, again])

    assert reasons(upload) == {}


def test_the_birth_is_needed_again_in_every_row_of_one_person(alice: User) -> None:
    second = factories.row(1, reference="R1b", amount="50000", date_of_birth="")

    upload = factories.checked(alice, [factories.row(1), second])

    assert reasons(upload) == {3: {"date_of_birth": "This is needed."}}


def test_the_same_file_again_is_the_first_one(alice: User) -> None:
    content = factories.written([factories.row(1)])
    first = factories.received(alice, content)

    assert factories.received(alice, content, filename="copy.csv") == first
    assert Upload.objects.count() == 1


def test_a_row_in_two_files_is_taken_in_once(alice: User) -> None:
    factories.taken_in(alice, [factories.row(1)])

    upload = factories.taken_in(alice, [factories.row(1), factories.row(2)])

    rows = list(upload.rows.order_by("number"))
    assert [row.state for row in rows] == ["known", "accepted"]
    assert rows[0].application == Application.objects.order_by("number").first()
    assert Application.objects.count() == 2


@pytest.mark.parametrize("reference", ["R1", ""])
def test_what_another_branch_took_in_is_not_told(
    alice: User, nashik: Branch, make_person: Callable[..., User], reference: str
) -> None:
    row = factories.row(1, reference=reference)
    taken = factories.taken_in(alice, [row])
    stranger = make_person("Nina", "loan_officer", branch=nashik)
    content = factories.written([row, factories.row(2)])

    upload = factories.received(stranger, content)
    services.ask_check(actor=stranger, upload=upload)
    services.check(upload_id=upload.pk, now=NOW)
    upload.refresh_from_db()
    services.start(actor=stranger, upload=upload, now=NOW)
    factories.run(upload)

    first, second = upload.rows.order_by("number")
    assert (first.state, first.application) == ("refused", None)
    assert list(reasons(upload)[2].values()) == ["Another branch has taken this request in before."]
    assert taken.rows.get().application.number not in str(first.faults)  # type: ignore[union-attr]
    assert (second.state, Application.objects.count()) == ("accepted", 2)


def test_a_reference_used_for_another_request_is_refused(alice: User) -> None:
    factories.taken_in(alice, [factories.row(1)])
    number = Application.objects.get().number

    upload = factories.taken_in(alice, [factories.row(1, amount="150000")])

    assert reasons(upload) == {
        2: {
            "reference": (
                f"This reference was used before for another request, application {number}."
            )
        }
    }


def test_without_a_reference_who_asks_for_what_tells_rows_apart(alice: User) -> None:
    plain = {**factories.row(1), "reference": ""}
    larger = {**plain, "amount": "150000"}

    upload = factories.taken_in(alice, [plain, {**plain, "amount": "200000.00"}, larger])

    assert list(upload.rows.order_by("number").values_list("state", flat=True)) == [
        "accepted",
        "known",
        "accepted",
    ]


def test_the_mended_reject_file_takes_in_what_was_missing(alice: User) -> None:
    rows = [factories.row(1), factories.row(2, amount="12")]
    upload = factories.taken_in(alice, rows)
    header, refused = list(services.download_rejects(actor=alice, upload=upload))
    assert header[-2:] == ["refused_row", "refused_because"]
    assert refused[-2] == "3"
    assert "Between" in refused[-1]
    mended = dict(zip(header, refused, strict=True)) | {"amount": "60000"}

    second = factories.taken_in(alice, [mended])

    assert second.header == upload.header
    assert (second.status, reasons(second)) == ("finished", {})
    assert Application.objects.count() == 2


def test_it_takes_in_what_is_secured(alice: User) -> None:
    pledged = {
        "collateral_kind": "vehicle",
        "collateral_description": "Hatchback of 2024",
        "collateral_valuation": "300000",
        "collateral_valued_on": "2026-11-01",
    }
    upload = factories.taken_in(alice, [factories.row(1, **pledged)])

    application = upload.rows.get().application
    assert application is not None
    assert [one.value for one in application.collaterals.all()] == [Decimal(300_000)]


def test_what_was_taken_in_stays_when_it_is_stopped(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.bulk.services.running.CHUNK", 1)
    upload = factories.started(alice, [factories.row(n) for n in (1, 2)])
    assert services.advance(upload_id=upload.pk, now=NOW)

    services.cancel(actor=alice, upload=upload, now=NOW)

    assert not services.advance(upload_id=upload.pk, now=NOW)
    assert Application.objects.count() == 1
    services.resume(actor=alice, upload=upload)
    assert factories.run(upload).status == "finished"
    assert Application.objects.count() == 2


def test_it_stops_when_the_uploader_may_no_longer_take_applications(alice: User) -> None:
    upload = factories.started(alice, [factories.row(1)])
    alice.groups.clear()

    factories.run(upload)

    assert (upload.status, upload.stopped_because) == ("cancelled", "stopped_no_right")
    assert not Application.objects.exists()


def test_nobody_starts_what_somebody_else_uploaded(alice: User, make_person: object) -> None:
    upload = factories.checked(alice, [factories.row(1)])
    other = make_person("Anna", "loan_officer")  # type: ignore[operator]

    with pytest.raises(NotPermitted):
        services.start(actor=other, upload=upload, now=NOW)

    upload.refresh_from_db()
    assert upload.status == "checked"


def test_nothing_is_started_that_was_not_checked(alice: User) -> None:
    upload = factories.received(alice, factories.written([factories.row(1)]))

    with pytest.raises(Conflict):
        services.start(actor=alice, upload=upload, now=NOW)


def test_a_file_whose_columns_are_told_anew_is_to_be_checked_anew(alice: User) -> None:
    upload = factories.checked(alice, [factories.row(1)])
    swapped = {name: name for name in upload.header}
    swapped |= {"gross_annual_income": "amount", "amount": "gross_annual_income"}

    services.tell_columns(actor=alice, upload=upload, headings=swapped)

    upload.refresh_from_db()
    assert (upload.status, upload.checked_at) == ("received", None)
    assert upload.mapping["amount"] == upload.header.index("gross_annual_income")
    assert upload.rows.get().state == "waiting"
    with pytest.raises(Conflict):
        services.start(actor=alice, upload=upload, now=NOW)


def test_a_row_that_breaks_holds_up_no_other(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    real = running.examine

    def breaks(draft: object, ground: object) -> object:
        if draft.values["reference"] == "R2":  # type: ignore[attr-defined]
            raise RuntimeError("broken")
        return real(draft, ground)  # type: ignore[arg-type]

    upload = factories.started(alice, [factories.row(n) for n in (1, 2, 3)])
    monkeypatch.setattr(running, "examine", breaks)

    factories.run(upload)

    assert upload.status == "finished"
    assert [row.state for row in upload.rows.order_by("number")] == [
        "accepted",
        "refused",
        "accepted",
    ]
    assert reasons(upload)[3] == {"": "Something is wrong on our side; it has been noted."}


def test_a_discarded_file_can_come_again(alice: User) -> None:
    content = factories.written([factories.row(1)])
    first = factories.received(alice, content)

    services.discard(actor=alice, upload=first)

    assert not UploadRow.objects.exists()
    assert factories.received(alice, content) != first
