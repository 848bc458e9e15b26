"""No log line carries a link that opens an applicant's own pages."""

import logging
from datetime import timedelta
from types import SimpleNamespace

import pytest
from gunicorn.config import Config  # type: ignore[import-untyped]  # it has no types

from apps.core import logs
from creditrisk.access_log import AccessLog
from creditrisk.local import demo, places

PATH = f"/my/{'Ab9' * 20}/letters/"


def test_the_access_log_keeps_no_token() -> None:
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": PATH,
        "PATH_INFO": PATH,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_REFERER": f"https://credit.example{PATH}",
    }
    answer = SimpleNamespace(status="200 OK", sent=1, headers=[])

    atoms = AccessLog(Config()).atoms(
        answer, SimpleNamespace(headers=[]), environ, timedelta(milliseconds=5)
    )

    assert atoms["U"] == "/my/••••/letters/"
    assert "Ab9" not in atoms["r"] + atoms["f"]


def test_a_refused_request_is_logged_without_its_token() -> None:
    line = logging.LogRecord(
        "django.security.csrf", logging.WARNING, __file__, 1, "Forbidden: %s", (PATH,), None
    )

    text = logs.formatter(json=False).format(line)

    assert "/my/••••/letters/" in text
    assert "Ab9" not in text


@pytest.mark.parametrize("start", ["deploy/Dockerfile", "deploy/systemd/creditrisk-web.service"])
def test_every_server_writes_this_log(start: str) -> None:
    assert "creditrisk.access_log.AccessLog" in (places.ROOT / start).read_text()
    assert "creditrisk.access_log.AccessLog" in demo.programs(8000)[0].command
