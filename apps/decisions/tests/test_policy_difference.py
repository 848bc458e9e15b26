"""What two versions of a policy differ in, as the sentences an approver reads."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.decisions import policy_difference, policy_document, policy_sentences
from apps.decisions.tests import factories

NAMES = {"personal": "Personal loan", "secured": "Loan on property"}
Change = Callable[[dict[str, Any]], object]


def _sentences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    found = policy_difference.differences(
        policy_document.parse(old), policy_document.parse(new), list(NAMES)
    )
    return [
        policy_sentences.difference(one, names=NAMES, currency="INR").replace("\u202f", " ")
        for one in found
    ]


def _base() -> dict[str, Any]:
    written = factories.document(bands=("0.20", "0.40"))
    written["rules"][1] |= {
        "sentence": "Obligations leave enough to live on.",
        "threshold": "0.55",
        "products": ["personal"],
    }
    written["rules"][0]["sentence"] = "The borrower is an adult."
    written["ladders"][0]["bands"][0] |= {
        "most_amount": {"INR": "500000"},
        "longest_term_months": "36",
        "beyond": "refer",
    }
    return written


def _rule(number: int, **changes: Any) -> Change:
    return lambda d: d["rules"][number].update(changes)


def _band(number: int, **changes: Any) -> Change:
    return lambda d: d["ladders"][0]["bands"][number].update(changes)


def _ends(number: int, below: str) -> Change:
    def change(written: dict[str, Any]) -> None:
        bands = written["ladders"][0]["bands"]
        bands[number]["below"] = bands[number + 1]["from"] = below

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            _rule(1, threshold="0.5"),
            (
                "The cap on obligations as a share of net income for Personal loan falls from 55 %"
                " to 50 %."
            ),
        ),
        (
            _rule(1, threshold="0.5525"),
            (
                "The cap on obligations as a share of net income for Personal loan rises from 55 %"
                " to 55.25 %."
            ),
        ),
        (
            _rule(0, threshold="23"),
            "The minimum of age for all products rises from 21 years to 23 years.",
        ),
        (
            _rule(3, outcome="decline"),
            (
                "Where “The bureau report is at most 30 days old.” does not hold, the policy now"
                " declines."
            ),
        ),
        (
            _rule(1, products=["personal", "secured"]),
            (
                "“Obligations leave enough to live on.” now holds for Personal loan, Loan"
                " on property, before for Personal loan."
            ),
        ),
        (
            _rule(0, currencies=["INR"]),
            (
                "“The borrower is an adult.” now holds for all products in INR, before for all"
                " products."
            ),
        ),
        (_rule(0, sentence="An adult."), "The rule age_minimum now reads “An adult.”."),
        (
            _rule(1, input="dti"),
            (
                "The rule “Obligations leave enough to live on.” now looks at obligations"
                " as a share of gross income (at most 55.0 %), before at obligations as a share of"
                " net income (at most 55.0 %)."
            ),
        ),
        (
            lambda d: d["rules"].append(
                {
                    "code": "income",
                    "sentence": "Income is verified.",
                    "input": "income_verification",
                    "test": "one_of",
                    "threshold": ["source", "documents"],
                    "outcome": "refer",
                }
            ),
            (
                "A new rule for all products refers to a person unless verification of income is"
                " one of: source of income verified, verified by documents: “Income is verified.”"
            ),
        ),
        (
            lambda d: d["rules"].pop(4),
            "The rule “Above 800,000 a person decides.” for all products is dropped.",
        ),
        (
            lambda d: d["rules"].reverse(),
            "The rules stand in another order, in which reasons are named.",
        ),
        (
            lambda d: d.update(name="Lending policy"),
            "The policy is now called “Lending policy”, before “Test policy”.",
        ),
        (_ends(1, "0.38"), "Band B now ends at 38 % instead of 40 %."),
        (_band(1, outcome="approve"), "Band B now approves; before it refers to a person."),
        (
            _band(1, rate_addon="0.0225"),
            "The add-on to the rate in Band B rises from 0 % to 2.25 %.",
        ),
        (
            _band(0, most_amount={"INR": "400000"}),
            "The largest amount in Band A falls from ₹5,00,000.00 to ₹4,00,000.00.",
        ),
        (
            _band(0, longest_term_months="48"),
            "The longest term in Band A rises from 36 months to 48 months.",
        ),
        (
            _band(0, beyond="decline"),
            "Beyond its limits Band A now declines; before it refers to a person.",
        ),
        (
            _band(1, most_amount={"INR": "100000"}, beyond="decline"),
            "Band B now limits the amount to ₹1,00,000.00.",
        ),
        (
            lambda d: d["ladders"][0]["bands"][0].pop("longest_term_months"),
            "Band A no longer limits the term; before it was 36 months.",
        ),
        (
            lambda d: d["ladders"][0].update(refer_margin="0.015"),
            "A risk within 1.5 % of a cut-off is now referred for all products.",
        ),
    ],
)
def test_every_change_reads_as_a_sentence(change: Change, sentence: str) -> None:
    new = _base()
    change(new)

    assert _sentences(_base(), new) == [sentence]


def test_a_sentence_that_may_name_the_old_limit_is_pointed_out() -> None:
    old, new = _base(), _base()
    old["rules"][1]["sentence"] = new["rules"][1]["sentence"] = "At most 55 % of net income."
    new["rules"][1]["threshold"] = "0.5"

    assert _sentences(old, new)[1:] == [
        "The rule foir_cap still reads “At most 55 % of net income.”; see that it is true."
    ]


def test_a_band_that_is_split_is_told_as_end_and_new_band() -> None:
    new = _base()
    bands = new["ladders"][0]["bands"]
    bands[1]["below"] = "0.30"
    bands.insert(2, {**bands[1], "name": "B2", "from": "0.30", "below": "0.40"})

    assert _sentences(_base(), new) == [
        "Band B now ends at 30 % instead of 40 %.",
        "Band B2 is new: it refers to a person from 30 % to below 40 %.",
    ]
    assert _sentences(new, _base()) == [
        "Band B2 is dropped; it held 30 % to below 40 %.",
        "Band B now ends at 40 % instead of 30 %.",
    ]


def test_a_product_with_bands_of_its_own_is_compared_with_what_it_had() -> None:
    new = _base()
    own = copy.deepcopy(new["ladders"][0])
    own |= {"products": ["secured"], "refer_margin": "0.01"}
    own["bands"][1]["below"] = own["bands"][2]["from"] = "0.30"
    new["ladders"].append(own)

    assert _sentences(_base(), new) == [
        "A risk within 1 % of a cut-off is now referred for Loan on property.",
        "Band B for Loan on property now ends at 30 % instead of 40 %.",
    ]


def test_a_product_that_loses_its_bands_is_named() -> None:
    new = _base()
    new["ladders"][0]["products"] = ["personal"]

    assert _sentences(_base(), new) == ["There are no bands any more for Loan on property."]
    assert _sentences(new, _base()) == ["There are bands now for Loan on property."]


def test_nothing_differs_from_itself() -> None:
    assert _sentences(_base(), _base()) == []


thresholds = st.integers(0, 999).map(lambda thousandths: f"0.{thousandths:03}")


@given(
    old=st.tuples(thresholds, st.sampled_from(["refer", "decline"])),
    new=st.tuples(thresholds, st.sampled_from(["refer", "decline"])),
)
def test_two_policies_that_judge_differently_never_read_alike(
    old: tuple[str, str], new: tuple[str, str]
) -> None:
    written = []
    for threshold, outcome in (old, new):
        document = _base()
        document["rules"][1] |= {"threshold": threshold, "outcome": outcome}
        written.append(document)

    assert (_sentences(*written) == []) is (old == new)
