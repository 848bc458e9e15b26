"""Around a request: its id, the caller's address, language, and errors as sentences."""

import re
import uuid
from collections.abc import Callable

import pytest
import structlog
from csp.exceptions import CSPNonceError
from django.conf import LazySettings
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.core.handlers.wsgi import WSGIRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.test import Client, RequestFactory
from django.urls import path
from django.views.decorators.http import require_POST

from apps.accounts.models import User
from apps.core import access, bodies, middleware, origin, problems
from apps.core.access import PUBLIC, SIGNED_IN, requires
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible, StaleRecord
from apps.core.middleware import ContentPolicy
from creditrisk import urls as site

SignedIn = Callable[[User], Client]
ERRORS = {
    "domain": (DomainError("broken", "That is <b>odd</b>."), 400),
    "permitted": (NotPermitted("no", "Not you."), 403),
    "visible": (NotVisible("gone", "Not there."), 404),
    "stale": (StaleRecord("stale", "Too late."), 409),
    "conflict": (Conflict("conflict", "Not now.", fields={"amount": "Too much."}), 409),
    "missing": (Http404("x"), 404),
    "denied": (PermissionDenied("x"), 403),
    "bug": (ZeroDivisionError(), 500),
}


@requires(PUBLIC)
def _raise(request: HttpRequest, name: str) -> HttpResponse:
    raise ERRORS[name][0]


@requires(PUBLIC)
def _echo(request: HttpRequest) -> HttpResponse:
    bound = structlog.contextvars.get_contextvars()["request_id"]
    return HttpResponse(f"{origin.current()} {bound}")


@requires("accounts.manage_people")
def _guarded(request: HttpRequest) -> HttpResponse:
    return HttpResponse("done")


@requires(SIGNED_IN)
def _personal(request: HttpRequest) -> HttpResponse:
    return HttpResponse(getattr(request, "LANGUAGE_CODE", ""))


_TEST_PATTERNS = [
    path("test/raise/<name>/", _raise),
    path("api/test/raise/<name>/", _raise),
    path("test/echo/", _echo),
    path("api/test/echo/", _echo),
    path("test/guarded/", _guarded),
    path("test/personal/", _personal),
    path("test/form/", require_POST(_personal)),
    path("api/test/form/", require_POST(_personal)),
]


class _Urls:
    """The site's addresses with a few more for these tests."""

    urlpatterns = [*_TEST_PATTERNS, *site.urlpatterns]
    handler400, handler403 = site.handler400, site.handler403
    handler404, handler500 = site.handler404, site.handler500


@pytest.fixture(autouse=True)
def _addresses(settings: LazySettings) -> None:
    settings.ROOT_URLCONF = _Urls


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("name", ERRORS)
def test_it_answers_pages_with_the_status_and_a_sentence(
    client: Client, db: None, name: str
) -> None:
    error, status = ERRORS[name]

    response = client.get(f"/test/raise/{name}/")

    assert response.status_code == status
    page = response.content.decode()
    assert "<h1>" in page
    if isinstance(error, DomainError):
        assert str(error.sentence).replace("<b>odd</b>", "&lt;b&gt;odd&lt;/b&gt;") in page


@pytest.mark.parametrize("name", ERRORS)
def test_it_answers_the_api_in_one_shape(client: Client, db: None, name: str) -> None:
    _, status = ERRORS[name]

    response = client.get(f"/api/test/raise/{name}/")

    assert response.status_code == status
    body = response.json()
    assert set(body) == {"code", "sentence", "fields"}
    assert body["sentence"]
    if name == "conflict":
        assert body["fields"] == {"amount": ["Too much."]}


def test_it_answers_a_fragment_with_a_fragment(client: Client, db: None) -> None:
    response = client.get("/test/raise/stale/", headers={"HX-Request": "true"})

    assert response.status_code == 409
    assert "Too late." in response.content.decode()
    assert "<html" not in response.content.decode()


@pytest.mark.parametrize("address", ["/nowhere/", "/api/v1/nowhere", "/api/nowhere/"])
def test_it_answers_for_addresses_nobody_has(client: Client, db: None, address: str) -> None:
    response = client.get(address)

    assert response.status_code == 404
    is_json = response["Content-Type"].startswith("application/json")
    assert is_json == address.startswith("/api/")


@pytest.mark.parametrize("address", ["/test/echo/", "/api/test/echo/"])
def test_it_refuses_hosts_that_are_not_ours(client: Client, db: None, address: str) -> None:
    response = client.get(address, headers={"Host": "evil.example"})

    # A host is only checked where somebody asks for it, as redirects and CSRF do.
    assert response.status_code in {200, 400}


@pytest.mark.parametrize(
    "address", ["/people/sign-in/", "/language/", "/api/v1/token", "/people/password/MQ/x/"]
)
def test_it_reads_no_body_that_is_larger_than_a_form(
    db: None, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    read: list[int] = []
    monkeypatch.setattr(
        TemporaryFileUploadHandler,
        "receive_data_chunk",
        lambda _handler, chunk, _start: read.append(len(chunk)),
    )
    stranger = Client(enforce_csrf_checks=True)
    stranger.get("/people/sign-in/")

    response = stranger.post(address, {"file": SimpleUploadedFile("a.bin", b"x" * 4_000_000)})

    assert response.status_code == 413
    assert "The request is too large." in response.content.decode()
    assert read == []


def test_it_says_what_an_old_form_needs(db: None, alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)

    page = strict.post("/people/sign-in/", {"username": "a@b.example", "password": "x"})

    assert page.status_code == 403
    assert "This page is too old" in page.content.decode()


def test_it_gives_every_request_an_id(client: Client, db: None) -> None:
    first, second = client.get("/test/echo/"), client.get("/test/echo/")

    assert first["X-Request-ID"] != second["X-Request-ID"]
    assert first.content.decode() == f"web:{first['X-Request-ID']} {first['X-Request-ID']}"


def test_it_takes_over_a_sane_request_id_only(client: Client, db: None) -> None:
    sane = client.get("/api/test/echo/", headers={"X-Request-ID": "trace-1234-abcd"})
    hostile = client.get("/api/test/echo/", headers={"X-Request-ID": 'x" injected=1 ' * 20})

    assert sane["X-Request-ID"] == "trace-1234-abcd"
    assert sane.content.decode().startswith("api:trace-1234-abcd")
    assert "injected" not in hostile["X-Request-ID"]


def test_it_leaves_no_origin_behind(client: Client, db: None) -> None:
    client.get("/test/echo/")

    assert origin.current() == "shell"


def test_it_sends_strangers_to_sign_in_and_back(client: Client, db: None) -> None:
    response = client.get("/test/guarded/?a=1")

    assert response.status_code == 302
    assert response["Location"] == "/people/sign-in/?next=/test/guarded/%3Fa%3D1"


@pytest.mark.parametrize(
    ("came_from", "next_page"),
    [
        ("http://testserver/review/?page=2", "%2Freview%2F"),
        ("http://evil.example/review/", "%2F"),
        ("http://testserver", "%2F"),
        ("http://[", "%2F"),
        ("", "%2F"),
    ],
)
def test_it_leads_from_sign_in_to_the_page_a_form_was_on(
    client: Client, db: None, came_from: str, next_page: str
) -> None:
    response = client.post("/test/form/", {"a": "1"}, headers={"Referer": came_from})

    assert response.status_code == 302
    assert response["Location"] == f"/people/sign-in/?next={next_page}"


def test_it_says_that_an_address_takes_only_forms(alice: User, signed_in: SignedIn) -> None:
    response = signed_in(alice).get("/test/form/")

    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert "This address takes a form, not a visit." in response.content.decode()
    assert signed_in(alice).get("/api/test/form/").content == b""


@pytest.mark.parametrize(
    ("address", "came_from", "back"),
    [
        ("/test/form/", "http://testserver/applications/?page=2", "/applications/?page=2"),
        ("/test/form/", "http://elsewhere.example/applications/", ""),
        ("/test/form/", "http://testserver/test/form/", ""),
        ("/test/form/", "", ""),
        (f"/loans/{uuid.UUID(int=7)}/approve/", "", f"/loans/{uuid.UUID(int=7)}/"),
    ],
)
def test_a_visit_to_where_forms_go_leads_back(
    rf: RequestFactory, address: str, came_from: str, back: str
) -> None:
    refuses = middleware.DomainErrors(lambda _request: HttpResponseNotAllowed(["POST"]))

    page = refuses(rf.get(address, headers={"Referer": came_from} if came_from else {}))

    assert page.status_code == 405
    ways = re.findall(r'<a class="button[^"]*" href="([^"]*)"', page.content.decode())
    assert ways == [*([back] if back else []), "/"]


def test_it_sends_the_whole_page_to_sign_in_when_a_fragment_finds_nobody(
    client: Client, db: None
) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/review/?page=2"}

    response = client.get("/test/guarded/", headers=headers)

    assert response.status_code == 401
    assert response["HX-Redirect"] == "/people/sign-in/?next=%2Freview%2F"
    assert response.content == b""


@pytest.mark.parametrize(
    "address", ["http://[", "http://[::1", "//", "\x00", "javascript:alert(1)"]
)
def test_it_sends_a_fragment_to_sign_in_whatever_page_it_claims_to_be_on(
    client: Client, db: None, address: str
) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": address}

    response = client.get("/test/guarded/", headers=headers)

    assert response.status_code == 401
    assert response["HX-Redirect"].startswith("/people/sign-in/?next=")


def test_it_refuses_without_the_permission(alice: User, diana: User, signed_in: SignedIn) -> None:
    refused, allowed = (
        signed_in(alice).get("/test/guarded/"),
        signed_in(diana).get("/test/guarded/"),
    )

    assert refused.status_code == 403
    assert "Your role does not allow this." in refused.content.decode()
    assert allowed.content == b"done"


def test_it_guards_views_that_call_themselves_open() -> None:
    def open_view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    open_view.login_required = False
    guarded = requires(SIGNED_IN)(open_view)

    assert guarded.login_required is True
    assert requires(PUBLIC)(open_view).login_required is False
    assert guarded.required_permission == access.SIGNED_IN


def test_it_speaks_the_language_of_the_person_and_keeps_pages_out_of_caches(
    alice: User, signed_in: SignedIn
) -> None:
    alice.language = "sw"
    alice.save()

    response = signed_in(alice).get("/test/personal/", headers={"Accept-Language": "hi"})

    assert response.content == b"sw"
    assert response["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize(
    "header", ["Content-Security-Policy", "X-Frame-Options", "Referrer-Policy"]
)
def test_it_sends_the_headers_that_protect_pages(client: Client, db: None, header: str) -> None:
    response = client.get("/people/sign-in/")

    assert response[header]
    policy = response["Content-Security-Policy"]
    assert "script-src 'self';" in f"{policy};"
    assert "frame-ancestors 'none'" in policy


def _answer(request: HttpRequest) -> HttpResponse:
    nonce, own = request.wanted  # type: ignore[attr-defined]  # of the test
    response = HttpResponse(str(request.csp_nonce) if nonce else "")  # type: ignore[attr-defined]  # of the middleware
    for name, value in own.items():
        setattr(response, name, value)
    return response


# One for all, as the site has it.
_POLICIES = ContentPolicy(_answer)


def _policied(*, nonce: bool = False, **own: object) -> str:
    """Return the policy of an answer, which may use a nonce or say something of its own."""
    request = RequestFactory().get("/")
    request.wanted = nonce, own  # type: ignore[attr-defined]  # of the test
    return _POLICIES(request).headers.get("Content-Security-Policy", "")


def test_a_nonce_stands_in_the_policy_of_its_own_answer_alone() -> None:
    plain, first, again, second = (_policied(nonce=which) for which in (False, True, False, True))

    assert plain == again
    assert "script-src 'self';" in f"{plain};"
    assert "nonce-" not in plain
    assert "'nonce-" in first
    assert "'nonce-" in second
    assert first != second


def test_an_answer_may_have_a_policy_of_its_own_or_none() -> None:
    _policied()

    assert _policied(_csp_replace={"img-src": "https://maps.example"}) != _policied()
    assert _policied(_csp_exempt=True) == ""


def test_a_nonce_that_no_header_names_is_refused() -> None:
    for _ in range(2):
        request = RequestFactory().get("/")
        request.wanted = False, {}  # type: ignore[attr-defined]  # of the test
        _POLICIES(request)

        with pytest.raises(CSPNonceError):
            str(request.csp_nonce)  # type: ignore[attr-defined]  # of the middleware


def test_it_keeps_problem_pages_free_of_what_was_typed() -> None:
    request = RequestFactory().get("/x/?password=secret")

    response = problems.page(request, Conflict("c", "Not now."))

    assert "secret" not in response.content.decode()


@pytest.mark.parametrize(
    ("announced", "size"),
    [
        ("", 0),
        ("12", 12),
        ("0" * 40 + "12", 12),
        ("-1", 0),
        ("9" * 5000, 0),
        ("many", 0),
        ("1e9", 0),
    ],
)
def test_it_reads_the_announced_size_as_django_does(announced: str, size: int) -> None:
    request = RequestFactory().post("/", CONTENT_LENGTH=announced)

    assert bodies.announced_size(request) == size
    assert max(0, WSGIRequest(request.environ)._stream.limit) == size
