"""Files beside a case over the API: laid there, listed, read; whom and what it refuses."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.accounts.models import Branch, User
from apps.applications import services as applications
from apps.audit.models import Event
from apps.decisions.models import ReviewCase
from apps.desk import services
from apps.desk.models import CaseAttachment
from apps.desk.tests import factories

SignedIn = Callable[[User], Client]
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def _send(client: Client, case: ReviewCase, name: str, content: bytes, **more: str) -> Any:
    file = SimpleUploadedFile(name, content)
    return client.post(f"/api/v1/review/cases/{case.pk}/attachments", {"file": file, **more})


def test_a_file_is_laid_beside_a_case_listed_and_read(
    bob: User, beth: User, case: ReviewCase, signed_in: SignedIn
) -> None:
    made = _send(signed_in(bob), case, "slip.pdf", PDF)
    listed = signed_in(beth).get(f"/api/v1/review/cases/{case.pk}/attachments")
    read = signed_in(beth).get(f"/api/v1/review/attachments/{made.json()['id']}")

    assert made.status_code == 201
    assert (made.json()["filename"], made.json()["size"]) == ("slip.pdf", len(PDF))
    assert made.json()["content_type"] == "application/pdf"
    assert listed.json() == [made.json()]
    assert (read.content, read["Content-Type"]) == (PDF, "application/pdf")
    assert read["Content-Disposition"] == 'attachment; filename="slip.pdf"'
    assert (read["X-Content-Type-Options"], read["Cache-Control"]) == (
        "nosniff",
        "no-store, private",
    )
    known = Event.objects.filter(verb__startswith="desk.attach").order_by("pk")
    assert list(known.values_list("verb", flat=True)) == ["desk.attached", "desk.attachment_read"]


@pytest.mark.parametrize(
    ("name", "content", "more"),
    [
        ("slip.pdf", b"", {}),
        ("slip.pdf", b"MZ\x90\x00 no paper at all", {}),
        ("slip.png", PDF, {}),
        ("slip.pdf", PDF, {"folder": "x"}),
    ],
    ids=["empty", "of no kind we take", "named otherwise", "with a field nobody knows"],
)
def test_a_file_that_is_none_is_refused_by_its_field(
    bob: User,
    case: ReviewCase,
    signed_in: SignedIn,
    name: str,
    content: bytes,
    more: dict[str, str],
) -> None:
    answer = _send(signed_in(bob), case, name, content, **more)

    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == (set(more) or {"file"})
    assert not CaseAttachment.objects.exists()


def test_no_file_and_no_form_are_refused(bob: User, case: ReviewCase, signed_in: SignedIn) -> None:
    client, at = signed_in(bob), f"/api/v1/review/cases/{case.pk}/attachments"

    lacking = client.post(at, {})
    as_json = client.post(at, {"file": "slip.pdf"}, content_type="application/json")

    assert (lacking.status_code, set(lacking.json()["fields"])) == (400, {"file"})
    assert as_json.status_code == 415
    assert not CaseAttachment.objects.exists()


def test_a_file_that_is_too_large_is_refused(
    bob: User, case: ReviewCase, signed_in: SignedIn, settings: LazySettings
) -> None:
    settings.DOCUMENT_MAX_BYTES = 1_000
    client = signed_in(bob)

    large = _send(client, case, "slip.pdf", PDF + b" " * 1_000)
    hopeless = _send(client, case, "slip.pdf", PDF + b" " * 4_000)

    assert (large.status_code, set(large.json()["fields"])) == (400, {"file"})
    assert (hopeless.status_code, hopeless.json()["code"]) == (413, "file_too_large")
    assert not CaseAttachment.objects.exists()


def test_a_file_may_be_larger_than_other_calls_are(
    bob: User, case: ReviewCase, signed_in: SignedIn, settings: LazySettings
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000

    assert _send(signed_in(bob), case, "slip.pdf", PDF + b" " * 2_000).status_code == 201


def test_the_very_same_file_is_kept_once(bob: User, case: ReviewCase, signed_in: SignedIn) -> None:
    client = signed_in(bob)
    _send(client, case, "slip.pdf", PDF)

    again = _send(client, case, "other.pdf", PDF)

    assert (again.status_code, again.json()["code"]) == (409, "attachment_exists")
    assert CaseAttachment.objects.get().filename == "slip.pdf"


def test_a_case_that_has_ended_takes_no_file(
    alice: User, bob: User, case: ReviewCase, signed_in: SignedIn
) -> None:
    applications.withdraw(
        actor=alice, application=case.application, reason="customer_asked", now=factories.NOW
    )

    answer = _send(signed_in(bob), case, "slip.pdf", PDF)

    assert (answer.status_code, answer.json()["code"]) == (409, "case_ended")
    assert not CaseAttachment.objects.exists()


def test_only_who_reviews_the_case_lays_and_reads_files(
    alice: User,
    bob: User,
    amir: User,
    case: ReviewCase,
    nashik: Branch,
    make_person: Callable[..., User],
    signed_in: SignedIn,
) -> None:
    file = services.attach(
        actor=bob, case=case, filename="slip.pdf", content=PDF, now=factories.NOW
    )
    known = Event.objects.count()
    elsewhere = make_person("Nina", "credit_reviewer", branch=nashik)
    at, one = f"/api/v1/review/cases/{case.pk}/attachments", f"/api/v1/review/attachments/{file.pk}"

    # The officer who submitted it opens documents, but never what lies at the desk.
    assert signed_in(alice).get(at).status_code == 403
    assert signed_in(alice).get(one).status_code in {403, 404}
    assert _send(signed_in(alice), case, "mine.pdf", PDF + b"x").status_code == 403
    assert _send(signed_in(amir), case, "mine.pdf", PDF + b"x").status_code == 403
    assert signed_in(elsewhere).get(at).status_code == 404
    assert signed_in(elsewhere).get(one).status_code == 404
    assert _send(signed_in(elsewhere), case, "mine.pdf", PDF + b"x").status_code == 404
    assert CaseAttachment.objects.get() == file
    assert Event.objects.count() == known
