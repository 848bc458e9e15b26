"""A tape lands once: good lines in the tables, bad ones in the reject file with their reason."""

import gzip
import io
import threading
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.applications.models import Application
from apps.audit.models import Event
from apps.core.errors import Conflict
from apps.customers.models import Customer
from apps.loans import importing
from apps.loans.management.commands.import_tape import read_mapping
from apps.loans.models import Loan, Outcome
from apps.loans.tests.factories import us_platform
from apps.loans.tests.test_mapping import line, tape_text

REAL_TAPE = Path(__file__).parents[4] / "shared" / "data" / "lendingclub_2007_2011.csv.gz"


def run(path: Path, rejects: Path) -> str:
    """Run the command and return what it says."""
    out = io.StringIO()
    call_command("import_tape", path, mapping="lendingclub", rejects=rejects, stdout=out)
    return out.getvalue()


def write(folder: Path, *lines: str) -> Path:
    path = folder / "tape.csv"
    path.write_text(tape_text(*lines))
    return path


@pytest.mark.django_db
def test_it_lands_a_line_in_every_table(tmp_path: Path) -> None:
    us_platform()

    said = run(write(tmp_path, line(loan_no="7")), tmp_path / "rejects.csv")

    assert said.startswith("1 landed, 0 were there already, 0 refused")
    application = Application.objects.select_related("bureau_report", "employment").get()
    assert (application.number, application.status) == ("LC-A-000007", "historic")
    assert application.amount == Decimal("7500.00")
    assert application.obligations_monthly == Decimal("261.98")
    assert application.applied_date == date(2010, 6, 1)
    assert application.bureau_report.revolving_utilisation == Decimal("0.5150")
    assert application.employment.months_employed == 6
    assert application.customer.full_name == "LendingClub borrower 7"
    assert application.loan.instalment == Decimal("255.43")
    assert application.loan.outcome.defaulted is True
    assert application.loan.outcome.total_paid == Decimal("9195.26")
    assert application.customer.obligations.get().monthly_payment == Decimal("261.98")


@pytest.mark.django_db
def test_it_keeps_names_sealed_in_the_table(tmp_path: Path) -> None:
    us_platform()
    run(write(tmp_path, line()), tmp_path / "rejects.csv")

    with connection.cursor() as cursor:
        cursor.execute("SELECT full_name FROM customers_customer")
        sealed = bytes(cursor.fetchone()[0])

    assert sealed.startswith(b"v1|t2|")
    assert b"borrower" not in sealed


@pytest.mark.django_db
def test_it_changes_nothing_the_second_time(tmp_path: Path) -> None:
    us_platform()
    path = write(tmp_path, line(loan_no="1"), line(loan_no="2"))
    run(path, tmp_path / "rejects.csv")
    before = list(Application.objects.order_by("pk").values())
    events = Event.objects.count()

    said = run(path, tmp_path / "rejects.csv")

    assert said.startswith("0 landed, 2 were there already, 0 refused")
    assert list(Application.objects.order_by("pk").values()) == before
    assert Event.objects.count() == events


@pytest.mark.django_db
def test_it_writes_refused_lines_with_column_and_reason(tmp_path: Path) -> None:
    us_platform()
    path = write(tmp_path, line(loan_no="1"), line(loan_no="2", dti="much"), line(loan_no="3"))

    said = run(path, tmp_path / "rejects.csv")

    assert said.startswith("2 landed, 0 were there already, 1 refused")
    assert (tmp_path / "rejects.csv").read_text().splitlines() == [
        "line,column,reason",
        "3,dti,'much' is not a number",
    ]
    assert Loan.objects.count() == 2


@pytest.mark.django_db
def test_it_goes_on_where_a_killed_run_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    us_platform()
    monkeypatch.setattr(importing, "CHUNK", 2)
    path = write(tmp_path, *[line(loan_no=str(number)) for number in range(1, 6)])
    killed = KeyboardInterrupt()

    def progress(count: int) -> None:
        raise killed

    with pytest.raises(KeyboardInterrupt), path.open() as lines:
        importing.import_tape(
            actor="system:test",
            mapping=read_mapping("lendingclub"),
            lines=lines,
            fingerprint="0" * 64,
            reject=lambda refusal: None,
            progress=progress,
        )
    assert Loan.objects.count() == 2

    said = run(path, tmp_path / "rejects.csv")

    assert said.startswith("3 landed, 2 were there already")
    assert Outcome.objects.count() == 5


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("nothing.csv", None, "There is no file"),
        ("empty.csv", b"", "The tape has no column"),
        ("binary.csv", b"\xff\xfe\x00\x01" * 20, "cannot be read as CSV"),
        ("half.csv.gz", gzip.compress(tape_text(line()).encode())[:-20], "cannot be read as CSV"),
    ],
    ids=["missing", "empty", "binary", "cut short"],
)
def test_it_refuses_a_file_that_is_no_tape(
    tmp_path: Path, name: str, content: bytes | None, sentence: str
) -> None:
    us_platform()
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(CommandError, match=sentence):
        run(path, tmp_path / "rejects.csv")

    assert Customer.objects.count() == 0


@pytest.mark.django_db
def test_it_names_the_mappings_there_are(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There are: lendingclub"):
        call_command("import_tape", tmp_path, mapping="../secrets")


@pytest.mark.django_db
def test_it_says_what_must_be_loaded_first(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="us-personal-36, us-personal-60, branch online"):
        run(write(tmp_path, line()), tmp_path / "rejects.csv")

    assert Customer.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_it_lets_one_of_two_imports_run(tmp_path: Path) -> None:
    us_platform()
    path = write(tmp_path, line())
    said: list[str] = []

    def second() -> None:
        try:
            with path.open() as lines:
                importing.import_tape(
                    actor="system:test",
                    mapping=read_mapping("lendingclub"),
                    lines=lines,
                    fingerprint="0" * 64,
                    reject=lambda refusal: None,
                    progress=lambda count: None,
                )
        except Conflict as refusal:
            said.append(refusal.code)
        finally:
            connection.close()

    with importing._alone(read_mapping("lendingclub")):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()

    assert said == ["import_running"]
    assert Loan.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.skipif(not REAL_TAPE.exists(), reason="the LendingClub tape is not on this machine")
def test_it_reads_the_real_tape(tmp_path: Path) -> None:
    us_platform()
    with gzip.open(REAL_TAPE, "rt") as tape:
        head = [next(tape) for _ in range(501)]
    path = tmp_path / "real.csv"
    path.write_text("".join(head))

    said = run(path, tmp_path / "rejects.csv")

    assert said.startswith("500 landed, 0 were there already, 0 refused")
    assert Outcome.objects.filter(defaulted=True).count() == sum(
        "Charged Off" in text for text in head
    )
