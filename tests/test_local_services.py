"""PostgreSQL and Redis for the two commands: start, stop, survive, and keep out of the way."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest
from django.core.management import get_commands

from creditrisk import env
from creditrisk.local import (
    accounts,
    demo,
    environment,
    keys,
    places,
    postgres,
    processes,
    redis,
    services,
    slots,
    steps,
)
from creditrisk.local.errors import LocalError


@contextmanager
def own_var() -> Iterator[Path]:
    """A `var` of its own, where PostgreSQL's account may enter (pytest's own folder is 0700)."""
    folder = Path(tempfile.mkdtemp(prefix="creditrisk-test-"))
    folder.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "VAR", folder / "var")
        patch.setattr(places, "LOGS", folder / "var" / "log")
        yield folder / "var"
    shutil.rmtree(folder)


@pytest.fixture
def var() -> Iterator[Path]:
    """An empty `var` for one test."""
    with own_var() as folder:
        yield folder


@pytest.fixture(scope="module")
def initialised() -> Iterator[Path]:
    """A `var` whose database is made once for all tests that start services."""
    with own_var() as folder:
        services.start("demo")
        yield folder


@pytest.fixture
def demo_services(
    initialised: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[services.Services]:
    """PostgreSQL and Redis as the demo runs them."""
    monkeypatch.setattr(places, "VAR", initialised)
    monkeypatch.setattr(places, "LOGS", initialised / "log")
    yield services.start("demo")
    services.stop("demo")


def query(running: services.Services, *statements: str) -> str:
    """The first column of the last statement's first row."""
    assert running.postgres
    connection = psycopg2.connect(running.postgres.url())
    try:
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return str(cursor.fetchone()[0])
    finally:
        connection.close()


def kill(pid: int | None) -> None:
    """What a crash or the kernel's out-of-memory killer does."""
    assert pid
    os.kill(pid, signal.SIGKILL)
    assert processes.wait_until(lambda: not processes.is_alive(pid), seconds=5)


def test_it_starts_a_durable_postgresql_on_a_socket_only(demo_services: services.Services) -> None:
    settings = ["data_checksums", "fsync", "server_encoding", "listen_addresses", "lc_collate"]
    settings[-1:] = ["TimeZone"]

    found = [query(demo_services, f"SHOW {name}") for name in settings]

    assert found == ["on", "on", "UTF8", "", "UTC"]
    assert demo_services.postgres
    assert stat.S_IMODE(demo_services.postgres.data.stat().st_mode) == 0o700
    assert int(query(demo_services, "SHOW server_version_num")) >= 140000


def test_it_starts_a_private_redis_that_forgets_nothing(demo_services: services.Services) -> None:
    cache = demo_services.redis
    assert cache

    wanted = {"appendonly": "yes", "maxmemory-policy": "noeviction", "port": "0"}

    assert stat.S_IMODE(cache.socket.stat().st_mode) == 0o700
    for name, value in wanted.items():
        assert redis.ask(cache, f"CONFIG GET {name}").splitlines()[-1].strip() == value


def test_it_keeps_what_was_committed_through_kill_9(demo_services: services.Services) -> None:
    assert demo_services.postgres
    assert demo_services.redis
    query(demo_services, "CREATE TABLE kept (a int)", "INSERT INTO kept VALUES (7) RETURNING a")
    kill(postgres.running_pid(demo_services.postgres))
    kill(redis.running_pid(demo_services.redis))
    assert demo_services.stopped() == ["PostgreSQL", "Redis"]

    services.start("demo")

    assert query(demo_services, "SELECT a FROM kept") == "7"
    assert demo_services.stopped() == []


def test_it_starts_although_the_pid_file_names_a_stranger(
    demo_services: services.Services,
) -> None:
    server = demo_services.postgres
    assert server
    services.stop("demo")
    (server.data / "postmaster.pid").write_text(f"{os.getppid()}\n{server.data}\n1\n5432\n")

    services.start("demo")

    assert query(demo_services, "SELECT 1") == "1"


def test_it_leaves_running_services_alone(demo_services: services.Services) -> None:
    assert demo_services.postgres
    assert demo_services.redis
    database = postgres.running_pid(demo_services.postgres)
    cache = redis.running_pid(demo_services.redis)

    again = services.start("demo")

    assert again == demo_services
    assert postgres.running_pid(demo_services.postgres) == database
    assert redis.running_pid(demo_services.redis) == cache
    assert database
    assert cache


def test_it_replaces_a_redis_that_lost_its_socket(demo_services: services.Services) -> None:
    cache = demo_services.redis
    assert cache
    before = redis.running_pid(cache)
    cache.socket.unlink()

    services.start("demo")

    assert before
    assert not processes.is_alive(before)
    assert redis.is_answering(cache)
    assert redis.running_pid(cache) != before


def test_it_says_what_it_stopped(demo_services: services.Services) -> None:
    assert services.stop("demo") == ["PostgreSQL", "Redis"]
    assert services.stop("demo") == []


def test_it_starts_nothing_where_urls_name_services(var: Path) -> None:
    given = {"DATABASE_URL": "postgresql://db/x", "CELERY_BROKER_URL": "r", "CACHE_URL": "r"}

    running = services.start("demo", given=given)

    assert (running.postgres, running.redis) == (None, None)
    assert running.environment() == {}
    assert not list(var.glob("pg*"))


def test_it_makes_a_new_directory_after_a_killed_initdb(var: Path) -> None:
    server = postgres.cluster("demo", durable=True)
    part = server.data.with_name(f"{server.data.name}.part")
    part.mkdir(parents=True)
    (part / "PG_VERSION").write_text("18\n")

    postgres.start(server)

    assert postgres.running_pid(server)
    assert not part.exists()
    postgres.stop(server)


def test_it_finds_a_short_folder_for_sockets(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "VAR", var / ("long" * 30))

    folder = places.socket_dir("demo", None)

    assert len(os.fsencode(folder / ".s.PGSQL.5432.lock")) <= 107
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_it_refuses_a_folder_for_sockets_that_somebody_else_prepared(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "VAR", var / ("long" * 30))
    folder = places.socket_dir("demo", None)
    os.chown(folder, 12345, 12345)

    with pytest.raises(LocalError, match="belongs to somebody else"):
        places.socket_dir("demo", None)

    assert folder.stat().st_uid == 12345
    folder.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="others run PostgreSQL as themselves")
def test_it_keeps_data_where_postgresql_may_go_when_root_owns_the_checkout(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "ROOT_ONLY_HOME", var.parent / "lib")
    account = accounts.server_account()
    assert account
    assert places.server_home(account) == var

    var.chmod(0o700)

    assert places.server_home(account) == var.parent / "lib" / places.digest()


@pytest.mark.skipif(os.geteuid() != 0, reason="others run PostgreSQL as themselves")
def test_it_copies_programs_its_account_cannot_reach(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "ROOT_ONLY_HOME", var.parent / "lib")
    programs = var.parent / "closed" / "bin"
    programs.mkdir(parents=True)
    (programs / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 18.1'\n")
    (programs / "postgres").chmod(0o755)
    account = accounts.server_account()
    assert postgres.reachable(programs, account) == programs

    programs.parent.chmod(0o700)

    copied = postgres.reachable(programs, account)
    assert copied != programs
    assert account
    assert account.can_run(copied / "postgres")


def test_it_gives_urls_that_django_reads(var: Path) -> None:
    server = postgres.cluster("demo", durable=True)

    read = env.database(server.url())

    assert read["NAME"] == "creditrisk"
    assert read["USER"] == "creditrisk"
    assert read["HOST"] == str(server.sockets)


def test_it_makes_secrets_once_and_keeps_them_private(var: Path) -> None:
    file = var / "demo.env"

    first = keys.load(file)

    assert keys.load(file) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    read = env.Env(first)
    assert list(read.keyring("FIELD_ENCRYPTION_KEYS")) == ["k1"]
    assert len(read.key("BLIND_INDEX_KEY")) == len(read.key("MODEL_SIGNING_KEY")) == 32
    assert keys.fresh() != keys.fresh()


def test_it_adds_a_secret_that_an_older_file_lacks(var: Path) -> None:
    var.mkdir()
    file = var / "demo.env"
    file.write_text("SECRET_KEY=kept=as-it-is\n")

    found = keys.load(file)

    assert found["SECRET_KEY"] == "kept=as-it-is"
    assert keys.load(file) == found


def test_it_puts_unpacked_libraries_first(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = var / "usr" / "lib" / "x86_64-linux-gnu"
    folder.mkdir(parents=True)
    monkeypatch.setattr(environment, "_UNPACKED_LIBRARIES", folder.parent)

    assert environment.base({"LD_LIBRARY_PATH": "/own"})["LD_LIBRARY_PATH"] == f"{folder}:/own"
    assert environment.base({})["LD_LIBRARY_PATH"] == str(folder)


def test_it_does_not_take_a_reused_pid_for_its_server() -> None:
    assert processes.is_program(os.getpid(), "python", "pytest")
    assert not processes.is_program(os.getpid(), "postgres")


def test_it_gives_concurrent_test_runs_numbers_of_their_own(var: Path) -> None:
    code = "from creditrisk.local import slots; print(slots.take(), flush=True); input()"
    variables = {**os.environ, "CREDITRISK_VAR": str(var)}
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env=variables,
            cwd=places.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]

    taken = {run.stdout.readline().strip() for run in runs if run.stdout}

    assert taken == {"0", "1"}
    assert not slots.are_all_free()
    for run in runs:
        run.kill()
        run.communicate()
    assert slots.are_all_free()


def test_it_gives_every_worker_of_every_run_its_own_redis_databases() -> None:
    numbers = [
        number
        for slot in range(slots.SLOT_COUNT)
        for worker in range(16)
        for number in slots.redis_numbers(slot, f"gw{worker}")
    ]

    assert sorted(numbers) == list(range(redis.DATABASES))


def test_it_leaves_test_services_to_a_run_that_needs_them(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = services.start("test")
    monkeypatch.setattr(slots, "are_all_free", lambda: False)

    assert services.stop("test", unless_used=True) == []

    assert running.stopped() == []
    monkeypatch.undo()
    monkeypatch.setattr(places, "VAR", var)
    assert services.stop("test", unless_used=True) == ["PostgreSQL", "Redis"]


def test_it_prepares_with_commands_that_exist() -> None:
    commands = {step.command for step in steps.PLANS["all"]} | {"demo_sign_ins", "demo_real"}

    assert commands - set(get_commands()) == set()


def test_it_prepares_again_when_an_input_changes(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "ROOT", var)
    (var / "fixtures").mkdir(parents=True)
    (var / "apps" / "tests").mkdir(parents=True)
    (var / "fixtures" / "products.json").write_text("[]")
    before = steps.fingerprint()

    (var / "apps" / "tests" / "test_new.py").write_text("")
    assert steps.fingerprint() == before
    (var / "fixtures" / "products.json").write_text("[1]")

    assert steps.fingerprint() != before


def test_it_says_that_a_port_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        monkeypatch.setenv("PORT", str(holder.getsockname()[1]))

        with pytest.raises(LocalError, match="is taken"):
            demo.free_port()


def test_it_refuses_a_tape_that_is_not_there(var: Path) -> None:
    with pytest.raises(LocalError, match="no loan tape"):
        demo.real(var / "missing.csv.gz")

    assert not var.exists()
