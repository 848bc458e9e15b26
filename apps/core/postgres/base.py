"""The connection: whether it still lives is seen from its socket instead of asked with a query.

Every request begins with that question. A server that has gone has closed the socket, or reset it,
and then the socket can be read; one that waits for us has nothing to say.
"""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to PostgreSQL."""

    def is_usable(self) -> bool:
        """Say whether the connection can be used; a query settles it if the server has spoken."""
        return self._is_silent() or bool(super().is_usable())

    def _is_silent(self) -> bool:
        """Say whether the connection is open and nothing has come over it unasked."""
        if self.connection is None or self.connection.closed:
            return False
        waiting = select.poll()
        waiting.register(self.connection.fileno(), select.POLLIN)
        return not waiting.poll(0)
