from datetime import date
from typing import Any

import pytest

from apps.decisions import checklist, papers
from apps.decisions.checklist import Held, Item

DAY = date(2026, 11, 2)
EVERYTHING = Held(
    documents=dict.fromkeys(("identity", "address", "bank_statement", "collateral"), DAY),
    consents=checklist.CONSENTS,
    has_bureau_report=True,
)
NOTHING = Held(documents={}, consents=(), has_bureau_report=False)
# Those of the file that comes with the program.
PAPERS = checklist.in_force(papers.installed(), DAY)


def _rule(about: str, *, value: str | None = "10", result: str = "passed") -> dict[str, Any]:
    return {"input": about, "threshold": "30", "value": value, "result": result}


def test_the_law_asks_for_identity_address_and_consents_of_everybody() -> None:
    found = checklist.items(PAPERS, NOTHING, is_secured=False, rules=())

    assert {(item.code, item.by, item.state) for item in found} == {
        ("identity", "law", "missing"),
        ("address", "law", "missing"),
        ("consent_credit_assessment", "law", "missing"),
        ("consent_automated_decision", "law", "missing"),
    }


def test_product_and_policy_ask_for_more() -> None:
    rules = [_rule("foir"), _rule("bureau_report_age_days")]

    found = {
        item.code: item
        for item in checklist.items(PAPERS, EVERYTHING, is_secured=True, rules=rules)
    }

    assert found["income"] == Item("income", "policy", "present", day=DAY)
    assert found["collateral"] == Item("collateral", "product", "present", day=DAY)
    assert found["bureau_report"] == Item(
        "bureau_report", "policy", "present", age_days=10, most_days=30
    )


def test_a_report_that_the_policy_found_too_old_is_expired() -> None:
    rules = [_rule("bureau_report_age_days", value="45", result="failed")]

    [first, *_others] = checklist.items(PAPERS, EVERYTHING, is_secured=False, rules=rules)

    assert (first.code, first.state, first.age_days, first.most_days) == (
        "bureau_report",
        "expired",
        45,
        30,
    )


def test_no_report_is_missing_and_no_age_is_invented() -> None:
    rules = [_rule("bureau_report_age_days", value=None, result="missing")]
    bare = Held(documents=EVERYTHING.documents, consents=checklist.CONSENTS, has_bureau_report=True)

    missing = checklist.items(PAPERS, NOTHING, is_secured=False, rules=rules)
    unknown = checklist.items(PAPERS, bare, is_secured=False, rules=rules)

    assert [item.state for item in missing if item.code == "bureau_report"] == ["missing"]
    assert [(item.state, item.age_days) for item in unknown if item.code == "bureau_report"] == [
        ("expired", None)
    ]


def test_what_is_missing_comes_first() -> None:
    held = Held(documents={"identity": DAY}, consents=checklist.CONSENTS, has_bureau_report=False)

    assert [item.code for item in checklist.items(PAPERS, held, is_secured=False, rules=())] == [
        "address",
        "identity",
        "consent_credit_assessment",
        "consent_automated_decision",
    ]


def test_only_a_missing_paper_that_nobody_waived_holds_up() -> None:
    held = Held(
        documents={"identity": DAY}, consents=(), has_bureau_report=False, waived=["income"]
    )

    found = checklist.items(PAPERS, held, is_secured=True, rules=[_rule("foir")])

    assert {item.code: item.state for item in found if not item.code.startswith("consent")} == {
        "identity": "present",
        "address": "missing",
        "income": "waived",
        "collateral": "missing",
    }
    assert [item.code for item in found if item.holds_up] == ["address", "collateral"]


def test_a_paper_that_is_there_is_not_called_waived() -> None:
    held = Held({"identity": DAY, "address": DAY}, checklist.CONSENTS, False, waived=["identity"])

    found = checklist.items(PAPERS, held, is_secured=False, rules=())

    assert {item.state for item in found} == {"present"}


def test_a_paper_is_asked_for_from_its_day_on_by_the_row_that_began_last() -> None:
    row = {
        "code": "photo",
        "kinds": ["other"],
        "needed_by": "law",
        "when": "always",
        "inputs": [],
        "effective_from": "2026-12-01",
        "source": "A rule to come",
    }
    file = checklist.read(
        {"papers": [row, {**row, "when": "secured", "effective_from": "2027-01-01"}]}
    )

    assert checklist.in_force(file, date(2026, 11, 30)) == ()
    assert [one.when for one in checklist.in_force(file, date(2026, 12, 1))] == ["always"]
    assert [one.when for one in checklist.in_force(file, date(2027, 1, 1))] == ["secured"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"when": "sometimes"}, "when"),
        ({"needed_by": "habit"}, "needed_by"),
        ({"kinds": []}, "kinds"),
        ({"source": ""}, "source"),
        ({"inputs": ["foir"]}, "inputs"),
        ({"when": "inputs"}, "inputs"),
        ({"effective_from": "soon"}, "effective_from"),
        ({"more": 1}, "exactly"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_a_row_that_says_what_nobody_knows_is_refused(change: dict[str, Any], said: str) -> None:
    row = {
        "code": "identity",
        "kinds": ["identity"],
        "needed_by": "law",
        "when": "always",
        "inputs": [],
        "effective_from": "2015-01-01",
        "source": "Law",
    }

    with pytest.raises(checklist.PapersRefused, match=rf"papers\[0\].*{said}"):
        checklist.read({"papers": [{**row, **change}]})
    with pytest.raises(checklist.PapersRefused, match="no row"):
        checklist.read({"papers": []})
