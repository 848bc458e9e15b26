from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pgtrigger
import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from structlog.testing import capture_logs

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.letters import rendering, services, tasks
from apps.letters.models import Letter
from apps.letters.services import freezing, queueing
from apps.letters.tests import factories

pytestmark = pytest.mark.django_db
LATER = factories.ISSUED_AT + timedelta(minutes=5)


def verbs(letter: Letter) -> list[str]:
    subject = f"letters.letter:{letter.pk}"
    return list(Event.objects.filter(subject=subject).order_by("id").values_list("verb", flat=True))


def test_it_issues_a_letter_with_its_facts_and_leaves_it_to_the_worker(
    alice: User, pune: Branch, django_capture_on_commit_callbacks: Any, monkeypatch: Any
) -> None:
    sent: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(
        "celery.current_app.send_task", lambda name, kwargs: sent.append((name, kwargs))
    )

    with django_capture_on_commit_callbacks(execute=True):
        letter = factories.issue(alice, pune)

    letter.refresh_from_db()
    assert letter.facts == factories.refusal().to_dict()
    assert letter.template_version == "2027-02"
    assert (letter.rendered_at, letter.html, letter.pdf_sha256) == (None, None, "")
    assert sent == [("letters.render", {"letter_ids": [str(letter.pk)]})]
    assert verbs(letter) == ["letters.issued"]


def test_a_letter_rolled_back_is_never_sent_to_the_worker(
    alice: User, pune: Branch, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        factories.issue(alice, pune)
        transaction.set_rollback(True)

    assert Letter.objects.count() == 0
    assert callbacks == []


def test_issuing_the_same_again_returns_the_same_letter(alice: User, pune: Branch) -> None:
    first = factories.issue(alice, pune)

    again = factories.issue(alice, pune)

    assert again.pk == first.pk
    assert Letter.objects.count() == 1
    assert verbs(first) == ["letters.issued"]


@pytest.mark.parametrize("facts", [factories.refusal(reference="another"), factories.approval()])
def test_a_decision_never_gets_a_letter_that_says_something_else(
    alice: User, pune: Branch, facts: Any
) -> None:
    factories.issue(alice, pune)
    events = Event.objects.count()

    with pytest.raises(services.AlreadyDecided):
        factories.issue(alice, pune, facts)

    assert [letter.kind for letter in Letter.objects.all()] == ["declined"]
    assert Event.objects.count() == events


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "approved"}, "letter_kind"),
        ({"language": "de"}, "letter_language"),
        ({"language": ""}, "letter_language"),
    ],
)
def test_it_refuses_another_kind_or_an_unknown_language(
    alice: User, pune: Branch, changes: dict[str, str], code: str
) -> None:
    with pytest.raises(services.LetterRefused) as refused:
        factories.issue(alice, pune, **changes)

    assert refused.value.code == code
    assert Letter.objects.count() == 0
    assert Event.objects.filter(verb="letters.issued").count() == 0


def test_rendering_freezes_the_letter_with_its_hashes(alice: User, pune: Branch) -> None:
    letter = factories.frozen(alice, pune)

    assert bytes(letter.html or b"").startswith(b'<article class="letter" lang="en"')
    assert bytes(letter.pdf or b"").startswith(b"%PDF-")
    assert len(letter.html_sha256) == len(letter.pdf_sha256) == 64
    assert letter.engine == rendering.engine()
    assert letter.rendered_at == factories.ISSUED_AT
    assert verbs(letter) == ["letters.issued", "letters.rendered"]


def test_rendering_twice_changes_nothing(alice: User, pune: Branch) -> None:
    letter = factories.frozen(alice, pune)

    services.render(letter_id=letter.pk, now=LATER)

    letter.refresh_from_db()
    assert letter.rendered_at == factories.ISSUED_AT
    assert verbs(letter) == ["letters.issued", "letters.rendered"]


def test_of_two_that_render_at_once_the_first_to_write_wins(
    alice: User, pune: Branch, monkeypatch: Any
) -> None:
    letter = factories.issue(alice, pune)
    honest = rendering.render

    def overtaken(*args: Any, **kwargs: Any) -> rendering.Rendered:
        monkeypatch.setattr(rendering, "render", honest)
        services.render(letter_id=letter.pk, now=factories.ISSUED_AT)
        return rendering.Rendered(html=b"late", pdf=b"late")

    monkeypatch.setattr(rendering, "render", overtaken)

    late = services.render(letter_id=letter.pk, now=LATER)

    assert late.rendered_at == factories.ISSUED_AT
    assert bytes(late.html or b"").startswith(b"<article")
    assert services.verify(late).holds
    assert verbs(letter) == ["letters.issued", "letters.rendered"]


def test_the_task_renders_by_id(alice: User, pune: Branch) -> None:
    letter = factories.issue(alice, pune)

    tasks.render([str(letter.pk)])

    letter.refresh_from_db()
    assert letter.rendered_at is not None


@pytest.mark.parametrize("broken_by", [ValueError, RuntimeError, OSError])
def test_a_letter_that_breaks_does_not_hold_up_the_others_of_its_message(
    alice: User, pune: Branch, monkeypatch: Any, broken_by: type[Exception]
) -> None:
    broken = factories.issue(alice, pune)
    good = factories.issue(alice, pune, subject="decisions.decision:good")
    set_again = freezing._set_again

    def breaks(letter: Letter) -> rendering.Rendered:
        if letter.pk == broken.pk:
            raise broken_by("Asha Rao earns 12,000")
        return set_again(letter)

    monkeypatch.setattr(freezing, "_set_again", breaks)

    with capture_logs() as logs:
        tasks.render([str(broken.pk), str(good.pk)])

    good.refresh_from_db()
    broken.refresh_from_db()
    assert good.rendered_at is not None
    assert broken.rendered_at is None
    [told] = [line for line in logs if line["log_level"] == "error"]
    assert (told["letter"], told["error"]) == (str(broken.pk), broken_by.__name__)
    assert "Asha" not in str(logs)


def test_letters_of_a_message_are_frozen_with_as_many_questions_as_one(
    alice: User, pune: Branch
) -> None:
    few = [factories.issue(alice, pune, subject=f"decisions.decision:{n}") for n in range(2)]
    many = [factories.issue(alice, pune, subject=f"decisions.decision:{n}") for n in range(2, 9)]
    tasks.render([str(letter.pk) for letter in few])

    with CaptureQueriesContext(connection) as asked:
        tasks.render([str(letter.pk) for letter in many])

    # The letters, the freezing, their events and deliveries, within one savepoint.
    assert len(asked) == 7
    for letter in [*few, *many]:
        letter.refresh_from_db()
        assert services.verify(letter).holds
        assert letter.deliveries.count() == 1
        assert verbs(letter) == ["letters.issued", "letters.rendered"]


def test_letters_that_cannot_be_frozen_together_are_frozen_alone(
    alice: User, pune: Branch, monkeypatch: Any
) -> None:
    broken = factories.issue(alice, pune)
    good = factories.issue(alice, pune, subject="decisions.decision:good")
    queue_all = queueing.queue_all

    def breaks(letters: Sequence[Letter], *, now: Any) -> Any:
        if broken.pk in [one.pk for one in letters]:
            raise DatabaseError("Asha Rao earns 12,000")
        return queue_all(letters, now=now)

    monkeypatch.setattr(queueing, "queue_all", breaks)

    with capture_logs() as logs:
        count = services.render_each(letter_ids=[broken.pk, good.pk], now=LATER)

    good.refresh_from_db()
    broken.refresh_from_db()
    assert count == 1
    assert good.rendered_at == LATER
    assert (broken.rendered_at, broken.html, verbs(broken)) == (None, None, ["letters.issued"])
    [told] = [line for line in logs if line["log_level"] == "error"]
    assert (told["letter"], told["error"]) == (str(broken.pk), "DatabaseError")


def test_a_letter_that_is_not_there_holds_up_no_other(alice: User, pune: Branch) -> None:
    good = factories.issue(alice, pune)
    lost = uuid4()

    with capture_logs() as logs:
        count = services.render_each(letter_ids=[str(lost), str(good.pk)], now=LATER)

    good.refresh_from_db()
    assert (count, good.rendered_at) == (1, LATER)
    assert [(line["letter"], line["error"]) for line in logs if line["log_level"] == "error"] == [
        (str(lost), "DoesNotExist")
    ]


def test_the_sweep_renders_what_has_waited_more_than_a_minute(alice: User, pune: Branch) -> None:
    old = factories.issue(alice, pune)
    new = factories.issue(
        alice, pune, subject="decisions.decision:new", issued_at=LATER - timedelta(seconds=59)
    )

    count = services.render_waiting(now=LATER)

    old.refresh_from_db()
    new.refresh_from_db()
    assert count == 1
    assert old.rendered_at == LATER
    assert new.rendered_at is None


def test_the_sweep_passes_over_a_letter_that_cannot_be_set(alice: User, pune: Branch) -> None:
    factories.issue(alice, pune, issued_at=factories.ISSUED_AT - timedelta(days=1))
    with pgtrigger.ignore():
        Letter.objects.update(template_version="lost")
    good = factories.issue(alice, pune, subject="decisions.decision:good")

    with capture_logs() as logs:
        count = services.render_waiting(now=LATER)

    good.refresh_from_db()
    assert count == 1
    assert good.rendered_at == LATER
    assert [line["event"] for line in logs if line["log_level"] == "error"] == [
        "letter_not_rendered"
    ]


def test_the_sweep_stops_at_its_limit(alice: User, pune: Branch) -> None:
    for number in range(3):
        factories.issue(alice, pune, subject=f"decisions.decision:{number}")

    assert services.render_waiting(now=LATER, limit=2) == 2
    assert Letter.objects.filter(rendered_at=None).count() == 1


def test_a_letter_that_is_not_there_is_not_rendered() -> None:
    with pytest.raises(Letter.DoesNotExist):
        services.render(letter_id=UUID(int=0), now=LATER)


def test_the_table_holds_no_plain_text(alice: User, pune: Branch) -> None:
    letter = factories.frozen(alice, pune)

    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(l)::text, facts, html, pdf FROM letters_letter l")
        row, *sealed = cursor.fetchone()

    for word in ("Asha", "Deshmukh", "Prabhat", "62%", "CIBIL", "250000"):
        assert word not in row
        assert not any(word.encode() in bytes(column) for column in sealed)
    assert str(letter.pk) in row


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE letters_letter SET html_sha256 = repeat('0', 64)",
        "UPDATE letters_letter SET pdf_sha256 = repeat('0', 64)",
        "UPDATE letters_letter SET rendered_at = NULL",
        "UPDATE letters_letter SET facts_sha256 = repeat('0', 64)",
        "UPDATE letters_letter SET language = 'sw'",
        "UPDATE letters_letter SET kind = 'approved'",
        "DELETE FROM letters_letter",
    ],
)
def test_the_database_refuses_to_change_a_frozen_letter(
    alice: User, pune: Branch, change: str
) -> None:
    letter = factories.frozen(alice, pune)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)

    assert services.verify(Letter.objects.get(pk=letter.pk)).holds


def test_sealed_columns_can_be_sealed_again_with_a_new_key(alice: User, pune: Branch) -> None:
    letter = factories.frozen(alice, pune)
    field = Letter._meta.get_field("html")

    Letter.objects.filter(pk=letter.pk).update(html=field.seal(letter.html, letter.pk))

    assert services.verify(Letter.objects.get(pk=letter.pk)).holds
