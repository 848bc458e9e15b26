from datetime import date
from typing import Any

from apps.desk import checklist
from apps.desk.checklist import Held, Item

DAY = date(2026, 11, 2)
EVERYTHING = Held(
    documents=dict.fromkeys(("identity", "address", "bank_statement", "collateral"), DAY),
    consents=checklist.CONSENTS,
    has_bureau_report=True,
)
NOTHING = Held(documents={}, consents=(), has_bureau_report=False)


def _rule(about: str, *, value: str | None = "10", result: str = "passed") -> dict[str, Any]:
    return {"input": about, "threshold": "30", "value": value, "result": result}


def test_the_law_asks_for_identity_address_and_consents_of_everybody() -> None:
    found = checklist.items(NOTHING, is_secured=False, rules=())

    assert {(item.code, item.by, item.state) for item in found} == {
        ("identity", "law", "missing"),
        ("address", "law", "missing"),
        ("consent_credit_assessment", "law", "missing"),
        ("consent_automated_decision", "law", "missing"),
    }


def test_product_and_policy_ask_for_more() -> None:
    rules = [_rule("foir"), _rule("bureau_report_age_days")]

    found = {item.code: item for item in checklist.items(EVERYTHING, is_secured=True, rules=rules)}

    assert found["income"] == Item("income", "policy", "present", day=DAY)
    assert found["collateral"] == Item("collateral", "product", "present", day=DAY)
    assert found["bureau_report"] == Item(
        "bureau_report", "policy", "present", age_days=10, most_days=30
    )


def test_a_report_that_the_policy_found_too_old_is_expired() -> None:
    rules = [_rule("bureau_report_age_days", value="45", result="failed")]

    [first, *_others] = checklist.items(EVERYTHING, is_secured=False, rules=rules)

    assert (first.code, first.state, first.age_days, first.most_days) == (
        "bureau_report",
        "expired",
        45,
        30,
    )


def test_no_report_is_missing_and_no_age_is_invented() -> None:
    rules = [_rule("bureau_report_age_days", value=None, result="missing")]
    bare = Held(documents=EVERYTHING.documents, consents=checklist.CONSENTS, has_bureau_report=True)

    missing = checklist.items(NOTHING, is_secured=False, rules=rules)
    unknown = checklist.items(bare, is_secured=False, rules=rules)

    assert [item.state for item in missing if item.code == "bureau_report"] == ["missing"]
    assert [(item.state, item.age_days) for item in unknown if item.code == "bureau_report"] == [
        ("expired", None)
    ]


def test_what_is_missing_comes_first() -> None:
    held = Held(documents={"identity": DAY}, consents=checklist.CONSENTS, has_bureau_report=False)

    assert [item.code for item in checklist.items(held, is_secured=False, rules=())] == [
        "address",
        "identity",
        "consent_credit_assessment",
        "consent_automated_decision",
    ]
