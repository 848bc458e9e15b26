"""Which rules count for whom and when, and what a table must say to be read."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from apps.npa import regimes, rule_reading
from apps.npa.regimes import Lender, NoRules
from apps.npa.rule_parts import Reserve, Status
from apps.npa.tests.rule_book import BANK, facility, installed, judged, late
from apps.products.reading import CatalogueRefused

PATH = Path(settings.BASE_DIR) / "fixtures" / "classification_rules.json"
COMMERCIAL = Lender(country="IN", kind="bank", layer="commercial")
BASE_LAYER = Lender(country="IN", kind="nbfc", layer="base")


def chosen(lender: Lender, on: date) -> str:
    """Return the code of the installed table that counts."""
    return regimes.choose(installed().values(), lender=lender, on=on).code


@pytest.mark.parametrize(
    ("lender", "on", "code"),
    [
        pytest.param(COMMERCIAL, date(2025, 11, 27), "rbi-bank-irac-2021", id="0-before-IRACP"),
        pytest.param(COMMERCIAL, date(2025, 11, 28), "rbi-bank-iracp-2025", id="0-IRACP"),
        pytest.param(COMMERCIAL, date(2027, 3, 31), "rbi-bank-iracp-2025", id="1.17-day-before"),
        pytest.param(COMMERCIAL, date(2027, 4, 1), "rbi-bank-acpir-2026", id="1.17-T10"),
        pytest.param(
            replace(COMMERCIAL, layer="small_finance"),
            date(2027, 4, 1),
            "rbi-other-bank-iracp-2025",
            id="1.17-small-finance-banks-stay-outside",
        ),
        pytest.param(BASE_LAYER, date(2027, 4, 1), "rbi-nbfc-base-iracp-2025", id="1.17-T11-base"),
        pytest.param(
            replace(BASE_LAYER, layer="middle"),
            date(2027, 4, 1),
            "rbi-nbfc-middle-iracp-2025",
            id="1.17-T11-middle",
        ),
        pytest.param(BASE_LAYER, date(2025, 6, 30), "rbi-nbfc-base-2022", id="1.12-before-2025"),
        pytest.param(
            Lender(country="KE", kind="sacco", layer=""), date(2026, 6, 30), "sasra-2010", id="2.1"
        ),
        pytest.param(
            Lender(country="KE", kind="bank", layer=""), date(2026, 6, 30), "cbk-pg-04", id="2.4"
        ),
        pytest.param(
            Lender(country="US", kind="platform", layer=""), date(2026, 6, 30), "ifrs-9", id="3"
        ),
    ],
)
def test_it_chooses_rules_by_the_lender_and_the_day(lender: Lender, on: date, code: str) -> None:
    assert chosen(lender, on) == code


@pytest.mark.parametrize(
    ("lender", "on"),
    [
        (COMMERCIAL, date(2021, 11, 11)),
        (replace(COMMERCIAL, layer=""), date(2027, 4, 1)),
        (replace(BASE_LAYER, layer=""), date(2026, 6, 30)),
        (Lender(country="KE", kind="nbfc", layer="base"), date(2026, 6, 30)),
    ],
    ids=["too-early", "no-layer-after-2027", "no-layer", "no-such-regime"],
)
def test_it_refuses_where_no_rules_are_in_force(lender: Lender, on: date) -> None:
    with pytest.raises(NoRules) as refused:
        chosen(lender, on)

    assert refused.value.codes == ()


def test_it_refuses_where_two_tables_are_in_force() -> None:
    twice = [installed()[BANK], replace(installed()[BANK], code="another")]

    with pytest.raises(NoRules) as refused:
        regimes.choose(twice, lender=COMMERCIAL, on=date(2026, 6, 30))

    assert refused.value.codes == ("another", BANK)


def test_it_takes_no_draft() -> None:
    drafted = replace(installed()[BANK], code="draft", status=Status.DRAFT)

    found = regimes.choose([drafted, installed()[BANK]], lender=COMMERCIAL, on=date(2026, 6, 30))

    assert found.code == BANK


@pytest.mark.parametrize(
    ("product", "purpose", "code"),
    [
        ("in-farm", "wedding", "special"),
        ("in-personal", "agriculture", "special"),
        ("in-personal", "wedding", BANK),
    ],
    ids=["by-product", "by-purpose", "neither"],
)
def test_it_prefers_a_table_made_for_what_is_lent(product: str, purpose: str, code: str) -> None:
    special = replace(installed()[BANK], code="special", scope=("in-farm", "agriculture"))

    found = regimes.choose(
        [special, installed()[BANK]],
        lender=COMMERCIAL,
        on=date(2026, 6, 30),
        product=product,
        purpose=purpose,
    )

    assert found.code == code


def test_it_leaves_no_day_without_rules_and_none_with_two() -> None:
    lenders = [
        COMMERCIAL,
        replace(COMMERCIAL, layer="payments"),
        *(replace(BASE_LAYER, layer=layer) for layer in ("base", "middle", "upper")),
        Lender(country="KE", kind="sacco", layer=""),
    ]
    start = date(2022, 10, 1)

    days = [start + timedelta(days=n) for n in range(0, 2_400, 7)]
    changes = [date(2025, 11, 27), date(2025, 11, 28), date(2027, 3, 31), date(2027, 4, 1)]

    assert all(chosen(lender, day) for lender in lenders for day in (*days, *changes))


@pytest.mark.parametrize(
    ("on", "from_days"),
    [
        (date(2024, 3, 30), 181),
        (date(2024, 3, 31), 151),
        (date(2025, 3, 30), 151),
        (date(2025, 3, 31), 121),
        (date(2025, 11, 27), 121),
        (date(2025, 11, 28), 121),
        (date(2026, 3, 30), 121),
        (date(2026, 3, 31), 91),
    ],
)
def test_it_glides_over_the_change_of_the_text(on: date, from_days: int) -> None:
    rules = regimes.choose(installed().values(), lender=BASE_LAYER, on=on)

    assert rules.non_performing_from(on) == from_days


def test_it_calls_a_hundred_days_performing_while_the_glide_path_does() -> None:
    on = date(2025, 6, 30)
    rules = regimes.choose(installed().values(), lender=BASE_LAYER, on=on)

    (found,) = judged(rules.code, facility(oldest_due=late(100, on)), on=on)

    assert found.asset_class == "standard", "1.12-T8"


# --- reading --------------------------------------------------------------------------------------
def _file() -> Any:
    return json.loads(PATH.read_text())


def _body(change: Callable[[Any], Any]) -> Any:
    """Return the file with the first table's body changed."""
    data = copy.deepcopy(_file())
    change(data["tables"][0]["body"])
    return data


def _set(part: str, value: Any) -> Callable[[Any], Any]:
    return lambda body: body.__setitem__(part, value)


def test_it_reads_the_file_that_comes_with_the_program() -> None:
    codes = [rules.code for rules, _body in rule_reading.read_all(_file())]

    assert len(codes) == len(set(codes)) == 13
    assert all(rules.source for rules in installed().values())


def test_the_impairment_reserve_needs_leave_and_that_of_cbk_does_not() -> None:
    found = {
        rules.reserve: rules.reserve_needs_leave for rules in installed().values() if rules.reserve
    }

    assert found == {Reserve.IMPAIRMENT: True, Reserve.STATUTORY: False}
    assert not any(one.reserve_needs_leave for one in installed().values() if not one.reserve)


def test_it_keeps_the_whole_body_of_a_table_that_is_like_another() -> None:
    bodies = {rules.code: body for rules, body in rule_reading.read_all(_file())}

    assert bodies["rbi-bank-iracp-2025"] == bodies["rbi-bank-irac-2021"]
    assert set(bodies["cbk-pg-04"]) == set(rule_reading.BODY)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (_set("odd", 1), "tables[1].body: Missing or unknown: odd."),
        (lambda body: body.pop("ageing"), "tables[1].body: Missing or unknown: ageing."),
        (_set("day_count", "actual"), "tables[1].body.day_count"),
        (_set("bands", []), "tables[1].body.bands"),
        (lambda body: body["bands"][1].update(grade="bad"), "tables[1].body.bands"),
        (lambda body: body["bands"][0].update(from_days=1), "tables[1].body.bands"),
        (lambda body: body["bands"].reverse(), "tables[1].body.bands"),
        (lambda body: body["grades"].reverse(), "tables[1].body.grades"),
        (lambda body: body["grades"][0].update(code="x" * 17), "tables[1].body.grades"),
        (lambda body: body["rates"].pop(), "tables[1].body.rates"),
        (lambda body: body["rates"][1].update(secured="15"), "tables[1].body.rates"),
        (lambda body: body["rates"][1].update(secured=0.15), "tables[1].body.rates[2].secured"),
        (lambda body: body["rates"][1].update(unsecured=None), "tables[1].body.rates"),
        (lambda body: body["segments"].pop(), "tables[1].body.segments"),
        (lambda body: body["segments"][7].update(standard=None), "tables[1].body.segments"),
        (_set("reserve", "impairment_reserve"), "tables[1].body.reserve"),
        (_set("reserve", "piggy_bank"), "tables[1].body.reserve"),
        (_set("reserve_needs_leave", True), "tables[1].body.reserve_needs_leave"),
        (lambda body: body["ageing"].reverse(), "tables[1].body.ageing"),
        (lambda body: body["erosion"].update(doubtful="loss"), "tables[1].body.erosion"),
        (_set("crop", []), "tables[1].body.crop"),
        (_set("exempt", None), "tables[1].body.exempt"),
        (lambda body: body.update(rates=[], ecl=None), "tables[1].body.rates"),
        (
            _set(
                "disputed",
                [{"what": "rates.loss.secured", "value": "0.5", "alternatives": [], "why": ""}],
            ),
            "tables[1].body.disputed",
        ),
        (
            _set(
                "disputed", [{"what": "rates.none", "value": "0.5", "alternatives": [], "why": ""}]
            ),
            "tables[1].body.disputed",
        ),
    ],
    ids=[
        *("unknown-part", "missing-part", "unknown-count", "no-bands", "band-of-no-class"),
        *("no-first-day", "bands-backwards", "classes-backwards", "code-too-long"),
        *("class-without-rate", "rate-no-fraction", "rate-a-float", "half-a-rate"),
        *("no-last-segment", "no-standard-rate", "reserve-of-nothing", "unknown-reserve"),
        "leave-of-no-reserve",
        *("ageing-backwards", "eroded-to-no-age", "crop-no-object", "exempt-missing"),
        *("provides-for-nothing", "disputed-otherwise", "disputed-nothing"),
    ],
)
def test_it_refuses_a_table_that_is_no_rule(change: Callable[[Any], Any], place: str) -> None:
    with pytest.raises(CatalogueRefused) as refused:
        rule_reading.read_all(_body(change))

    assert str(refused.value).startswith(place)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("effective_to", "2020-01-01"),
        ("effective_from", "yesterday"),
        ("status", "pending"),
        ("source", ""),
        ("like", "nobody"),
        ("code", "rbi-bank-iracp-2025"),
    ],
)
def test_it_refuses_a_head_that_is_none(field: str, value: str) -> None:
    data = _file()
    data["tables"][0][field] = value

    with pytest.raises(CatalogueRefused):
        rule_reading.read_all(data)
