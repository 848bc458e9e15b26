"""Send messages behind the answer: one thread of the process, what waits together in one message.

A web process hands its messages over and answers. The thread waits a moment for others: sending
takes the processor as long as a tenth of a decision, however much a message holds. What a process
that dies had not sent yet is found by the minute's sweep, as any lost message is.
"""

import atexit
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import Any

import structlog

from apps.core import jobs

logger = structlog.get_logger(__name__)
Message = tuple[str, dict[str, Any]]
# How long a process that ends waits for its last messages, in seconds.
_PATIENCE = 2.0
# How long a message waits for others, in seconds; nobody who looks at a page notices.
_MOMENT = 0.05


class Outbox:
    """Messages that wait, and the thread that sends them; it begins with the first message.

    A thread does not outlive a fork, so a process that was forked begins one of its own.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = 0
        self._waiting: SimpleQueue[Message | None] = SimpleQueue()

    def put(self, task: str, arguments: dict[str, Any]) -> None:
        """Take a message over."""
        if self._process != os.getpid():
            self._begin()
        self._waiting.put((task, arguments))

    def _begin(self) -> None:
        with self._lock:
            if self._process == os.getpid():
                return
            self._waiting = SimpleQueue()
            thread = threading.Thread(target=self._run, name="outbox", daemon=True)
            thread.start()
            atexit.register(self._end, thread)
            self._process = os.getpid()

    def _end(self, thread: threading.Thread) -> None:
        self._waiting.put(None)
        thread.join(_PATIENCE)

    def _run(self) -> None:
        while True:
            found = [self._waiting.get()]
            if found[0] is not None:
                time.sleep(_MOMENT)
            found += _at_hand(self._waiting)
            for task, arguments in joined(message for message in found if message):
                try:
                    jobs.send(task, arguments)
                except Exception:
                    # One message that cannot be sent must not end the sending of all others.
                    logger.exception("message_not_sent", task=task)
            if None in found:
                return


def joined(messages: Iterable[Message]) -> Iterator[Message]:
    """Yield messages, those of one task whose only argument is the same list as a single one."""
    lists: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for task, arguments in messages:
        name, value = next(iter(arguments.items()), ("", None))
        if len(arguments) == 1 and isinstance(value, list):
            lists[task, name] += value
        else:
            yield task, arguments
    for (task, name), values in lists.items():
        yield task, {name: values}


def _at_hand(waiting: SimpleQueue[Message | None]) -> Iterator[Message | None]:
    while True:
        try:
            yield waiting.get_nowait()
        except Empty:
            return


def send_behind_answers() -> None:
    """From now on this process sends its messages by a thread of its own."""
    jobs.send_by(Outbox().put)
