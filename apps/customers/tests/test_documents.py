"""Documents: known by their bytes, kept encrypted, handed out so that no browser runs them."""

import hashlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.customers import services
from apps.customers.models import Customer, Document
from apps.customers.tests import factories
from tests.kept import kept

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n%%EOF\n"
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100") + b"0" * 64 + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 32


@pytest.fixture
@kept
def ravi(alice: User, pune: Branch) -> Customer:
    """A complete customer of Pune, registered by Alice."""
    return factories.customer(pune, actor=alice)


def _upload(actor: User, customer: Customer, name: str, content: bytes) -> Document:
    return services.upload_document(
        actor=actor, customer=customer, kind="income", filename=name, content=content
    )


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("payslip.pdf", PDF, "application/pdf"),
        ("Payslip.JPG", JPEG, "image/jpeg"),
        ("payslip.jpeg", JPEG, "image/jpeg"),
        ("वेतन.png", PNG, "image/png"),
    ],
)
def test_it_takes_what_the_bytes_say_it_is(
    alice: User, ravi: Customer, name: str, content: bytes, content_type: str
) -> None:
    _upload(alice, ravi, name, content)

    document = Document.objects.get()
    assert (document.filename, document.content_type) == (name, content_type)
    assert document.content == content
    assert document.sha256 == hashlib.sha256(content).hexdigest()
    event = Event.objects.get(verb="customers.document_uploaded")
    assert name not in str(event.facts)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.pdf", b"", "The file is empty."),
        ("a.pdf", b"<html><script>alert(1)</script></html>", "Only PDF, JPEG and PNG files"),
        ("a.pdf", b"MZ" + b"\0" * 64, "Only PDF, JPEG and PNG files"),
        ("a.pdf", b"PK\x03\x04" + b"\0" * 64, "Only PDF, JPEG and PNG files"),
        ("a.pdf", b"GIF89a%PDF-1.7", "Only PDF, JPEG and PNG files"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Only PDF, JPEG and PNG files"),
        ("a.jpg", PDF, "The file's content is PDF"),
        ("a.pdf.exe", PDF, "The file's content is PDF"),
        ("a", PNG, "The file's content is PNG"),
        ("", PDF, "This is needed."),
        ("x" * 130 + ".pdf", PDF, "This is too long"),
    ],
)
def test_it_refuses_everything_else(
    alice: User, ravi: Customer, name: str, content: bytes, sentence: str
) -> None:
    with pytest.raises(DomainError) as refusal:
        _upload(alice, ravi, name, content)

    assert str(refusal.value.fields["file"]).startswith(sentence)
    assert not Document.objects.exists()
    assert not Event.objects.filter(verb="customers.document_uploaded").exists()


def test_it_keeps_the_bare_name_of_a_path(alice: User, ravi: Customer) -> None:
    document = _upload(alice, ravi, "C:\\fakepath\\..\\../etc/pass\x00wd.pdf", PDF)

    assert document.filename == "passwd.pdf"


def test_it_refuses_files_above_the_limit(alice: User, ravi: Customer, settings: Settings) -> None:
    settings.DOCUMENT_MAX_BYTES = 1_048_576

    with pytest.raises(DomainError) as refusal:
        _upload(alice, ravi, "a.pdf", PDF + b"0" * 1_048_576)
    _upload(alice, ravi, "b.pdf", PDF + b"0" * (1_048_576 - len(PDF)))

    assert refusal.value.fields == {"file": "The file is larger than 1 MB."}
    assert Document.objects.get().filename == "b.pdf"


def test_it_refuses_the_same_file_twice(alice: User, pune: Branch, ravi: Customer) -> None:
    _upload(alice, ravi, "a.pdf", PDF)

    with pytest.raises(Conflict) as refusal:
        _upload(alice, ravi, "b.pdf", PDF)
    _upload(alice, factories.customer(pune, actor=alice), "a.pdf", PDF)

    assert refusal.value.code == "document_exists"
    assert Document.objects.filter(customer=ravi).count() == 1


def test_it_holds_no_byte_of_a_file_or_its_name_in_clear(alice: User, ravi: Customer) -> None:
    _upload(alice, ravi, "payslip-of-ravi.pdf", PDF)

    with connection.cursor() as cursor:
        cursor.execute("SELECT content, filename FROM customers_document")
        content, filename = (bytes(value) for value in cursor.fetchone())

    assert content.startswith(b"v1|t2|")
    assert b"%PDF" not in content
    assert b"payslip" not in filename


def test_it_refuses_people_who_may_not(alice: User, bob: User, ravi: Customer) -> None:
    with pytest.raises(NotPermitted):
        _upload(bob, ravi, "a.pdf", PDF)

    assert not Document.objects.exists()


def test_it_hands_a_document_out_as_a_sandboxed_attachment(
    alice: User, bob: User, ravi: Customer, client: Client
) -> None:
    document = _upload(alice, ravi, 'pay"slip\u00e9.pdf', PDF)
    client.force_login(bob, backend="django.contrib.auth.backends.ModelBackend")

    answer = client.get(reverse("customers:download", args=[ravi.pk, document.pk]))

    assert answer.content == PDF
    assert answer["Content-Disposition"].startswith("attachment; filename")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "application/pdf"
    event = Event.objects.get(verb="customers.document_read")
    assert (event.actor, event.facts) == (bob.audit_reference, {"document": str(document.pk)})


def test_it_hands_out_no_document_of_another_customer(
    alice: User, pune: Branch, ravi: Customer, client: Client
) -> None:
    document = _upload(alice, ravi, "a.pdf", PDF)
    other = factories.customer(pune, actor=alice)
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")

    answer = client.get(reverse("customers:download", args=[other.pk, document.pk]))

    assert answer.status_code == 404
    assert not Event.objects.filter(verb="customers.document_read").exists()


def test_it_takes_an_upload_from_the_page(alice: User, ravi: Customer, client: Client) -> None:
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    address = reverse("customers:upload", args=[ravi.pk])

    bad = client.post(address, {"kind": "identity", "file": SimpleUploadedFile("a.pdf", PNG)})
    good = client.post(address, {"kind": "identity", "file": SimpleUploadedFile("a.png", PNG)})
    again = client.post(address, {"kind": "identity", "file": SimpleUploadedFile("a.png", PNG)})
    none = client.post(address, {"kind": "identity"})

    assert bad.status_code == 422
    assert "content is PNG" in bad.content.decode()
    assert good.status_code == 302
    assert again.status_code == 422
    assert "already among the customer" in again.content.decode()
    assert none.status_code == 422
    assert Document.objects.count() == 1


def test_it_still_wants_the_csrf_token(alice: User, ravi: Customer) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")

    answer = client.post(
        reverse("customers:upload", args=[ravi.pk]),
        {"kind": "identity", "file": SimpleUploadedFile("a.png", PNG)},
    )

    assert answer.status_code == 403
    assert not Document.objects.exists()


def test_it_does_not_read_a_body_far_above_the_limit(
    alice: User, ravi: Customer, client: Client
) -> None:
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")

    answer = client.generic(
        "POST",
        reverse("customers:upload", args=[ravi.pk]),
        b"x",
        content_type="multipart/form-data; boundary=b",
        CONTENT_LENGTH=str(10**12),
    )

    assert answer.status_code == 413
    assert not Document.objects.exists()
