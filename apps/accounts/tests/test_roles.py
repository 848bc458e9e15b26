"""The table of roles, and what each holder may approve alone."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import combinations

import pytest

from apps.accounts import authority, labels, roles


def _limit(
    amount: int, *, product: str = "", personal: bool = False, currency: str = "INR"
) -> object:
    return authority.Limit(currency, product, Decimal(amount), personal)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ([], 0),
        ([_limit(100)], 100),
        ([_limit(100, currency="KES")], 0),
        ([_limit(100), _limit(300)], 300),
        ([_limit(100, product="gold"), _limit(300)], 100),
        ([_limit(100, product="other"), _limit(300)], 300),
        ([_limit(50, personal=True), _limit(300)], 50),
        ([_limit(50, personal=True), _limit(300, product="gold")], 50),
        ([_limit(0, personal=True), _limit(300)], 0),
    ],
)
def test_it_finds_the_limit_that_counts(limits: Iterable[object], expected: int) -> None:
    found = authority.approval_limit(limits, currency="INR", product_code="gold")

    assert found == Decimal(expected)


def test_it_has_a_name_and_purpose_for_every_role() -> None:
    assert {code: str(label) for code, label in labels.ROLES.items()} == {
        role.code: role.label for role in roles.ROLES
    }
    assert {code: str(text) for code, text in labels.PURPOSES.items()} == {
        role.code: role.purpose for role in roles.ROLES
    }


def test_it_gives_administrators_no_business_approval() -> None:
    approvals = {
        "decisions.review_application",
        "decisions.countersign_decision",
        "governance.approve_promotion",
        "governance.approve_gates",
        "applications.take_application",
    }

    assert approvals.isdisjoint(roles.BY_CODE["administrator"].permissions)


def test_it_lets_no_allowed_pair_of_roles_hold_both_sides_of_a_control() -> None:
    controls = [
        ("applications.take_application", "decisions.review_application"),
        ("governance.propose_promotion", "governance.validate_model"),
        ("governance.propose_promotion", "governance.approve_promotion"),
        ("governance.validate_model", "governance.approve_promotion"),
        ("governance.propose_gates", "governance.approve_gates"),
        ("accounts.manage_people", "applications.take_application"),
        ("accounts.manage_people", "decisions.review_application"),
        ("accounts.manage_people", "governance.approve_promotion"),
    ]
    for first, second in combinations(roles.ROLES, 2):
        if roles.conflicts({first.code, second.code}):
            continue
        held = {*first.permissions, *second.permissions}
        assert not [pair for pair in controls if set(pair) <= held], (first.code, second.code)


def test_it_gives_executives_sums_and_no_borrower() -> None:
    own = {*roles.BY_CODE["executive"].permissions} - {*roles.STAFF}

    assert own == {"portfolio.view_figures", "portfolio.view_overview"}


def test_it_gives_auditors_only_reading() -> None:
    changing = ("edit_", "take_", "review_", "countersign_", "manage_", "train_", "approve_")

    for permission in roles.BY_CODE["auditor"].permissions:
        assert not permission.partition(".")[2].startswith(changing), permission
