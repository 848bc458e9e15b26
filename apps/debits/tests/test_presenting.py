"""Files of debits: prepared by one person, released by another, of what still stands."""

import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core import withheld
from apps.core.errors import Conflict, NotPermitted, NotVisible
from apps.debits import layouts, owing, sentences, services
from apps.debits.errors import NothingToPresent, OwnFile
from apps.debits.models import Debit, DebitFile, Mandate
from apps.debits.services import presenting
from apps.debits.tests import factories
from apps.loans.models import Loan
from apps.repayments import hooks
from apps.repayments.tests import factories as books
from conftest import MakePerson

pytestmark = pytest.mark.django_db
TODAY, at, refused = factories.TODAY, factories.at, factories.refused


def test_one_prepares_and_another_releases(
    alice: User, bob: User, lent: Loan, mandate: Mandate
) -> None:
    day = books.due_dates(lent)[0]
    before = at(day - timedelta(days=1))
    owed = lent.instalments.get(number=1, in_force=True).due

    file = factories.prepared(alice, day)
    assert (file.status, str(file), file.made_by) == ("prepared", "sahyadri-DD000001", alice)
    released = services.release_file(actor=bob, file=file, now=before)

    debit = file.debits.get()
    assert (debit.status, debit.amount, debit.due_date, debit.attempt) == (
        "presented",
        owed,
        day,
        1,
    )
    assert (released.debits_count, released.total) == (1, owed)
    content = services.fetch_file(actor=bob, file=released)
    account = "50100123456789,HDFC0000007"
    assert layouts.fingerprint(content) == released.sha256
    assert content.decode().split("\r\n") == [
        f"H,creditrisk-debits-1,sahyadri,sahyadri-DD000001,INR,{day}",
        f"D,sahyadri-DD000001-00001,{mandate.reference},Meera Joshi,{account},INR,{owed},{day},"
        + lent.number,
        f"T,1,{owed}",
        "",
    ]
    assert Event.objects.filter(verb="debits.file_fetched").count() == 1


def test_nobody_releases_their_own_file(charlie: User, lent: Loan, mandate: Mandate) -> None:
    file = factories.prepared(charlie, books.due_dates(lent)[0])

    found = refused(lambda: services.release_file(actor=charlie, file=file, now=at(TODAY)))

    assert isinstance(found, OwnFile)
    with (
        pytest.raises(IntegrityError, match="debits_file_released_by_another"),
        transaction.atomic(),
    ):
        file.move(
            "release",
            released_by=charlie,
            released_at=at(TODAY),
            content=b"x",
            sha256="x",
            debits_count=1,
            total=1,
        )


def test_what_is_underway_is_not_asked_for_again(alice: User, lent: Loan, mandate: Mandate) -> None:
    day = books.due_dates(lent)[0]
    file = factories.prepared(alice, day)

    assert isinstance(refused(lambda: factories.prepared(alice, day)), NothingToPresent)
    debit = file.debits.get()
    with pytest.raises(IntegrityError, match="debits_debit_one_underway"), transaction.atomic():
        Debit.objects.create(
            file=file,
            number=2,
            mandate=mandate,
            loan=lent,
            reference="another",
            due_date=day,
            amount=debit.amount,
            owed=debit.owed,
        )


def test_it_asks_for_what_is_due_less_advances_up_to_the_maximum(
    alice: User, bob: User, lent: Loan
) -> None:
    day = books.due_dates(lent)[0]
    owed = lent.instalments.get(number=1, in_force=True).due
    factories.active(alice, lent, maximum=Decimal("5000.00"))
    books.pay(alice, lent, TODAY, "1000.00")

    debit = factories.presented(alice, bob, day)

    assert (debit.amount, debit.owed) == (Decimal("5000.00"), owed - 1000)


def test_it_takes_what_is_overdue_only_where_the_rule_says_so(
    alice: User, lent: Loan, mandate: Mandate
) -> None:
    _first, second = books.due_dates(lent)[:2]
    rows = lent.instalments.filter(in_force=True, number__lte=2)
    one, two = (row.due for row in rows.order_by("number"))

    alone = factories.prepared(alice, second)
    assert alone.debits.get().amount == two
    services.withdraw_file(actor=alice, file=alone, reason="The rule is set anew.")
    factories.rule(lent, takes_overdue=True)

    with_overdue = factories.prepared(alice, second).debits.get()
    assert (with_overdue.amount, with_overdue.due_date) == (min(one + two, Decimal(20_000)), second)


def test_a_mandate_for_all_loans_covers_each_of_them(alice: User, bob: User, lent: Loan) -> None:
    factories.active(alice, lent, for_all_loans=True)
    day = books.due_dates(lent)[0]

    found = factories.prepared(alice, day).debits.get()

    assert (found.loan, found.mandate.loan) == (lent, None)


def test_the_pause_of_one_loan_holds_though_another_mandate_covers_all(
    alice: User, lent: Loan, mandate: Mandate
) -> None:
    factories.active(alice, lent, for_all_loans=True)
    services.pause_mandate(actor=alice, mandate=mandate, reason="Between two jobs")
    day = books.due_dates(lent)[0]

    refusal = refused(lambda: factories.prepared(alice, day))

    assert isinstance(refusal, NothingToPresent)
    assert not Debit.objects.exists()


def test_the_pause_of_one_loan_holds_at_the_release_though_another_mandate_covers_all(
    alice: User, bob: User, lent: Loan
) -> None:
    factories.active(alice, lent, for_all_loans=True)
    file = factories.prepared(alice, books.due_dates(lent)[0])
    of_loan = factories.active(alice, lent)
    services.pause_mandate(actor=alice, mandate=of_loan, reason="Between two jobs")

    found = refused(lambda: services.release_file(actor=bob, file=file, now=at(TODAY)))

    assert found.code == "nothing_left"


def test_why_a_file_was_withdrawn_is_kept_with_it_and_not_in_the_trail(
    alice: User, lent: Loan, mandate: Mandate
) -> None:
    file = factories.prepared(alice, books.due_dates(lent)[0])

    services.withdraw_file(actor=alice, file=file, reason="Meera Joshi called.")

    assert DebitFile.objects.get().withdrawn_reason == "Meera Joshi called."
    with connection.cursor() as cursor:
        cursor.execute("SELECT status, t::text FROM debits_debitfile AS t")
        [(status, row)] = cursor.fetchall()
    assert (status, "Joshi" in row) == ("withdrawn", False)
    assert "Joshi" not in str(Event.objects.get(verb="debits.file_withdrawn").facts)


def test_without_a_mandate_that_holds_nothing_is_asked_for(alice: User, lent: Loan) -> None:
    day = books.due_dates(lent)[0]
    factories.active(alice, lent, until_date=day - timedelta(days=1))

    assert isinstance(refused(lambda: factories.prepared(alice, day)), NothingToPresent)


def test_a_loan_of_which_nothing_is_due_is_counted_and_not_read(
    alice: User, lent: Loan, mandate: Mandate, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = books.due_dates(lent)[0]
    monkeypatch.setattr(owing, "owing", lambda *_args: pytest.fail("It was read."))

    found, left_out = presenting._select(None, lent.branch.entity, None, day - timedelta(days=1))

    assert (found, left_out) == ([], {"nothing_due": 1})


def test_a_borrower_who_is_left_alone_is_not_asked(
    alice: User, lent: Loan, mandate: Mandate, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused = Loan.objects.filter(pk=lent.pk).values("pk")
    monkeypatch.setattr(hooks, "_left_alone", [lambda _day: paused])

    found = refused(lambda: factories.prepared(alice, books.due_dates(lent)[0]))

    assert isinstance(found, NothingToPresent)
    assert "Loans left out: the borrower is left alone for a time: 1." in str(found.sentence)


def test_what_is_overdue_but_collected_for_its_due_date_is_told_where_nothing_is_asked_for(
    alice: User, bob: User, lent: Loan, mandate: Mandate
) -> None:
    factories.rule(lent, takes_overdue=True)
    day = books.due_dates(lent)[0]
    debit = factories.presented(alice, bob, day)
    # The bank took a part; the rest is overdue.
    factories.answered(alice, [factories.row(debit, amount="100.00")], day=day)

    found = refused(lambda: factories.prepared(alice, day + timedelta(days=1)))

    assert isinstance(found, NothingToPresent)
    assert str(found.sentence) == (
        "No loan with a mandate has anything to ask for on that day."
        " Loans left out: collected for this due date already: 1."
    )


def test_where_no_loan_has_a_mandate_none_is_left_out(alice: User, lent: Loan) -> None:
    found = refused(lambda: factories.prepared(alice, books.due_dates(lent)[0]))

    assert str(found.sentence) == "No loan with a mandate has anything to ask for on that day."


def test_a_borrower_who_is_left_alone_since_is_left_out_at_the_release(
    alice: User, bob: User, lent: Loan, mandate: Mandate, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = factories.prepared(alice, books.due_dates(lent)[0])
    paused = Loan.objects.filter(pk=lent.pk).values("pk")
    monkeypatch.setattr(hooks, "_left_alone", [lambda _day: paused])

    found = refused(lambda: services.release_file(actor=bob, file=file, now=at(TODAY)))

    assert found.code == "nothing_left"
    assert sentences.reason("left_alone").startswith("The borrower is left alone")


def test_what_was_paid_meanwhile_is_left_out_at_the_release(
    alice: User, bob: User, lent: Loan, mandate: Mandate
) -> None:
    day = books.due_dates(lent)[0]
    file = factories.prepared(alice, day)
    books.pay(alice, lent, TODAY, "500.00")

    with pytest.raises(NothingToPresent) as found:
        services.release_file(actor=bob, file=file, now=at(TODAY))

    assert found.value.code == "nothing_left"
    # Nothing changed: the file can be withdrawn, with its debits.
    assert file.debits.get().status == "waiting"
    services.withdraw_file(actor=bob, file=file, reason="Paid at the desk.")
    assert (file.debits.get().status, DebitFile.objects.get().status) == ("withdrawn", "withdrawn")


def test_what_the_machine_prepared_is_taken_on_before_it_is_released(
    alice: User, bob: User, charlie: User, lent: Loan, mandate: Mandate
) -> None:
    day = books.due_dates(lent)[0]
    now = at(day - timedelta(days=1))
    factories.rule(lent, prepares_itself=True, days_ahead=1)

    assert services.prepare_due(now=now) == 1
    assert services.prepare_due(now=now) == 0

    file = DebitFile.objects.get()
    assert (file.status, file.made_by, file.branch) == ("draft", None, None)
    assert isinstance(
        refused(lambda: services.release_file(actor=charlie, file=file, now=now)), Conflict
    )
    # A whole lender's file is for who works everywhere.
    assert isinstance(refused(lambda: services.take_file_on(actor=alice, file=file)), NotVisible)
    taken = services.take_file_on(actor=charlie, file=file)
    assert (taken.status, taken.made_by) == ("prepared", charlie)
    assert isinstance(
        refused(lambda: services.release_file(actor=charlie, file=file, now=now)), OwnFile
    )


@pytest.mark.parametrize("days", [-1, 11])
def test_a_day_that_is_over_or_far_ahead_is_refused(
    alice: User, pune: Branch, lent: Loan, mandate: Mandate, days: int
) -> None:
    found = refused(
        lambda: services.prepare_file(
            actor=alice,
            entity=pune.entity,
            branch=pune,
            collect_on=TODAY + timedelta(days=days),
            now=at(TODAY),
        )
    )

    assert found.code == "day_refused"


def test_it_takes_the_right_and_the_branch(
    alice: User,
    bob: User,
    amir: User,
    lent: Loan,
    mandate: Mandate,
    pune: Branch,
    nashik: Branch,
    make_person: MakePerson,
) -> None:
    day = books.due_dates(lent)[0]
    elsewhere = make_person("Nisha", "loan_officer", branch=nashik)
    file = factories.prepared(alice, day)

    assert isinstance(refused(lambda: factories.prepared(amir, day)), NotPermitted)
    assert isinstance(
        refused(lambda: factories.prepared(elsewhere, day, branch=pune)), NotPermitted
    )
    assert isinstance(
        refused(lambda: services.release_file(actor=alice, file=file, now=at(TODAY))), NotPermitted
    )
    assert isinstance(
        refused(lambda: services.withdraw_file(actor=elsewhere, file=file, reason="no")),
        NotVisible,
    )
    assert isinstance(refused(lambda: services.fetch_file(actor=bob, file=file)), Conflict)


def test_who_must_not_see_a_loan_does_not_fetch_its_account(
    alice: User, bob: User, lent: Loan, mandate: Mandate, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = factories.presented(alice, bob, books.due_dates(lent)[0]).file
    kept = type(lent.application).objects.filter(pk=lent.application_id).values("pk")
    monkeypatch.setattr(withheld, "_sources", [lambda _actor: [kept]])

    found = refused(lambda: services.fetch_file(actor=bob, file=file))

    assert found.code == "withheld"


def test_a_file_that_was_altered_is_not_handed_over(
    alice: User, bob: User, lent: Loan, mandate: Mandate
) -> None:
    file = factories.presented(alice, bob, books.due_dates(lent)[0]).file
    file.refresh_from_db()
    file.content = bytes(file.content) + b"x"
    file.save(update_fields=["content"])

    assert refused(lambda: services.fetch_file(actor=bob, file=file)).code == "file_altered"
    with pytest.raises(Exception, match="debits_file_as_released"), transaction.atomic():
        DebitFile.objects.filter(pk=file.pk).update(sha256="0" * 64)


def test_the_command_prepares_for_a_lender(
    alice: User, lent: Loan, mandate: Mandate, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = books.due_dates(lent)[0]
    monkeypatch.setattr(timezone, "now", lambda: at(day))
    said = io.StringIO()

    call_command("prepare_debits", "--date", day.isoformat(), "--entity", "sahyadri", stdout=said)
    call_command("prepare_debits", "--date", day.isoformat(), stdout=said)

    assert "sahyadri: sahyadri-DD000001, 1 debits, INR" in said.getvalue()
    assert "No loan with a mandate has anything to ask for on that day." in said.getvalue()
    with pytest.raises(CommandError, match="There is no lender 'nobody'"):
        call_command("prepare_debits", "--date", day.isoformat(), "--entity", "nobody")
