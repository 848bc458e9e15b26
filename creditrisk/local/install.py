"""Makes the virtual environment and installs the locked dependencies into it.

Run by the system's Python as a plain script, before anything is installed: standard library only,
nothing imported from this project. On Debian it needs neither root nor python3-venv: what is
missing is taken from Debian's own packages, unpacked inside the environment.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# Debian packages unpacked for a person who may not install them.
DEBIAN = VENV / "debian"
LOCKS = {
    "demo": ["requirements.txt"],
    "dev": ["requirements.txt", "requirements-dev.txt"],
    "challengers": ["requirements.txt", "requirements-challengers.txt"],
}
UV_LOCK = "requirements-uv.txt"
# Debian's packages and the programs in them come first.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
VERSION = (3, 11)


class InstallError(Exception):
    """Something is missing that only a person can provide; the text says what."""


def main() -> int:
    """Installs what was asked for; prints one sentence and returns 1 if it cannot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lock", choices=sorted(LOCKS), help="which locked dependencies")
    parser.add_argument("--browser", action="store_true", help="Chromium too, for browser tests")
    wanted = parser.parse_args()
    try:
        alone(lambda: install(wanted.lock))
        if wanted.browser:
            ensure_browser()
    except InstallError as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    return 0


def install(name: str) -> None:
    """Brings the environment to the state of a lock; does nothing if it is there already."""
    stamp = VENV / f".installed-{name}"
    state = lock_state(LOCKS[name])
    if not (PYTHON.exists() and read(stamp) == state):
        began = time.monotonic()
        make_environment()
        install_locked(LOCKS[name])
        stamp.write_text(state)
        say(f"Dependencies are installed ({time.monotonic() - began:.0f} s).")
    ensure_openmp()


def lock_state(locks: Sequence[str]) -> str:
    """Returns a fingerprint of the locks and of where the environment stands."""
    digest = hashlib.sha256(os.fsencode(VENV))
    for lock in locks:
        digest.update((ROOT / lock).read_bytes())
    return digest.hexdigest()


def make_environment() -> None:
    """Makes `.venv` with Python 3.11 unless it stands; one that was moved here is made anew."""
    home = VENV / ".home"
    if PYTHON.exists() and runs([PYTHON, "-c", ""]) and read(home) in {"", str(VENV)}:
        return
    if VENV.is_symlink():
        # `--clear` would empty what it points to, under whoever works with that.
        raise InstallError(f"{VENV} is a link to {VENV.resolve()}: remove the link and run again.")
    say(f"Making the virtual environment {VENV} ...")
    if sys.version_info[:2] == VERSION:
        call([sys.executable, "-m", "venv", "--clear", "--without-pip", VENV])
    elif shutil.which("uv"):
        call(["uv", "venv", "--clear", "--python", "3.11", VENV])
    else:
        raise InstallError(
            f"Python 3.11 is needed and this is {sys.version.split()[0]}: "
            "install Python 3.11 or uv, or run `make PYTHON=/path/to/python3.11 ...`."
        )
    home.write_text(str(VENV))


def install_locked(locks: Sequence[str]) -> None:
    """Installs the locks, every file checked against its hash: by the pinned uv, else by pip."""
    files = [word for lock in locks for word in ("-r", str(ROOT / lock))]
    say(f"Installing {' and '.join(locks)} ...")
    uv = find_uv()
    command = [*(uv or []), "pip", "install", "--python", PYTHON, "--require-hashes", *files]
    if not uv or run(command).returncode != 0:
        call([*find_pip(), "install", "--require-hashes", *files])


def find_uv() -> list[str | Path] | None:
    """Returns the command of uv: the pinned one, installed by pip; one on the PATH; or none."""
    own = VENV / "bin" / "uv"
    if own.exists():
        return [own]
    if shutil.which("uv"):
        return ["uv"]
    done = run([*find_pip(), "install", "--quiet", "--require-hashes", "-r", ROOT / UV_LOCK])
    return [own] if done.returncode == 0 and own.exists() else None


def find_pip() -> list[str | Path]:
    """Returns a pip that installs into the environment.

    Debian leaves pip out of `python3 -m venv` unless python3-venv is installed; its wheel can
    then be taken from the package python3-pip-whl without installing anything.
    """
    if runs([PYTHON, "-m", "pip", "--version"]):
        return [PYTHON, "-m", "pip"]
    if runs([PYTHON, "-m", "ensurepip", "--version"]):
        runs([PYTHON, "-m", "ensurepip"])
        return [PYTHON, "-m", "pip"]
    if not unpack_debian("python3-pip-whl"):
        raise InstallError("pip is missing: install Debian's package python3-venv and run again.")
    wheel = next((DEBIAN / "usr" / "share" / "python-wheels").glob("pip-*.whl"))
    return [PYTHON, wheel / "pip"]


def ensure_openmp() -> None:
    """Makes sure that libgomp is there, which LightGBM needs and minimal systems lack."""
    if has_library("libgomp.so.1"):
        return
    say("LightGBM needs libgomp1; installing Debian's package ...")
    installed = install_debian("libgomp1") or unpack_debian("libgomp1")
    if not (installed and has_library("libgomp.so.1")):
        raise InstallError(
            "LightGBM needs the library libgomp1: run `sudo apt-get install libgomp1`."
        )


def has_library(name: str) -> bool:
    """Says whether the loader finds a library on the system or among the unpacked packages."""
    if any(DEBIAN.glob(f"usr/lib/*/{name}")):
        return True
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def ensure_browser() -> None:
    """Makes sure that a Chromium is on the PATH for the browser tests.

    Without windows where Debian has that package, which is smaller and takes less to run: CI wants
    it where another one is there, too, and goes on with that one where it cannot be had.
    """
    wanted = BROWSERS[:1] if os.environ.get("CI") else BROWSERS
    if any(map(shutil.which, wanted)):
        return
    say("Browser tests need Chromium; installing Debian's package ...")
    any(install_debian(name, "fonts-liberation") for name in BROWSERS[:2])
    if not any(map(shutil.which, BROWSERS)):
        raise InstallError(
            "Browser tests need Chromium: run `sudo apt-get install chromium`, "
            "or leave them out with `make test-fast`."
        )


def install_debian(*packages: str) -> bool:
    """Installs Debian packages where we may (root, or sudo without a password)."""
    may = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (may and not runs([*may, "true"])):
        return False
    setting = [*may, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    command = [*setting, "install", "-y", "-q", "--no-install-recommends", *packages]
    if run(command).returncode == 0:
        return True
    run([*setting, "update", "-q"])
    return run(command).returncode == 0


def unpack_debian(*packages: str) -> bool:
    """Downloads Debian packages (signed, checked by apt) and unpacks them into the environment.

    Needs no rights: apt keeps its lists in the environment too.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        return False
    state = DEBIAN / "apt"
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    options = ["-q", "-o", f"Dir::State={state}/state", "-o", f"Dir::Cache={state}/cache"]
    options += ["-o", "Dir::State::status=/var/lib/dpkg/status", "-o", "APT::Sandbox::User="]
    if run(["apt-get", *options, "update"]).returncode != 0:
        return False
    if run(["apt-get", *options, "download", *packages], folder=state).returncode != 0:
        return False
    done = [run(["dpkg", "-x", file, DEBIAN]).returncode for file in state.glob("*.deb")]
    shutil.rmtree(state)
    return bool(done) and not any(done)


def alone(work: Callable[[], None]) -> None:
    """Does the work while no other `make` of this checkout installs."""
    folder = ROOT / "var"
    folder.mkdir(exist_ok=True)
    with (folder / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        work()


def read(file: Path) -> str:
    """Returns a file's text, nothing if there is no file."""
    try:
        return file.read_text()
    except FileNotFoundError:
        return ""


def say(sentence: str) -> None:
    """Tells the person what happens now."""
    print(sentence, flush=True)


def runs(command: Sequence[str | Path]) -> bool:
    """Says whether a command succeeds; its output goes nowhere."""
    try:
        done = subprocess.run(list(map(str, command)), check=False, capture_output=True)
    except OSError:
        return False
    return done.returncode == 0


def run(command: Sequence[str | Path], folder: Path = ROOT) -> subprocess.CompletedProcess[bytes]:
    """Runs a command with its output on the person's screen."""
    return subprocess.run(
        list(map(str, command)), check=False, cwd=folder, stdin=subprocess.DEVNULL
    )


def call(command: Sequence[str | Path]) -> None:
    """Runs a command that must succeed."""
    if run(command).returncode != 0:
        raise InstallError(f"This failed: {' '.join(map(str, command))}")


if __name__ == "__main__":
    sys.exit(main())
