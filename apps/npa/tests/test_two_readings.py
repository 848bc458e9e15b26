"""The pure rules and the statement say the same of any borrower, under every rule table.

Borrowers are made set-based in the database, 1,600 for each of 13 tables and each of some pairs of
tables that stand beside each other; both readings are then compared facility by facility. A seed
makes the same ones every time.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from apps.npa import classification, findings, provisioning, rule_reading
from apps.npa.facility import ZERO, Borrower, Facility, Form, Guarantee
from apps.npa.findings import Kind
from apps.npa.regimes import Rules
from apps.npa.statements.classes import Under, classes
from apps.npa.statements.findings import FIELDS as FOUND
from apps.npa.statements.findings import column, found
from apps.npa.statements.provisions import provisions, suspended
from apps.npa.statements.words import literals

pytestmark = pytest.mark.django_db
BORROWERS = 1_600
AS_OF = date(2028, 2, 29)
_FILE = Path(settings.BASE_DIR) / "fixtures" / "classification_rules.json"
TABLES = [rules for rules, _body in rule_reading.read_all(json.loads(_FILE.read_text()))]
_BY_CODE = {one.code: one for one in TABLES}
# Tables that differ in what they count, know, drag along and upgrade.
PAIRS = [
    ("rbi-bank-iracp-2025", "rbi-nbfc-base-iracp-2025"),
    ("rbi-bank-iracp-2025", "ifrs-9"),
    ("rbi-nbfc-base-2022", "sasra-2010"),
    ("cbk-pg-04", "rbi-nbfc-middle-iracp-2025"),
]
_FIELDS = [one.name for one in fields(Facility)]
_CLASSED = (
    *("dpd_rbi", "dpd_ifrs", "bucket", "asset_class", "computed", "npa_date", "aged_from"),
    *("class_since", "reason", "stage", "computed_since", "computed_npa_date"),
    "computed_aged_from",
)
_PROVIDED = ("secured", "unsecured", "amount", "reserve")


# Days around the bounds that overdrafts go by: bands, out of order, the second stage.
_OVER = (0, 1, 30, 31, 60, 61, 89, 90, 91)


def _pick(values: Iterable[object], *, of: str) -> str:
    """Return SQL that picks one of some values by a number from 0 to 1."""
    rows = [f"'{one}'" for one in values]
    return f"(ARRAY[{', '.join(rows)}]::text[])[1 + floor({of} * {len(rows)})::int]"


def _made(rules: Rules, beside: Rules) -> str:
    """Return the statement that makes borrowers with one to four facilities each.

    Days lie around every bound of the tables more often than elsewhere, and every state a person
    or a former day can leave behind occurs, also such as the books never reach.
    """
    both = [rules] if beside is rules else [rules, beside]
    grades = list(dict.fromkeys(one.code for its in both for one in its.grades))
    bounds = sorted(
        {
            *(one.from_days + by for its in both for one in its.bands for by in (-1, 0, 1)),
            *(one.from_days + by for its in both for one in its.buckets for by in (-1, 0, 1)),
            *(one.days + by for its in both for one in its.glide for by in (0, 1)),
            *(0, 30, 31, 60, 90, 91, 365, 366, 800),
        }
    )
    days = ", ".join(str(max(0, one)) for one in bounds)
    purposes = {purpose for one in rules.segments for purpose in one.purposes} | {"other_things"}
    kinds = {kind for one in rules.segments for kind in one.securities} | {"", "gold", "vehicle"}
    return f"""
    CREATE TEMPORARY TABLE made ON COMMIT DROP AS
    SELECT n AS key, customer_id, (ARRAY['INR', 'UGX'])[1 + (r1 * 1.2)::int %% 2] AS currency,
        {_day("r2 * 2500")} AS opened_on, round((r3 * 900000)::numeric, 2) AS outstanding,
        round((r4 * 50000)::numeric, 2) AS suspended,
        {_pick(["term", "term", "term", "revolving", "crop"], of="r5")} AS form,
        CASE WHEN r6 < 0.45 THEN NULL WHEN r6 < 0.9 THEN
            %(day)s::date - (ARRAY[{days}])[1 + floor(r7 * {len(bounds)})::int] + 1 - (r8 * 2)::int
            ELSE {_day("r7 * 1600")} END AS oldest_due,
        CASE WHEN r6 < 0.45 THEN 0 ELSE floor(r9 * 15)::int END AS missed,
        CASE WHEN r8 < 0.6 THEN 0 WHEN r8 < 0.8 THEN {_pick(_OVER, of="r9")}::int
            ELSE floor(r7 * 200)::int END AS excess_days,
        CASE WHEN r9 < 0.7 THEN 0 WHEN r9 < 0.85 THEN {_pick(_OVER, of="r8")}::int
            ELSE floor(r7 * 200)::int END AS days_without_credit,
        CASE WHEN r3 < 0.5 THEN round((r4 * 1000)::numeric, 2) END AS credits,
        CASE WHEN r4 < 0.7 THEN round((r5 * 1000)::numeric, 2) END AS interest_debited,
        CASE WHEN r3 < 0.8 THEN 4 + floor(r9 * 14)::int END AS season_months,
        {_pick(sorted(purposes), of="r10")} AS purpose,
        {_pick(["", "", "", *(one.code for one in rules.segments)], of="r11")} AS segment,
        {_pick(sorted(kinds), of="r12")} AS security_kind,
        CASE WHEN r13 < 0.4 THEN 0 ELSE round((r14 * 700000)::numeric, 2) END AS security,
        CASE WHEN r14 < 0.8 THEN 0 ELSE round((r13 * 70000)::numeric, 2) END AS security_stale,
        CASE WHEN r15 < 0.5 THEN round((r15 * 2000000)::numeric, 2) END AS security_assessed,
        CASE WHEN r15 < 0.7 THEN round((r3 * 900000)::numeric, 2) END AS exposure_at_start,
        CASE WHEN r15 < 0.6 THEN round((r14 * 200000)::numeric, 2) END AS security_at_start,
        r16 < 0.1 AS has_escrow,
        CASE WHEN r16 < 0.8 THEN 0 ELSE round((r15 * 900000)::numeric, 2) END AS deposits,
        {_pick(["", "", "", *Guarantee], of="r17")} AS guarantee,
        r18 < 0.3 AS guarantee_repudiated, r19 < 0.02 AS is_fraud,
        CASE WHEN r20 < 0.9 THEN '' ELSE {_pick([*grades, "unknown"], of="r19")} END AS reviewed,
        CASE WHEN r21 < 0.9 THEN '' ELSE {_pick([*grades, "unknown"], of="r20")} END AS override,
        CASE WHEN r22 < 0.15 THEN {_day("r21 * 900 - 30")} END AS restructured_on,
        r23 < 0.2 AS restructuring_exempt,
        {_pick(["", *grades], of="r23")} AS class_when_restructured,
        CASE WHEN r22 < 0.12 THEN {_day("r20 * 800")} END AS first_payment_on,
        round((r24 * 0.3)::numeric, 4) AS repaid_share, r24 < 0.2 AS defaulted_since,
        CASE WHEN r23 > 0.5 THEN r23 < 0.95 END AS is_rated_well,
        CASE WHEN r2 < 0.5 THEN 1000000000 ELSE round((r2 * 2000000000)::numeric, 2) END
            AS exposure,
        CASE WHEN r25 < 0.1 THEN 0 WHEN r25 < 0.5 THEN round((r25 * 0.2)::numeric, 6) END
            AS pd_origination,
        CASE WHEN r26 < 0.5 THEN round((r26 * 0.4)::numeric, 6) END AS pd_12_months,
        CASE WHEN r26 > 0.4 AND r26 < 0.6 THEN round((r25 * 0.6)::numeric, 6) END AS pd_lifetime,
        CASE WHEN r24 < 0.9 THEN 12 + floor(r23 * r23 * 800)::int END AS months_left,
        CASE WHEN r22 < 0.1 THEN 0 ELSE round((r21 * 0.6)::numeric, 6) END AS annual_rate,
        CASE WHEN r27 < 0.3 THEN round(r26::numeric, 4) END AS lgd,
        r27 > 0.97 AS has_increased_risk,
        CASE WHEN r28 < 0.3 THEN '' ELSE {_pick(grades, of="r27")} END AS was_class,
        {_pick(["", "", *grades], of="r25")} AS was_computed,
        CASE WHEN r24 > 0.4 THEN {_day("1 + r23 * 900")} END AS was_computed_since,
        CASE WHEN r24 > 0.7 THEN {_day("1 + r22 * 1700")} END AS was_computed_npa_date,
        CASE WHEN r24 > 0.8 THEN {_day("1 + r22 * 1700 + r23 * 400")} END
            AS was_computed_aged_from,
        CASE WHEN r28 > 0.3 THEN {_day("1 + r26 * 900")} END AS was_class_since,
        CASE WHEN r28 > 0.75 THEN {_day("1 + r25 * 1700")} END AS was_npa_date,
        CASE WHEN r28 > 0.85 THEN {_day("1 + r25 * 1700 + r24 * 400")} END AS was_aged_from
    FROM (
        SELECT n, 1 + floor(n / 2.5)::int AS customer_id,
            {", ".join(f"random() AS r{one}" for one in range(1, 29))}
        FROM generate_series(1, %(number)s) AS n
    ) made
    """  # noqa: S608 - our own parts


# Every third borrower owes nothing and never did, as most of a book; some have other loans beside.
_PLAIN = """
    UPDATE made SET oldest_due = NULL, missed = 0, form = 'term', override = '', is_fraud = FALSE,
        reviewed = '', restructured_on = NULL, was_npa_date = NULL, was_aged_from = NULL,
        has_increased_risk = FALSE,
        was_class = CASE WHEN was_class = '' THEN '' WHEN key %% 2 = 0 THEN %(best)s
            ELSE %(theirs)s END
    WHERE customer_id %% 3 = 0 OR key %% 11 = 0
"""


# What people found about some facilities: in every state, begun and over on the day, the day before
# or after it, and open-ended.
_FINDINGS = """
    CREATE TEMPORARY TABLE made_finding ON COMMIT DROP AS
    SELECT key AS loan_id, kind, value, status,
        CASE WHEN status IN ({counted}) THEN starts END AS counts_from,
        CASE WHEN r3 < 0.6 THEN starts + lasts END AS until_date,
        CASE WHEN status = 'ended' THEN starts + floor(r4 * 30)::int END AS ended_on
    FROM (
        SELECT *, (ARRAY[{states}])[1 + floor(r1 * {number})::int] AS status,
            (ARRAY[0, 1, 5, 30])[1 + floor(r4 * 4)::int] AS lasts,
            %(day)s::date + (ARRAY[-30, -5, -1, 0, 0, 1])[1 + floor(r2 * 6)::int] AS starts,
            {value} AS value
        FROM (
            SELECT m.key, k.kind, random() AS r1, random() AS r2, random() AS r3, random() AS r4,
                random() AS r5
            FROM made m CROSS JOIN unnest(ARRAY[{kinds}]) AS k(kind)
            WHERE m.customer_id %% 3 <> 0 AND m.key %% 11 <> 0
        ) drawn WHERE r5 < 0.12
    ) dated
"""


def _make_findings(rules: Rules) -> str:
    """Return the statement that makes what people found about the facilities of `made`."""
    grades = [*(one.code for one in rules.grades), "unknown"]
    segments = [one.code for one in rules.segments]
    values = {
        Kind.REVIEW: grades,
        Kind.SEGMENT: [*segments, "unknown"],
        Kind.CROP_SEASON: [4, 6, 12, 13, 18],
        **findings.VALUES,
    }
    value = " ".join(f"WHEN '{kind}' THEN {_pick(each, of='r3')}" for kind, each in values.items())
    states = findings.FINDING.states
    return _FINDINGS.format(
        counted=literals(findings.COUNTED),
        # Most are in force: what is refused or waits is not what the rules act on.
        states=literals([*states, *findings.COUNTED * 2]),
        number=len(states) + 2 * len(findings.COUNTED),
        value=f"CASE kind {value} ELSE '' END",
        kinds=literals(str(one) for one in Kind),
    )


def _take_in() -> str:
    """Return the statement that puts what is in force into the facilities, as the night's does."""
    columns = [column(name, f"made.{name}") for name in FOUND]
    return f"""
    WITH {found("made_finding")}
    UPDATE made SET {", ".join(f"{name} = taken.{name}" for name in FOUND)}
    FROM (
        SELECT made.key, {", ".join(columns)} FROM made JOIN found ON found.loan_id = made.key
    ) taken WHERE taken.key = made.key
    """  # noqa: S608 - our own parts


def _told(as_of: date) -> dict[int, dict[str, Any]]:
    """Return the fields that the pure reading fills out of the rows, by facility."""
    told: dict[int, list[tuple[str, str]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loan_id, kind, value, status, counts_from, until_date, ended_on"
            " FROM made_finding"
        )
        for key, kind, value, *when in cursor.fetchall():
            names = ("status", "counts_from", "until_date", "ended_on")
            if findings.is_in_force(day=as_of, **dict(zip(names, when, strict=True))):
                told[key].append((kind, value))
    return {key: findings.fields(pairs) for key, pairs in told.items()}


def _day(ago: str) -> str:
    return f"%(day)s::date - floor({ago})::int"


# Of two tables the second is that of every other facility.
_SIDES = """
    these AS NOT MATERIALIZED (SELECT * FROM made WHERE key %% 2 = 0),
    beside AS NOT MATERIALIZED (SELECT * FROM made WHERE key %% 2 = 1)
"""


def _make(rules: Rules, as_of: date, *, beside: Rules | None = None) -> list[dict[str, Any]]:
    """Make the borrowers; return what the statements say of each of their facilities."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.42)")
        number = round(BORROWERS * 2.5)
        cursor.execute(_made(rules, beside or rules), {"day": as_of, "number": number})
        cursor.execute(_PLAIN, {"best": rules.best, "theirs": (beside or rules).best})
        cursor.execute(f"SELECT key, {', '.join(FOUND)} FROM made")  # noqa: S608 - our own
        bare = {key: dict(zip(FOUND, each, strict=True)) for key, *each in cursor.fetchall()}
        cursor.execute(_make_findings(rules), {"day": as_of})
        cursor.execute(_take_in(), {"day": as_of})
        told = _told(as_of)
        if beside is None:
            rows = _said(f"{classes(rules, 'made')}, {provisions(rules)}", as_of)
        else:
            rows = [
                *_said(_one_side(rules, "these", beside, "beside"), as_of),
                *_said(_one_side(beside, "beside", rules, "these"), as_of),
            ]
        return [row | {"pure": bare[row["key"]] | told.get(row["key"], {})} for row in rows]


def _one_side(rules: Rules, relation: str, beside: Rules, theirs: str) -> str:
    others = [Under(rules=beside, relation=theirs)]
    return f"{_SIDES}, {classes(rules, relation, others)}, {provisions(rules)}"


def _said(parts: str, as_of: date) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {parts}"  # noqa: S608 - our own
            f" SELECT customer_id, {', '.join(_FIELDS)}, {suspended('suspended')} AS held,"
            f" {', '.join(f'{one} AS says_{one}' for one in _CLASSED)},"
            " secured AS says_secured, unsecured AS says_unsecured, provision AS says_amount,"
            " reserve AS says_reserve FROM provided",
            {"day": as_of},
        )
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _facility(row: dict[str, Any]) -> Facility:
    values = {name: row[name] for name in _FIELDS} | row["pure"]
    return Facility(
        **{**values, "form": Form(values["form"]), "guarantee": Guarantee(values["guarantee"])}
    )


def _differences(
    rows: list[dict[str, Any]], rules: Rules, as_of: date, *, beside: Rules | None = None
) -> list[str]:
    """Return where the pure rules say otherwise than the statement did."""
    under = {row["key"]: beside for row in rows if beside is not None and row["key"] % 2}
    borrowers: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        borrowers[row["customer_id"]].append(row)
    differ = []
    for members in borrowers.values():
        facilities = [_facility(row) for row in members]
        borrower = Borrower(facilities=tuple(facilities))
        classed = classification.classify(borrower, rules, as_of, under=under)
        for row, one, its in zip(members, facilities, classed, strict=True):
            table = under.get(row["key"], rules)
            held = ZERO if table.performs(its.asset_class) else one.suspended
            provided = provisioning.provide(replace(one, suspended=held), its, table, as_of)
            should = {name: getattr(its, name) for name in _CLASSED} | {
                name: getattr(provided, name) for name in _PROVIDED
            }
            says = {name: row[f"says_{name}"] for name in should}
            should |= {name: getattr(one, name) for name in FOUND}
            says |= {name: row[name] for name in FOUND}
            if says != should or row["held"] != held:
                odd = [name for name in should if says[name] != should[name]]
                differ.append(f"{[(one, should[one], says[one]) for one in odd]} of {row}")
    return differ


@pytest.mark.parametrize("rules", TABLES, ids=lambda rules: rules.code)
def test_it_says_the_same_in_python_and_in_sql(rules: Rules) -> None:
    as_of = min(AS_OF, rules.effective_to or AS_OF)

    rows = _make(rules, as_of)

    assert len(rows) == round(BORROWERS * 2.5)
    assert _differences(rows, rules, as_of)[:2] == []
    # The borrowers are of every kind: nothing is equal because nothing happens.
    assert {row["says_asset_class"] for row in rows} == set(rules.ranks)
    assert len({row["says_reason"] for row in rows}) >= 6
    assert sum(1 for row in rows if row["says_amount"] > Decimal(0)) > BORROWERS
    if rules.ecl is not None:
        # Of many the PD over their life is worked out from that over twelve months.
        worked_out = [row for row in rows if row["says_stage"] == 2 and row["pd_lifetime"] is None]
        assert sum(1 for row in worked_out if row["pd_12_months"] and row["months_left"]) > 50
    if rules.revolving is not None:
        # Each limb of "out of order" occurs alone, and so does an overdraft that just keeps within.
        assert _limbs(rows, rules.revolving.out_of_order_days) >= {
            *((), ("excess",), ("no_credit",), ("credits",)),
            *(("excess", "no_credit"), ("excess", "credits"), ("no_credit", "credits")),
        }
        on_bounds = {row["excess_days"] for row in rows if row["form"] == Form.REVOLVING}
        assert set(_OVER) <= on_bounds
    filled = {name for fields_ in _told(as_of).values() for name in fields_}
    assert filled == set(FOUND)


def _limbs(rows: list[dict[str, Any]], days: int) -> set[tuple[str, ...]]:
    """Return by which limbs of rule 1.3 overdrafts are out of order, each combination once."""
    return {
        tuple(
            name
            for name, is_so in (
                ("excess", row["excess_days"] >= days),
                ("no_credit", row["days_without_credit"] >= days),
                (
                    "credits",
                    None not in (row["credits"], row["interest_debited"])
                    and row["credits"] < row["interest_debited"],
                ),
            )
            if is_so
        )
        for row in rows
        if row["form"] == Form.REVOLVING
    }


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_it_says_the_same_of_facilities_that_are_under_tables_of_their_own_1_5(
    first: str, second: str
) -> None:
    rules, beside = _BY_CODE[first], _BY_CODE[second]
    as_of = min(AS_OF, rules.effective_to or AS_OF, beside.effective_to or AS_OF)

    rows = _make(rules, as_of, beside=beside)

    assert len(rows) == round(BORROWERS * 2.5)
    assert _differences(rows, rules, as_of, beside=beside)[:2] == []
    # Each side has all of its classes, and what the other's does decides on some of it.
    alone = {row["key"]: row["says_asset_class"] for row in _make_alone(rules, beside, as_of)}
    for remainder, its in ((0, rules), (1, beside)):
        side = [row for row in rows if row["key"] % 2 == remainder]
        assert {row["says_asset_class"] for row in side} == set(its.ranks)
        taken = [row for row in side if alone[row["key"]] != row["says_asset_class"]]
        assert bool(taken) is its.contagion


def _make_alone(rules: Rules, beside: Rules, as_of: date) -> list[dict[str, Any]]:
    """Return what becomes of the facilities that are there, where the other side is left out."""
    sides = ((rules, "these"), (beside, "beside"))
    return [
        row
        for its, side in sides
        for row in _said(f"{_SIDES}, {classes(its, side)}, {provisions(its)}", as_of)
    ]
