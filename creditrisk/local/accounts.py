"""Which operating-system account PostgreSQL runs as; it refuses to run as root."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from creditrisk.local.errors import LocalError


@dataclass(frozen=True)
class Account:
    """An unprivileged account that root hands a server to."""

    name: str
    uid: int
    gid: int

    def can_enter(self, folder: Path) -> bool:
        """Says whether this account may change into the folder, all its parents included."""
        return self._succeeds(["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)])

    def can_run(self, program: Path) -> bool:
        """Says whether this account may run `program --version`."""
        return self._succeeds([str(program), "--version"])

    def _succeeds(self, command: Sequence[str]) -> bool:
        try:
            done = subprocess.run(
                command, check=False, capture_output=True, cwd="/", **as_account(self)
            )
        except OSError:
            return False
        return done.returncode == 0


def server_account() -> Account | None:
    """Returns the account for servers that refuse root, or None when we are not root.

    `postgres` where Debian's package made it, else `nobody`. Raises LocalError if neither exists.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise LocalError("PostgreSQL cannot run as root: add an account `postgres` and try again.")


def as_account(account: Account | None) -> dict[str, Any]:
    """Returns the arguments of subprocess calls that run as the account; none for ourselves."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}
