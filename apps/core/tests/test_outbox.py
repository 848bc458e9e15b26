"""A web process sends its messages behind the answer; nothing of it changes what is sent."""

import threading
from typing import Any

import pytest

from apps.core import jobs, outbox


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    messages: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(jobs, "send", lambda task, arguments: messages.append((task, arguments)))
    return messages


def test_it_joins_the_lists_of_one_task() -> None:
    messages = [
        ("letters.render", {"letter_ids": ["a"]}),
        ("decisions.assess", {"application_id": "b"}),
        ("letters.render", {"letter_ids": ["c", "d"]}),
    ]

    assert list(outbox.joined(messages)) == [
        ("decisions.assess", {"application_id": "b"}),
        ("letters.render", {"letter_ids": ["a", "c", "d"]}),
    ]


def test_it_joins_nothing_else() -> None:
    messages: list[outbox.Message] = [
        ("audit.seal", {}),
        ("audit.seal", {}),
        ("letters.render", {"letter_ids": ["a"], "again": True}),
        ("letters.render", {"letter_ids": ["b"]}),
        ("letters.other", {"letter_ids": ["c"]}),
    ]

    assert list(outbox.joined(messages)) == messages


def test_it_sends_what_it_was_given_before_the_process_ends(sent: list[object]) -> None:
    box = outbox.Outbox()

    for number in range(50):
        box.put("decisions.assess", {"application_id": str(number)})
    _finish(box)

    assert sent == [("decisions.assess", {"application_id": str(n)}) for n in range(50)]


def test_it_waits_a_moment_for_others_of_the_same_task(
    monkeypatch: pytest.MonkeyPatch, sent: list[object]
) -> None:
    given, moment = threading.Event(), outbox.time.sleep
    monkeypatch.setattr(outbox.time, "sleep", lambda _seconds: given.wait(10))
    box = outbox.Outbox()

    box.put("letters.render", {"letter_ids": ["a"]})
    moment(0.02)  # The thread has taken the first one by now, and holds it.
    box.put("letters.render", {"letter_ids": ["b"]})
    box.put("letters.render", {"letter_ids": ["c"]})
    given.set()
    _finish(box)

    assert sent == [("letters.render", {"letter_ids": ["a", "b", "c"]})]


def test_it_sends_on_after_a_message_that_failed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[str] = []

    def send(task: str, _arguments: dict[str, Any]) -> None:
        if task == "broken":
            raise KeyError(task)
        sent.append(task)

    monkeypatch.setattr(jobs, "send", send)
    box = outbox.Outbox()

    box.put("broken", {})
    box.put("whole", {})
    _finish(box)

    assert sent == ["whole"]
    assert "message_not_sent" in caplog.text


def test_it_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    broker_answers = threading.Event()
    sent: list[str] = []

    def send(task: str, _arguments: dict[str, Any]) -> None:
        assert broker_answers.wait(10)
        sent.append(task)

    monkeypatch.setattr(jobs, "send", send)
    box = outbox.Outbox()

    box.put("slow", {})
    assert sent == []
    broker_answers.set()
    _finish(box)

    assert sent == ["slow"]


def _finish(box: outbox.Outbox) -> None:
    (thread,) = [one for one in threading.enumerate() if one.name == "outbox"]
    box._end(thread)
    assert not thread.is_alive()
