"""The life of a policy version: two people for each, and nothing changes that was approved."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, InternalError, connection, transaction

from apps.accounts.models import Branch, Entity, User
from apps.audit import services as audit
from apps.audit.models import Event
from apps.core.errors import (
    Conflict,
    DomainError,
    NotPermitted,
    NotVisible,
    StaleRecord,
)
from apps.decisions import selectors, services
from apps.decisions.errors import OwnPolicy, PolicyNotSound
from apps.decisions.models import PolicyNote, PolicyVersion
from apps.decisions.policy_lifecycle import LIFECYCLE
from apps.decisions.tests import factories
from apps.products.tests import factories as products

NOW = factories.NOW
TODAY = NOW.date()
LATER = date(2026, 12, 1)
REFUSED = (IntegrityError, InternalError)


@pytest.fixture
def in_force(india: Entity) -> PolicyVersion:
    """The policy that came with the installation."""
    return factories.policy(india)


def _drafted(author: User) -> PolicyVersion:
    draft = services.draft_policy(actor=author, entity=author.branch.entity)
    return services.edit_policy(actor=author, policy=draft, document=factories.document())


def _proposed(author: User, *, effective_from: date = LATER) -> PolicyVersion:
    return _propose(author, _drafted(author), effective_from=effective_from)


def _propose(
    actor: User, draft: PolicyVersion, *, effective_from: date = LATER, note: str = "Better."
) -> PolicyVersion:
    return services.propose_policy(
        actor=actor, policy=draft, effective_from=effective_from, note=note, now=NOW
    )


def _in_status(status: str, author: User, approver: User) -> PolicyVersion:
    """Return a version that reached the status the way versions do."""
    if status == "draft":
        return _drafted(author)
    version = _proposed(author)
    if status == "approved":
        return services.approve_policy(actor=approver, policy=version, now=NOW)
    if status == "withdrawn":
        return services.withdraw_policy(actor=author, policy=version, note="Not needed.")
    return version


ACTIONS: dict[str, Callable[[User, User, PolicyVersion], PolicyVersion]] = {
    "edit": lambda author, approver, version: services.edit_policy(
        actor=author, policy=version, document=factories.document(bands=("0.1", "0.2"))
    ),
    "propose": lambda author, approver, version: _propose(author, version),
    "approve": lambda author, approver, version: services.approve_policy(
        actor=approver, policy=version, now=NOW
    ),
    "send_back": lambda author, approver, version: services.send_back_policy(
        actor=approver, policy=version, note="Say more."
    ),
    "withdraw": lambda author, approver, version: services.withdraw_policy(
        actor=author, policy=version, note="Not needed."
    ),
    "take_back": lambda author, approver, version: services.take_back_policy(
        actor=approver, policy=version, note="A mistake in band B.", now=NOW
    ),
}
AFTER = {
    ("draft", "edit"): "draft",
    ("draft", "propose"): "proposed",
    ("draft", "withdraw"): "withdrawn",
    ("proposed", "approve"): "approved",
    ("proposed", "send_back"): "draft",
    ("proposed", "withdraw"): "withdrawn",
    ("approved", "take_back"): "withdrawn",
}
# The status in which each action is tried by people who may not do it.
TRIED_IN = {"edit": "draft", "propose": "draft", "take_back": "approved"}


def _row(version: PolicyVersion) -> dict[str, Any]:
    return dict(PolicyVersion.objects.values().get(pk=version.pk))


@pytest.mark.parametrize("status", LIFECYCLE.states)
@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_is_possible_where_the_table_says_and_nowhere_else(
    rita: User, mark: User, status: str, action: str
) -> None:
    version = _in_status(status, rita, mark)
    before, events = _row(version), Event.objects.count()

    if (status, action) in AFTER:
        ACTIONS[action](rita, mark, version)
        assert _row(version)["status"] == AFTER[status, action]
        assert Event.objects.count() == events + 1
    else:
        with pytest.raises(Conflict):
            ACTIONS[action](rita, mark, version)
        assert (_row(version), Event.objects.count()) == (before, events)


@pytest.mark.parametrize("action", ACTIONS)
def test_nobody_without_the_right_moves_a_policy(
    rita: User, mark: User, alice: User, bob: User, amir: User, action: str
) -> None:
    version = _in_status(TRIED_IN.get(action, "proposed"), rita, mark)
    before = _row(version)

    for outsider in (alice, bob, amir):
        with pytest.raises(NotPermitted):
            ACTIONS[action](outsider, outsider, version)
    # Drafting does not approve, and approving does not draft.
    with pytest.raises(NotPermitted):
        ACTIONS[action](mark, rita, version)

    assert _row(version) == before


def test_who_drafts_must_have_the_right(mark: User, india: Entity) -> None:
    with pytest.raises(NotPermitted):
        services.draft_policy(actor=mark, entity=india)

    assert not PolicyVersion.objects.exists()


def test_nobody_approves_what_they_wrote_or_proposed(
    rita: User, diana: User, in_force: PolicyVersion
) -> None:
    written = _proposed(rita)
    other = _propose(diana, _drafted(rita), effective_from=date(2026, 12, 2))

    for version, person in ((written, rita), (other, rita), (other, diana)):
        _give(person, "approve_policy")
        before = _row(version)
        for act in ("approve", "send_back"):
            with pytest.raises(OwnPolicy):
                ACTIONS[act](person, User.objects.get(pk=person.pk), version)
        assert _row(version) == before


def _give(person: User, right: str) -> None:
    person.user_permissions.add(
        *factories.Permission.objects.filter(content_type__app_label="decisions", codename=right)
    )


@pytest.mark.parametrize("own", ["author", "proposed_by"])
def test_the_database_wants_another_person_too(
    rita: User, diana: User, in_force: PolicyVersion, own: str
) -> None:
    version = _propose(diana, _drafted(rita))

    with pytest.raises(IntegrityError), transaction.atomic():
        version.move("approve", approved_by=getattr(version, own), approved_at=NOW)

    version.refresh_from_db()
    assert version.status == "proposed"


def test_a_draft_has_one_author(rita: User, diana: User, in_force: PolicyVersion) -> None:
    draft = _drafted(rita)
    before = _row(draft)

    with pytest.raises(NotPermitted):
        services.edit_policy(
            actor=diana, policy=draft, document=factories.document(bands=("0.1", "0.2"))
        )
    with pytest.raises(NotPermitted):
        services.withdraw_policy(actor=diana, policy=draft, note="Tidying up.")

    assert _row(draft) == before


def test_a_draft_begins_as_a_copy(rita: User, in_force: PolicyVersion) -> None:
    draft = services.draft_policy(actor=rita, entity=in_force.entity, base=in_force)

    assert draft.document == in_force.document
    assert (draft.status, draft.number, draft.author, draft.effective_from) == (
        "draft",
        2,
        rita,
        None,
    )


def test_nobody_drafts_for_another_lender(india: Entity, in_force: PolicyVersion) -> None:
    other = Entity.objects.create(
        code="tumaini",
        name="Tumaini",
        kind=Entity.Kind.SACCO,
        country="KE",
        currency="KES",
        time_zone="Africa/Nairobi",
    )
    stranger = factories.policymaker(other, "draft_policy")
    draft = _drafted(factories.policymaker(india, "draft_policy"))

    with pytest.raises(NotPermitted):
        services.draft_policy(actor=stranger, entity=india)
    with pytest.raises(NotVisible):
        services.draft_policy(actor=stranger, entity=other, base=in_force)
    with pytest.raises(NotVisible):
        services.edit_policy(actor=stranger, policy=draft, document={})
    with pytest.raises(NotVisible):
        _propose(stranger, draft)


def test_a_draft_may_be_unsound_but_is_not_proposed(
    rita: User, pune: Branch, in_force: PolicyVersion
) -> None:
    products.personal_loan(pune.entity)
    gap = factories.document()
    gap["ladders"][0]["bands"][1]["from"] = "0.65"
    idle = factories.document()
    idle["rules"].append({**idle["rules"][1], "code": "foir_again"})
    strange = factories.document()
    strange["rules"][0]["products"] = ["moon-loan"]

    for document in ({"rules": "none"}, gap, idle, strange):
        draft = services.draft_policy(actor=rita, entity=pune.entity)
        services.edit_policy(actor=rita, policy=draft, document=document)
        with pytest.raises(PolicyNotSound):
            _propose(rita, draft)
        draft.refresh_from_db()
        assert (draft.status, draft.document) == ("draft", document)


def test_an_approval_is_checked_anew(
    rita: User, mark: User, pune: Branch, in_force: PolicyVersion
) -> None:
    draft = services.draft_policy(actor=rita, entity=pune.entity)
    written = factories.document()
    written["ladders"][0]["bands"][0] |= {"most_amount": {"USD": "5000"}, "beyond": "refer"}
    services.edit_policy(actor=rita, policy=draft, document=written)
    version = _propose(rita, draft)
    products.personal_loan(pune.entity)

    with pytest.raises(PolicyNotSound, match="not given in INR"):
        services.approve_policy(actor=mark, policy=version, now=NOW)

    version.refresh_from_db()
    assert version.status == "proposed"


def test_a_note_is_required(rita: User, mark: User, in_force: PolicyVersion) -> None:
    draft, version = _drafted(rita), _proposed(rita)

    for act in (
        lambda: _propose(rita, draft, note="  "),
        lambda: services.send_back_policy(actor=mark, policy=version, note=""),
        lambda: services.withdraw_policy(actor=rita, policy=version, note=""),
    ):
        with pytest.raises(DomainError) as refusal:
            act()
        assert list(refusal.value.fields) == ["note"]


@pytest.mark.parametrize("day", [date(2026, 1, 2), TODAY])
def test_a_policy_begins_tomorrow_at_the_earliest(
    rita: User, in_force: PolicyVersion, day: date
) -> None:
    draft = _drafted(rita)

    with pytest.raises(DomainError) as refusal:
        _propose(rita, draft, effective_from=day)

    assert list(refusal.value.fields) == ["effective_from"]
    draft.refresh_from_db()
    assert (draft.status, draft.effective_from) == ("draft", None)


def test_the_first_policy_may_begin_today_but_not_before(
    rita: User, mark: User, india: Entity
) -> None:
    draft = _drafted(rita)

    with pytest.raises(DomainError):
        _propose(rita, draft, effective_from=date(2026, 11, 1))
    version = _propose(rita, draft, effective_from=TODAY)
    services.approve_policy(actor=mark, policy=version, now=NOW)

    assert selectors.policy_in_force(india, TODAY) == version


def test_a_proposal_that_waited_too_long_is_not_approved(
    rita: User, mark: User, in_force: PolicyVersion
) -> None:
    version = _proposed(rita)
    # In Pune 1 December has begun.
    late = datetime(2026, 11, 30, 19, tzinfo=UTC)

    with pytest.raises(DomainError, match="at the earliest"):
        services.approve_policy(actor=mark, policy=version, now=late)

    version.refresh_from_db()
    assert version.status == "proposed"
    assert selectors.policy_in_force(in_force.entity, LATER) == in_force


def test_two_policies_never_begin_on_one_day(
    rita: User, mark: User, in_force: PolicyVersion
) -> None:
    first, second = _proposed(rita), _proposed(rita)
    services.approve_policy(actor=mark, policy=first, now=NOW)

    with pytest.raises(DomainError, match="Another policy begins"):
        services.approve_policy(actor=mark, policy=second, now=NOW)
    second.refresh_from_db()
    with pytest.raises(IntegrityError), transaction.atomic():
        second.move("approve", approved_by=mark, approved_at=NOW)

    assert selectors.policy_in_force(in_force.entity, LATER) == first


def test_only_an_approved_version_is_ever_in_force(
    rita: User, mark: User, in_force: PolicyVersion
) -> None:
    for status in ("draft", "proposed", "withdrawn"):
        _in_status(status, rita, mark)
    assert selectors.policy_in_force(in_force.entity, LATER) == in_force

    approved = _in_status("approved", rita, mark)

    assert selectors.policy_in_force(in_force.entity, date(2026, 11, 30)) == in_force
    assert selectors.policy_in_force(in_force.entity, LATER) == approved


def test_what_was_sent_back_is_mended_and_proposed_again(
    rita: User, mark: User, in_force: PolicyVersion
) -> None:
    version = _proposed(rita)

    services.send_back_policy(actor=mark, policy=version, note="Band B is too wide.")
    version.refresh_from_db()
    assert (version.note, version.proposed_by, version.proposed_at) == (
        "Band B is too wide.",
        None,
        None,
    )
    services.edit_policy(
        actor=rita, policy=version, document=factories.document(bands=("0.1", "0.2"))
    )
    again = _propose(rita, version, effective_from=date(2026, 12, 5))
    services.approve_policy(actor=mark, policy=again, now=NOW)

    verbs = Event.objects.filter(subject=f"decisions.policyversion:{version.pk}")
    assert list(verbs.order_by("pk").values_list("verb", flat=True)) == [
        "decisions.policy_drafted",
        "decisions.policy_changed",
        "decisions.policy_proposed",
        "decisions.policy_sent_back",
        "decisions.policy_changed",
        "decisions.policy_proposed",
        "decisions.policy_approved",
    ]


@pytest.mark.parametrize("action", ACTIONS)
def test_a_page_that_is_out_of_date_changes_nothing(
    rita: User, mark: User, in_force: PolicyVersion, action: str
) -> None:
    version = _in_status(TRIED_IN.get(action, "proposed"), rita, mark)
    services_by_name = {
        "edit": lambda old: services.edit_policy(
            actor=rita, policy=version, document={}, version=old
        ),
        "propose": lambda old: services.propose_policy(
            actor=rita, policy=version, effective_from=LATER, note="x", now=NOW, version=old
        ),
        "approve": lambda old: services.approve_policy(
            actor=mark, policy=version, now=NOW, version=old
        ),
        "send_back": lambda old: services.send_back_policy(
            actor=mark, policy=version, note="x", version=old
        ),
        "withdraw": lambda old: services.withdraw_policy(
            actor=rita, policy=version, note="x", version=old
        ),
        "take_back": lambda old: services.take_back_policy(
            actor=mark, policy=version, note="x", now=NOW, version=old
        ),
    }
    before = _row(version)

    with pytest.raises(StaleRecord):
        services_by_name[action]("2026-11-20T00:00:00+00:00")

    assert _row(version) == before
    services_by_name[action](version.version)


SET = {
    "document": "document = '{}'",
    "sha256": "sha256 = repeat('0', 64)",
    "effective_from": "effective_from = '2027-01-01'",
    "number": "number = 99",
    "author": "author_id = NULL",
    "proposed_by": "proposed_by_id = NULL",
    "note": "note = 'other'",
    "approved_at": "approved_at = now()",
}
MAY_CHANGE = {
    "draft": {"document", "sha256", "effective_from", "proposed_by", "note", "approved_at"},
    "proposed": {"note", "approved_at"},
    "approved": set(),
    "withdrawn": set(),
}


@pytest.mark.parametrize("status", LIFECYCLE.states)
def test_the_database_fixes_the_content(rita: User, mark: User, status: str) -> None:
    version = _in_status(status, rita, mark)

    for name, assignment in SET.items():
        assert _changes(version, assignment) is (name in MAY_CHANGE[status]), name


@pytest.mark.parametrize(("before", "after"), list(permutations(LIFECYCLE.states, 2)))
def test_the_database_knows_the_ways_between_the_states(
    rita: User, mark: User, india: Entity, before: str, after: str
) -> None:
    version = _in_status(before, rita, mark)
    allowed = any(
        LIFECYCLE.allows(step.action, before) and step.target == after for step in LIFECYCLE.steps
    )
    people = f", approved_by_id = '{mark.pk}', approved_at = now()" if after == "approved" else ""
    day = ", effective_from = '2026-12-01', proposed_at = now()" if before == "draft" else ""
    if (before, after) == ("approved", "withdrawn"):
        people = f", taken_back_by_id = '{mark.pk}', taken_back_at = '2026-11-30 12:00+05:30'"

    done = _changes(version, f"status = '{after}'{people}{day}")

    assert done is allowed


def _changes(version: PolicyVersion, assignment: str) -> bool:
    """Say whether the database lets a statement change the row; it is as it was afterwards."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE decisions_policyversion SET {assignment} WHERE id = %s",  # noqa: S608
                [version.pk],
            )
            transaction.set_rollback(True)
    except DatabaseError:
        return False
    return True


def test_the_database_installs_only_a_first_policy(
    rita: User, mark: User, in_force: PolicyVersion
) -> None:
    for status in ("proposed", "approved", "withdrawn"):
        made = PolicyVersion(
            entity=in_force.entity,
            number=9,
            document={},
            sha256="0" * 64,
            status=status,
            effective_from=LATER,
            proposed_at=NOW,
        )
        with pytest.raises(REFUSED), transaction.atomic():
            made.save(force_insert=True)

    assert PolicyVersion.objects.count() == 1


def test_a_draft_from_a_file_is_taken_up_by_one_author(
    rita: User, diana: User, mark: User, in_force: PolicyVersion
) -> None:
    loaded = services.load_policy(
        actor="system:test",
        entity=in_force.entity,
        document=factories.document(bands=("0.1", "0.2")),
        effective_from=LATER,
        now=NOW,
    ).version
    services.send_back_policy(actor=mark, policy=loaded, note="Band B is too wide.")

    mended = services.edit_policy(actor=rita, policy=loaded, document=factories.document())

    assert mended.author == rita
    with pytest.raises(NotPermitted):
        services.edit_policy(actor=diana, policy=loaded, document={})
    # Nobody else becomes its author by hand.
    assert _changes(mended, f"author_id = '{diana.pk}'") is False


def test_the_trail_names_a_note_and_does_not_repeat_it(
    rita: User, mark: User, in_force: PolicyVersion
) -> None:
    text = "Asha Rao of Pune complained about band B."
    draft = services.draft_policy(actor=rita, entity=in_force.entity, base=in_force)
    proposed = _propose(rita, draft, note=text)
    services.send_back_policy(actor=mark, policy=proposed, note=f"No. {text}")
    services.withdraw_policy(actor=rita, policy=draft, note=f"Then not. {text}")

    notes = list(PolicyNote.objects.filter(policy=draft))
    assert [(one.step, one.text, one.written_by) for one in notes] == [
        ("propose", text, rita),
        ("send_back", f"No. {text}", mark),
        ("withdraw", f"Then not. {text}", rita),
    ]
    events = Event.objects.filter(subject=audit.reference(draft)).order_by("id")
    told = [one.facts for one in events]
    assert [one["note"] for one in told if "note" in one] == [str(one.pk) for one in notes]
    assert "Asha" not in str(told)
    with pytest.raises(InternalError, match="Cannot update"), transaction.atomic():
        PolicyNote.objects.update(text="Nothing.")
