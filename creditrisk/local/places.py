"""Where local services keep their data, sockets and logs."""

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from creditrisk.local import accounts
from creditrisk.local.errors import LocalError

ROOT = Path(__file__).resolve().parents[2]
VAR = Path(os.environ.get("CREDITRISK_VAR") or ROOT / "var").absolute()
LOGS = VAR / "log"

# Belongs to root, unlike /var/tmp, so nobody else can prepare it and nothing sweeps it.
ROOT_ONLY_HOME = Path("/var/lib/creditrisk")

# The kernel's limit for the path of a Unix socket is 107 bytes; the longest name we put there
# is PostgreSQL's ".s.PGSQL.5432.lock".
_SOCKET_DIR_BYTES_MAX = 107 - len("/.s.PGSQL.5432.lock")


def make(folder: Path) -> Path:
    """Makes a folder that others may pass through, in spite of a strict umask."""
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o755)
    return folder


def digest() -> str:
    """Returns eight characters that tell this checkout's services from another's."""
    return hashlib.sha256(os.fsencode(VAR)).hexdigest()[:8]


def server_home(account: accounts.Account | None) -> Path:
    """Returns the folder for a server's data and sockets: `var`, or one its account can reach.

    A checkout below root's own 0700 home is out of reach for the account that PostgreSQL must
    run as; its data then lives in /var/lib/creditrisk, one folder per checkout.
    """
    make(VAR)
    if account is None or account.can_enter(VAR):
        return VAR
    make(ROOT_ONLY_HOME)
    return make(ROOT_ONLY_HOME / digest())


def socket_dir(flavour: str, account: accounts.Account | None) -> Path:
    """Returns the private folder (0700) for the sockets of one flavour of services, made if new.

    Raises LocalError if somebody else already owns the folder.
    """
    folder = server_home(account) / "run" / flavour
    if len(os.fsencode(folder)) > _SOCKET_DIR_BYTES_MAX:
        shared = tempfile.gettempdir()
        runtime = shared if account else os.environ.get("XDG_RUNTIME_DIR", shared)
        folder = Path(runtime) / f"creditrisk-{digest()}-{flavour}"
    make(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = account.uid if account else os.geteuid()
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.geteuid()}:
        raise LocalError(f"{folder} belongs to somebody else; remove it and try again.")
    folder.chmod(0o700)
    if account:
        os.chown(folder, account.uid, account.gid)
    return folder


def log_file(name: str) -> Path:
    """Returns the path of a service's log; its folder exists afterwards."""
    LOGS.mkdir(parents=True, exist_ok=True)
    return LOGS / f"{name}.log"


def open_to_all(folder: Path) -> None:
    """Lets every account read a folder and run what its owner may run, whatever the umask was."""
    for path in (folder, *folder.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        path.chmod(mode | 0o055 if mode & 0o100 else mode | 0o044)


def delete(paths: Iterable[Path]) -> None:
    """Deletes files and folders; what is not there is fine."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
