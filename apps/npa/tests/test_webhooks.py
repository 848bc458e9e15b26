"""Webhooks: signed as the specification says, sent only where the operator allows."""

import base64
import hashlib
import hmac

import pytest

from apps.npa import webhook_signing
from apps.npa.webhook_signing import AddressRefused

HOSTS = ("hooks.example.org",)


def test_it_signs_id_time_and_body_as_standard_webhooks_does() -> None:
    # The example of the specification and its libraries.
    key = webhook_signing.key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    found = webhook_signing.signature(
        key=key,
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )

    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_it_takes_any_other_secret_as_it_is() -> None:
    found = webhook_signing.signature(key=b"s" * 32, message_id="m", timestamp=1, body=b"{}")
    digest = hmac.new(b"s" * 32, b"m.1.{}", hashlib.sha256).digest()

    assert webhook_signing.key_of("s" * 32) == b"s" * 32
    assert found == f"v1,{base64.b64encode(digest).decode()}"


def test_it_knows_its_own_signature_among_others() -> None:
    said = {"key": b"k" * 32, "message_id": "m", "timestamp": 5, "body": b"{}"}
    own = webhook_signing.signature(**said)

    assert webhook_signing.is_genuine(found=f"v1,AAAA {own}", **said)
    assert not webhook_signing.is_genuine(found=own, **said | {"body": b"{ }"})
    assert not webhook_signing.is_genuine(found=own, **said | {"timestamp": 6})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://hooks.example.org", ("hooks.example.org", "/")),
        ("https://hooks.example.org:443/a/b?c=1", ("hooks.example.org", "/a/b?c=1")),
        ("https://HOOKS.example.org/x", ("hooks.example.org", "/x")),
    ],
)
def test_it_sends_to_hosts_the_operator_allows(url: str, expected: tuple[str, str]) -> None:
    assert webhook_signing.allowed(url, hosts=HOSTS) == expected


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://hooks.example.org/", "not_https"),
        ("ftp://hooks.example.org/", "not_https"),
        ("hooks.example.org", "not_https"),
        ("https://127.0.0.1/", "host_not_allowed"),
        ("https://other.example.org/", "host_not_allowed"),
        ("https://hooks.example.org.evil.example/", "host_not_allowed"),
        ("https://hooks.example.org@evil.example/", "not_plain"),
        ("https://a:b@hooks.example.org/", "not_plain"),
        ("https://hooks.example.org:8443/", "not_plain"),
        ("https://hooks.example.org/#x", "not_plain"),
        ("https://hooks.example.org/a b", "not_plain"),
        ("https://hooks.example.org:x/", "no_address"),
        ("https://[::1/", "no_address"),
        ("", "not_https"),
    ],
)
def test_it_refuses_every_other_address(url: str, code: str) -> None:
    with pytest.raises(AddressRefused, match=f"^{code}$"):
        webhook_signing.allowed(url, hosts=HOSTS)
