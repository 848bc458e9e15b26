"""A small mail server of our own: what it took, and how it misbehaves when asked to."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Mailbox:
    """Where the server listens, the messages it took, and the answers it gives instead of 250.

    `answers` maps a command (`RCPT`, `DATA`, `END` for the end of a message) to its answer; an
    empty one breaks the connection.
    """

    port: int = 0
    messages: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        box: Mailbox = self.server.box  # type: ignore[attr-defined]
        self._say("220 test")
        while line := self.rfile.readline().decode():
            word = line.split(maxsplit=1)[0].strip().upper()
            if word == "QUIT":
                self._say("221 bye")
                return
            if not self._answer(box, word):
                return

    def _answer(self, box: Mailbox, word: str) -> bool:
        answer = box.answers.get(word, "354 go on" if word == "DATA" else "250 ok")
        if not answer:
            return False
        self._say(answer)
        return word != "DATA" or answer[0] != "3" or self._take(box)

    def _take(self, box: Mailbox) -> bool:
        lines = iter(lambda: self.rfile.readline().decode(), ".\r\n")
        text = "".join(lines)
        answer = box.answers.get("END", "250 taken")
        if answer.startswith("250"):
            box.messages.append(text)
        if answer:
            self._say(answer)
        return bool(answer)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def listening() -> Iterator[Mailbox]:
    """Run a server on a free port of this machine inside the block."""
    box = Mailbox()
    with _Server(("127.0.0.1", 0), _Session) as server:
        server.box = box  # type: ignore[attr-defined]
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()


def settings_for(port: int) -> dict[str, Any]:
    """Return the settings that let Django send to a server of this machine."""
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": port,
        "EMAIL_USE_TLS": False,
        "EMAIL_USE_SSL": False,
        "EMAIL_HOST_USER": "",
        "EMAIL_HOST_PASSWORD": "",
        "EMAIL_TIMEOUT": 2,
        "LETTERS_BY_EMAIL": True,
    }
