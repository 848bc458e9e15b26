"""Pages of files as the right person sees them, and as the wrong one does not."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries
from rest_framework.test import APIClient

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.bulk import selectors, services
from apps.bulk.models import SavedMapping, Upload
from apps.bulk.tests import factories
from apps.core import withheld, workbooks
from apps.core.table_formats import Format
from apps.customers.tests import factories as customers
from apps.decisions.tests import factories as decisions
from apps.products.tests import factories as products
from conftest import MakePerson

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]


def _sent(content: bytes, **changes: str) -> dict[str, object]:
    return {
        "file": SimpleUploadedFile("november.csv", content, content_type="text/csv"),
        "source": "Dealer Kulkarni",
        "branch": "pune",
        "decimal": "point",
        "dates": "iso",
        "delimiter": "auto",
        "encoding": "utf-8",
        **changes,
    }


def test_a_file_goes_from_upload_to_check(alice: User, signed_in: Browser) -> None:
    products.personal_loan(alice.branch.entity)
    client = signed_in(alice)
    rows = [{**factories.row(1), "Wanted sum": "200000"}]
    rows[0].pop("amount")

    answer = client.post(reverse("bulk:upload"), _sent(factories.written(rows)))

    upload = Upload.objects.get()
    assert answer.url == reverse("bulk:columns", args=[upload.pk])
    page = client.get(answer.url).content.decode()
    assert "Wanted sum" in page
    assert "200000" in page
    told = {f"column_{place}": name for place, name in enumerate(upload.header)}
    told[f"column_{upload.header.index('Wanted sum')}"] = "amount"
    checked = client.post(answer.url, told)
    assert checked.url == reverse("bulk:detail", args=[upload.pk])
    upload.refresh_from_db()
    assert upload.status == "checking"
    assert upload.mapping["amount"] == upload.header.index("Wanted sum")
    services.check(upload_id=upload.pk, now=factories.NOW)
    page = client.get(checked.url).content.decode()
    assert "1 row can be taken in; taken in before: 0; would be refused: 0." in page
    assert "Take them in" in page


def test_it_remembers_what_the_columns_are(alice: User) -> None:
    rows = [{**factories.row(1), "Wanted sum": "200000"}]
    first = factories.received(alice, factories.written(rows))
    headings = {name: name for name in first.header}
    headings["amount"], headings["Wanted sum"] = "", "amount"
    services.tell_columns(actor=alice, upload=first, headings=headings)

    second = factories.received(alice, factories.written([{**rows[0], "reference": "other"}]))

    assert second.mapping == first.mapping
    assert SavedMapping.objects.count() == 1


def test_columns_told_wrongly_are_refused_beside_them(alice: User, signed_in: Browser) -> None:
    upload = factories.received(alice, factories.written([factories.row(1)]))
    told = {f"column_{place}": "" for place, _name in enumerate(upload.header)}
    told["column_0"] = told["column_1"] = "product"

    answer = signed_in(alice).post(reverse("bulk:columns", args=[upload.pk]), told)

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Another column is told to be the same." in page
    assert "No column of the file is told to be: amount, term_months, purpose, customer" in page
    upload.refresh_from_db()
    assert upload.status == "received"
    assert upload.mapping["amount"] == upload.header.index("amount")


def test_it_refuses_a_far_too_large_file_before_reading_it(
    alice: User, signed_in: Browser, settings: LazySettings
) -> None:
    settings.BULK_MAX_BYTES = 1_048_576

    answer = signed_in(alice).post(
        reverse("bulk:upload"),
        data=b"x",
        content_type="multipart/form-data; boundary=b",
        CONTENT_LENGTH=str(200 * 1_048_576),
    )

    assert answer.status_code == 413
    assert "The file is larger than 1 MB." in answer.content.decode()
    assert not Upload.objects.exists()


def test_it_says_beside_the_file_what_is_wrong_with_it(alice: User, signed_in: Browser) -> None:
    answer = signed_in(alice).post(
        reverse("bulk:upload"), _sent("amount\nf\xfcnf\n".encode("cp1252"))
    )

    assert answer.status_code == 422
    assert "The file is not in the encoding utf-8" in answer.content.decode()


def test_the_same_file_shows_what_came_of_it(alice: User, signed_in: Browser) -> None:
    content = factories.written([factories.row(1)])
    upload = factories.received(alice, content)

    answer = signed_in(alice).post(reverse("bulk:upload"), _sent(content), follow=True)

    assert answer.redirect_chain[-1][0] == reverse("bulk:detail", args=[upload.pk])
    assert "This very file was uploaded before" in answer.content.decode()


def test_progress_answers_nothing_while_nothing_changes(alice: User, signed_in: Browser) -> None:
    upload = factories.received(alice, factories.written([factories.row(1)]))
    services.ask_check(actor=alice, upload=upload)
    client, url = signed_in(alice), reverse("bulk:progress", args=[upload.pk])
    shown = client.get(url, headers={"HX-Request": "true"})
    assert shown.status_code == 200
    seen = shown.context["seen"]

    again = client.get(url, {"seen": seen}, headers={"HX-Request": "true"})

    assert again.status_code == 204
    services.check(upload_id=upload.pk, now=factories.NOW)
    done = client.get(url, {"seen": seen}, headers={"HX-Request": "true"})
    assert done.headers["HX-Refresh"] == "true"


def test_rows_are_listed_with_every_reason(
    alice: User, signed_in: Browser, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    rows = [factories.row(n, amount="12", phone="") for n in range(1, 6)]
    upload = factories.checked(alice, rows)
    client = signed_in(alice)

    with django_assert_max_num_queries(12):
        page = client.get(reverse("bulk:rows", args=[upload.pk]), {"state": "refused"})

    text = page.content.decode()
    assert text.count("for this product.") == 5
    assert "Telephone:" in text


def test_refused_rows_come_as_csv_and_excel_without_formulas(
    alice: User, signed_in: Browser
) -> None:
    upload = factories.checked(alice, [factories.row(1, amount="12", employer="=HYPERLINK(1)")])
    client = signed_in(alice)

    as_csv = client.get(reverse("bulk:rejects", args=[upload.pk, "csv"]))
    as_excel = client.get(reverse("bulk:rejects", args=[upload.pk, "xlsx"]))

    text = b"".join(as_csv.streaming_content).decode()  # type: ignore[arg-type]
    assert "'=HYPERLINK(1)" in text
    assert ",=HYPERLINK" not in text
    workbook = io.BytesIO(b"".join(as_excel.streaming_content))  # type: ignore[arg-type]
    lines = list(workbooks.read_excel(workbook, Format()))
    assert "=HYPERLINK(1)" in lines[1].cells
    assert lines[0].cells[-1] == "refused_because"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_template_names_every_column_and_its_example_is_not_taken(
    alice: User, signed_in: Browser, kind: str
) -> None:
    product = products.personal_loan(alice.branch.entity)
    url = reverse("bulk:template", args=[kind])

    answer = signed_in(alice).get(url, {"product": product.code})

    content = b"".join(answer.streaming_content)  # type: ignore[arg-type]
    upload = factories.received(alice, content)
    assert upload.header[:5] == ["reference", "product", "amount", "term_months", "purpose"]
    assert "ke_national_id" not in upload.header
    services.ask_check(actor=alice, upload=upload)
    services.check(upload_id=upload.pk, now=factories.NOW)
    row = upload.rows.get()
    assert [fault["code"] for fault in row.faults if fault["column"] == "reference"] == [
        "example_row"
    ]


def test_the_wrong_person_opens_nothing(
    alice: User, bob: User, nashik: Branch, make_person: MakePerson, signed_in: Browser
) -> None:
    upload = factories.checked(alice, [factories.row(1)])
    page = reverse("bulk:detail", args=[upload.pk])
    elsewhere = customers.officer(nashik)

    assert signed_in(bob).get(reverse("bulk:uploads")).status_code == 403
    assert signed_in(bob).get(page).status_code == 403
    assert signed_in(elsewhere).get(page).status_code == 404
    assert signed_in(elsewhere).post(reverse("bulk:start", args=[upload.pk])).status_code == 404
    colleague = make_person("Anna", "loan_officer")
    assert signed_in(colleague).get(page).status_code == 200
    assert signed_in(colleague).post(reverse("bulk:start", args=[upload.pk])).status_code == 403
    upload.refresh_from_db()
    assert upload.status == "checked"


def test_a_row_shows_no_application_of_a_branch_elsewhere(
    alice: User, rita: User, mark: User, nashik: Branch, signed_in: Browser
) -> None:
    decisions.stage(alice.branch, rita, mark)
    mine = factories.taken_in(alice, [factories.row(1)])
    application = Application.objects.get()
    elsewhere = customers.officer(nashik)

    theirs = factories.checked(elsewhere, [factories.row(1)])

    assert [(row.state, row.application) for row in theirs.rows.all()] == [("refused", None)]
    shown = signed_in(alice).get(reverse("bulk:rows", args=[mine.pk])).content.decode()
    assert application.number in shown
    hidden = signed_in(elsewhere).get(reverse("bulk:rows", args=[theirs.pk])).content.decode()
    assert "Another branch has taken this request in before." in hidden
    assert application.number not in hidden
    assert str(application.pk) not in hidden
    api = APIClient()
    api.force_authenticate(elsewhere)
    found = api.get(reverse("api:upload_rows", args=[theirs.pk])).data["results"]
    assert [(one["application"], one["number"], one["status"]) for one in found] == [(None, "", "")]


def test_a_count_tells_no_outcome_that_is_withheld(
    alice: User, rita: User, mark: User, signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    decisions.stage(alice.branch, rita, mark)
    upload = factories.taken_in(alice, [factories.row(1)])
    status = Application.objects.get().status
    page, api = reverse("bulk:detail", args=[upload.pk]), APIClient()
    api.force_authenticate(alice)

    def told() -> tuple[Any, Any]:
        of_api = api.get(reverse("api:upload", args=[upload.pk])).data
        return of_api["applications"], signed_in(alice).get(page).context["outcomes"]

    assert told() == ({status: 1}, [(status, 1)])
    monkeypatch.setattr(withheld, "_sources", [lambda _actor: [Application.objects.values("pk")]])

    assert told() == ({}, [])
    assert selectors.counts(upload, alice).accepted == 1
    assert selectors.counts(upload).by_outcome == {status: 1}


def test_the_list_needs_no_query_for_each_file(
    alice: User, signed_in: Browser, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for serial in range(6):
        factories.received(alice, factories.written([factories.row(serial)]))
    client = signed_in(alice)

    with django_assert_max_num_queries(12):
        page = client.get(reverse("bulk:uploads")).content.decode()

    assert page.count("Dealer Kulkarni") == 6
