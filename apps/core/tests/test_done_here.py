"""Work that the caller does at once is not sent as well."""

from typing import Any

import pytest

from apps.core import jobs

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_sends_nothing_that_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(jobs.current_app, "send_task", lambda task, kwargs: sent.append(task))

    with jobs.done_here("letters.render"):
        jobs.enqueue("letters.render", letter_ids=["1"])
        jobs.enqueue("decisions.assess", application_id="1")
    jobs.enqueue("letters.render", letter_ids=["2"])

    assert sent == ["decisions.assess", "letters.render"]
