"""The commands behind the Makefile: `python -m creditrisk.local --help`."""

import argparse
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from creditrisk.local import demo, environment, keys, postgres, services, slots
from creditrisk.local.errors import LocalError

_STATUS_AFTER_CTRL_C = 130


def main() -> int:
    """Runs one command; a LocalError becomes its sentence and status 1."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    options = _parser().parse_args()
    command: Callable[[argparse.Namespace], int] = options.run
    try:
        return command(options)
    except LocalError as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _STATUS_AFTER_CTRL_C


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m creditrisk.local", description=__doc__)
    commands = parser.add_subparsers(required=True)

    one = commands.add_parser("demo", help="services, web, worker and beat until Ctrl-C")
    one.add_argument("--database", choices=postgres.KNOWN, default=postgres.DATABASE)
    one.set_defaults(run=lambda options: demo.serve(options.database))

    one = commands.add_parser("demo-real", help="import and judge a real loan tape")
    one.add_argument("tape", type=Path)
    one.add_argument("arguments", nargs="*", help="more for manage.py demo_real, after --")
    one.set_defaults(run=lambda options: demo.real(options.tape, options.arguments))

    one = commands.add_parser("demo-reset", help="stop the demo and delete its data")
    one.set_defaults(run=_reset)

    one = commands.add_parser("test", help="run a test command, then stop the test services")
    one.add_argument("command", nargs=argparse.REMAINDER)
    one.set_defaults(run=_test)

    one = commands.add_parser("test-services", help="start the test services and print their URLs")
    one.set_defaults(run=lambda _options: _print(services.start("test").environment()))

    one = commands.add_parser("env", help="start the demo's services, print its environment")
    one.set_defaults(run=lambda _options: _print(_demo_environment()))

    one = commands.add_parser("keys", help="print new secrets, as lines for an environment file")
    one.set_defaults(run=_keys)

    one = commands.add_parser("run", help="run a command in an environment of ours")
    one.add_argument("settings", choices=["demo", "test", "production"])
    one.add_argument("command", nargs=argparse.REMAINDER)
    one.set_defaults(run=_run)

    one = commands.add_parser("stop", help="stop the demo and every idle service of this checkout")
    one.set_defaults(run=_stop)
    return parser


def _run(options: argparse.Namespace) -> int:
    """Runs a command with the demo's, the tests' or a production check's environment."""
    if options.settings == "demo":
        return _call(options.command, _demo_environment())
    # While it is held, a test run that ends leaves the services running.
    slots.take()
    running = services.start("test", given=os.environ)
    if options.settings == "test":
        return _call(options.command, environment.for_tests(running))
    return _call(options.command, environment.for_production_check(running))


def _test(options: argparse.Namespace) -> int:
    """Runs the tests, which start their own services, and stops these if nobody else tests."""
    try:
        return _call(options.command, environment.base())
    finally:
        services.stop("test", unless_used=True)


def _keys(_options: argparse.Namespace) -> int:
    for name, value in keys.fresh().items():
        print(f"{name}={value}")
    return 0


def _reset(_options: argparse.Namespace) -> int:
    demo.reset()
    print("The demo's data is gone; `make demo` starts over.")
    return 0


def _stop(_options: argparse.Namespace) -> int:
    stopped = ["the demo"] if demo.stop() else []
    stopped += [f"{name} (demo)" for name in services.stop("demo")]
    stopped += [f"{name} (tests)" for name in services.stop("test", unless_used=True)]
    print(f"Stopped {', '.join(stopped)}." if stopped else "Nothing was running.")
    return 0


def _demo_environment() -> dict[str, str]:
    return environment.for_demo(services.start("demo", given=os.environ))


def _print(variables: dict[str, str]) -> int:
    """Prints what is not in our own environment, as lines for a shell to read."""
    for name, value in variables.items():
        if os.environ.get(name) != value:
            print(f"export {name}={shlex.quote(value)}")
    return 0


def _call(command: list[str], variables: dict[str, str]) -> int:
    words = command[1:] if command[:1] == ["--"] else command
    return subprocess.run(words, check=False, env=variables).returncode


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
