"""`provisioning.provide` as SQL, built from the same rule table. Pure.

Over the relation `classed` (`classes`): `portioned` splits what is provided for into what security
covers and what not, `provided` says what is set aside. Everything is exact until an amount is
rounded half-up to the smallest unit of its currency, once.
"""

from collections.abc import Callable

from apps.npa.regimes import Rules
from apps.npa.rule_parts import Ecl, Rate, Segment
from apps.npa.statements.lifetime import lifetime
from apps.npa.statements.money import rounded
from apps.npa.statements.words import APART, DAY, case, literal, literals, months_later

Pair = tuple[str, str]


def provisions(rules: Rules) -> str:
    """Return the CTEs from `portioned` to `provided`.

    `provided` has the columns of `classed`, what security covers (`secured`) and what not, the
    provision, the reserve on top of it, and the share (`rate`) that the provision is.
    """
    secured, unsecured = _rates(rules)
    regulatory = "NULL::numeric"
    if rules.rates:
        regulatory = rounded(f"secured * ({secured}) + unsecured * ({unsecured})")
    expected = _expected(rules.ecl)
    amount, reserve = _carried(rules)
    return f"""portioned AS (
        SELECT o.*, base - secured AS unsecured FROM (
            SELECT b.*, {rounded("LEAST(base, brings)")} AS secured FROM (
                SELECT c.*, {_base(rules)} AS base,
                    security + security_stale * (1 - {rules.counting.stale_haircut}) AS brings,
                    {_segment(rules, lambda one: literal(one.code))} AS in_segment
                FROM classed c {APART}
            ) b {APART}
        ) o {APART}
    ),
    provided AS (
        SELECT p.*, {amount} AS provision, {reserve} AS reserve,
            CASE WHEN base = 0 THEN 0 ELSE {amount} / base END AS rate
        FROM (
            SELECT e.*, {expected} AS expected FROM (
                SELECT o.*, {regulatory} AS regulatory, {_model(rules)} AS model,
                    {_floor(rules)} AS floor
                FROM portioned o {_life(rules)} {APART}
            ) e {APART}
        ) p
    )"""  # noqa: S608 - the parts are ours


def suspended(column: str) -> str:
    """Return how much of what was earned and not paid is held in suspense: all of a bad loan."""
    return f"CASE WHEN stands_bad THEN {column} ELSE 0 END"


def _base(rules: Rules) -> str:
    if not rules.counting.less_suspended_interest:
        return "GREATEST(0, outstanding)"
    return f"GREATEST(0, outstanding - {suspended('suspended')})"


def _segment(rules: Rules, value: Callable[[Segment], str]) -> str:
    """Return a value of a facility's segment: of the one stated, else of the first that fits."""
    return case((_is_in(one, rules), value(one)) for one in rules.segments)


def _is_in(one: Segment, rules: Rules) -> str:
    asked = []
    if one.purposes:
        asked.append(f"purpose IN ({literals(one.purposes)})")
    if one.securities:
        asked.append(f"security_kind IN ({literals(one.securities)})")
    if one.by_name_only:
        return f"segment = {literal(one.code)}"
    # Stated under another table, a segment that this one does not know decides nothing.
    unnamed = f"segment NOT IN ({literals(each.code for each in rules.segments)})"
    fits = " AND ".join([unnamed, *asked])
    return f"segment = {literal(one.code)} OR ({fits})"


# --- the regulator's provision --------------------------------------------------------------------
def _rates(rules: Rules) -> Pair:
    """Return the rates of the secured and of the unsecured portion, by class."""
    if not rules.rates:
        return "NULL", "NULL"
    pairs = [(one.grade, _rate(one, rules)) for one in rules.rates]
    return (
        case((f"asset_class = {literal(grade)}", pair[0]) for grade, pair in pairs),
        case((f"asset_class = {literal(grade)}", pair[1]) for grade, pair in pairs),
    )


def _rate(one: Rate, rules: Rules) -> Pair:
    if one.secured is None or one.unsecured is None:
        standard = _standard(rules)
        return standard, standard
    if one.unsecured_from_start is None:
        return str(one.secured), str(one.unsecured)
    special = [(_unsecured_from_start(rules), str(one.unsecured_from_start))]
    if one.infrastructure is not None:
        escrow = f"({_unsecured_from_start(rules)}) AND has_escrow"
        special.insert(0, (escrow, str(one.infrastructure)))
    return case(special, str(one.secured)), case(special, str(one.unsecured))


def _unsecured_from_start(rules: Rules) -> str:
    share = rules.counting.unsecured_up_to
    return (
        "CASE WHEN exposure_at_start IS NULL OR security_at_start IS NULL"
        f" THEN security_kind = '' ELSE security_at_start <= {share} * exposure_at_start END"
    )


def _standard(rules: Rules) -> str:
    rate = f"COALESCE(({_segment(rules, lambda one: literal(one.standard))})::numeric, 0)"
    restructured = rules.counting.restructured_standard
    if restructured is None:
        return rate
    return (
        f"CASE WHEN restructured_on IS NULL THEN {rate} ELSE GREATEST({rate}, {restructured}) END"
    )


# --- the expected loss ----------------------------------------------------------------------------
def _life(rules: Rules) -> str:
    """Return the join that gives a row of `portioned` its PD over what is left of its life."""
    return f"LEFT JOIN LATERAL ({lifetime('o')}) life ON TRUE" if rules.ecl else ""


def _model(rules: Rules) -> str:
    """Return PD x LGD x EAD; NULL where no PD is known for the stage."""
    ecl = rules.ecl
    if ecl is None:
        return "NULL::numeric"
    pd = case(
        [
            ("stage = 1", "pd_12_months"),
            ("stage = 2", "COALESCE(pd_lifetime, lifetime)"),
            ("pd_12_months IS NULL AND lgd IS NULL", "NULL"),
        ],
        "1",
    )
    own = f"COALESCE(lgd, ({_segment(rules, lambda one: literal(one.lgd))})::numeric)"
    loss = (
        f"secured * COALESCE({own}, {ecl.lgd_secured})"
        f" + unsecured * COALESCE({own}, {ecl.lgd_unsecured})"
    )
    floored = f"CASE WHEN ({pd}) IS NOT NULL THEN GREATEST({pd}, {ecl.pd_floor}) END"
    return rounded(f"({floored}) * ({loss})")


def _floor(rules: Rules) -> str:
    """Return the floor of the segment in the stage; NULL where there is none."""
    if rules.ecl is None:
        return "NULL::numeric"
    first = _segment(rules, lambda one: literal(one.stage_1))
    second = _segment(rules, lambda one: literal(one.stage_2))
    schedule = _segment(rules, lambda one: literal(one.stage_3))
    since = f"COALESCE(npa_date, {DAY})"
    steps = [
        (
            (
                f"({schedule}) = {literal(one.schedule)}"
                f" AND {months_later(since, 12 * one.from_years)} <= {DAY}"
            ),
            f"secured * {one.secured} + unsecured * {one.unsecured}",
        )
        for one in reversed(rules.stage_3)
    ]
    both = "(secured + unsecured)"
    return rounded(
        case(
            [
                ("stage = 1", f"{both} * ({first})::numeric"),
                ("stage = 2", f"{both} * ({second})::numeric"),
                *steps,
            ],
            "NULL::numeric",
        )
    )


def _expected(ecl: Ecl | None) -> str:
    if ecl is None:
        return "NULL::numeric"
    return "GREATEST(model, floor)" if ecl.floor_binds else "COALESCE(model, floor)"


def _carried(rules: Rules) -> Pair:
    """Return what goes through profit and loss, and what to a reserve on top."""
    if not rules.rates:
        return "expected", "0"
    if rules.reserve is None:
        return "regulatory", "0"
    reserve = "CASE WHEN expected IS NULL THEN 0 ELSE GREATEST(0, regulatory - expected) END"
    return "COALESCE(expected, regulatory)", reserve
