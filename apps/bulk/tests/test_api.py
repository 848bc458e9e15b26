"""Files over the API: sent, told, checked, started, read, mended."""

import io
from typing import Any

import pytest
from django.conf import LazySettings
from django.urls import reverse
from rest_framework.test import APIClient

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.bulk import services
from apps.bulk.models import Upload
from apps.bulk.tests import factories
from apps.customers.tests import factories as customers
from apps.decisions.tests import factories as decisions
from apps.products.tests import factories as products

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(alice: User) -> APIClient:
    """An officer's system at the API."""
    products.personal_loan(alice.branch.entity)
    return _client(alice)


def _client(person: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(person)
    return client


def _send(client: APIClient, content: bytes, **changes: str) -> Any:
    file = io.BytesIO(content)
    file.name = "november.csv"
    values = {"file": file, "source": "Dealer Kulkarni", **changes}
    return client.post(reverse("api:uploads"), values, format="multipart")


def _url(name: str, upload: Any) -> str:
    return reverse(f"api:{name}", args=[upload["id"]])


def test_a_file_goes_from_sending_to_its_applications(
    api: APIClient, pune: Branch, rita: User, mark: User
) -> None:
    decisions.stage(pune, rita, mark)
    rows = [factories.row(1), factories.row(2, amount="12")]
    sent = _send(api, factories.written(rows))
    assert (sent.status_code, sent.data["state"]) == (201, "received")
    assert sent.data["columns"]["amount"] == "amount"

    assert api.post(_url("upload_check", sent.data)).data["state"] == "checking"
    services.check(upload_id=sent.data["id"], now=factories.NOW)
    checked = api.get(_url("upload", sent.data)).data
    assert (checked["state"], checked["rows"]) == ("checked", {"good": 1, "refused": 1})
    assert api.post(_url("upload_start", sent.data)).data["state"] == "running"
    factories.run(Upload.objects.get())

    done = api.get(_url("upload", sent.data)).data
    assert (done["state"], done["rows"]) == ("finished", {"accepted": 1, "refused": 1})
    assert done["applications"] == {"approved": 1}
    found = api.get(_url("upload_rows", sent.data)).data["results"]
    assert [one["row"] for one in found] == [2, 3]
    assert found[0]["application"] == str(Application.objects.get().pk)
    assert found[0]["status"] == "approved"
    assert found[1]["faults"] == [
        {
            "column": "amount",
            "sentence": "Between ₹25,000.00 and ₹15,00,000.00 for this product.",
        }
    ]
    refused = api.get(_url("upload_rejects", sent.data))
    text = b"".join(refused.streaming_content).decode()  # type: ignore[attr-defined]
    assert text.splitlines()[1].startswith("sahyadri-personal,12,")


def test_the_same_file_is_answered_with_what_became_of_it(api: APIClient) -> None:
    content = factories.written([factories.row(1)])
    first = _send(api, content)

    again = _send(api, content)

    assert (again.status_code, again.data["id"]) == (200, first.data["id"])
    assert Upload.objects.count() == 1


def test_columns_are_told_by_heading(api: APIClient) -> None:
    row = factories.row(1)
    row["Wanted"] = row.pop("amount")
    sent = _send(api, factories.written([row])).data
    incomplete = api.post(_url("upload_check", sent))
    assert (incomplete.status_code, incomplete.data["code"]) == (400, "columns_missing")

    told = {name: "amount" if name == "Wanted" else name for name in sent["header"]}
    answer = api.put(_url("upload_columns", sent), {"columns": told}, format="json")

    assert answer.data["columns"]["amount"] == "Wanted"
    assert api.post(_url("upload_check", sent)).data["state"] == "checking"


def test_it_refuses_a_file_with_one_sentence(api: APIClient) -> None:
    answer = _send(api, b"a,a\n1,2\n")

    assert answer.status_code == 400
    assert answer.data["code"] == "column_twice"
    assert answer.data["fields"]["file"] == ["The column “a” stands twice in the header."]


def test_it_refuses_a_far_too_large_file(api: APIClient, settings: LazySettings) -> None:
    settings.BULK_MAX_BYTES = 1_048_576

    answer = _send(api, b"x" * (2 * 1_048_576))

    assert (answer.status_code, answer.data["code"]) == (413, "file_too_large")
    assert not Upload.objects.exists()


def test_stop_resume_and_discard_follow_the_life_of_a_file(api: APIClient) -> None:
    sent = _send(api, factories.written([factories.row(1)])).data
    assert api.post(_url("upload_resume", sent)).status_code == 409
    api.post(_url("upload_check", sent))
    assert api.post(_url("upload_stop", sent)).data["state"] == "received"

    assert api.post(_url("upload_discard", sent)).status_code == 204

    assert api.get(_url("upload", sent)).status_code == 404
    assert api.get(reverse("api:uploads")).data["results"] == []


@pytest.mark.parametrize("name", ["upload", "upload_rows"])
def test_files_of_other_branches_are_not_there(
    api: APIClient, nashik: Branch, bob: User, name: str
) -> None:
    sent = _send(api, factories.written([factories.row(1)])).data

    assert _client(customers.officer(nashik)).get(_url(name, sent)).status_code == 404
    assert _client(bob).get(_url(name, sent)).status_code == 403
    assert _send(_client(bob), b"a\n1\n").status_code == 403
    foreign = _send(api, b"product\nx\n", branch="nashik")
    assert foreign.data["code"] == "unknown_branch"
