"""The interest that a period earned by the end of a day, as SQL: to the unit as `accruing` has it.

Everything is a whole number until the one division at the end, so that a half unit is exactly a
half unit here as well. A property test holds both readings equal.
"""

from apps.core.money import MINOR_UNITS

# Days over 365 and days over 366 have this denominator in common.
_BOTH_YEARS = 365 * 366
_IN_YEAR = "(make_date({y} + 1, 1, 1) - make_date({y}, 1, 1))"
_YEAR = "extract(year FROM {day})::int"
_MONTH = "extract(month FROM {day})::int"
_DAY = "extract(day FROM {day})::int"


def earned(*, day: str, period: str = "p", currency: str = "l.currency") -> str:
    """Return the expression of what a period earned by a day, rounded half-up once.

    `day` is an expression of type date; `period` is the alias of a row with `starts_on`, `ends_on`,
    `interest`, `share_numerator`, `share_denominator` and `day_count`.
    """
    passed = days_passed(start=f"{period}.starts_on", day=day, day_count=f"{period}.day_count")
    year = year_of(f"{period}.day_count")
    unit = _units(currency)
    above = f"({period}.interest * {unit} * {passed} * {period}.share_denominator)"
    below = f"({year}::numeric * {period}.share_numerator)"
    return (
        f"CASE WHEN {day} >= {period}.ends_on THEN {period}.interest"
        f" WHEN {day} <= {period}.starts_on OR {period}.share_numerator = 0"
        f" OR {period}.interest = 0 THEN 0"
        f" ELSE LEAST({period}.interest,"
        f" round(div(2 * {above} + {below}, 2 * {below}) / {unit}, 2)) END"
    )


def ran(*, numerator: str, denominator: str, added: str, year: str, currency: str) -> str:
    """Return the expression of numerator / denominator + added / year, rounded half-up once."""
    unit = _units(currency)
    above = f"(({numerator}) * ({year}) + ({added}) * ({denominator}))"
    below = f"(({denominator}) * ({year}))"
    return f"round(div(2 * {above} * {unit} + {below}, 2 * {below}) / {unit}, 2)"


def days_passed(*, start: str, day: str, day_count: str) -> str:
    """Return the expression of the share of a year from a day to another, times `year_of`."""
    return (
        f"(CASE {day_count} WHEN 'act_365' THEN {day} - {start} WHEN 'act_360' THEN {day} - {start}"
        f" WHEN '30_360_us' THEN {_thirty_us(start, day)}"
        f" WHEN '30_360_eu' THEN {_thirty_eu(start, day)}"
        f" WHEN 'act_act_isda' THEN {_isda(start, day)} END)::numeric"
    )


def year_of(day_count: str) -> str:
    """Return the expression of what `days_passed` counts a year as."""
    return (
        f"(CASE {day_count} WHEN 'act_365' THEN 365 WHEN 'act_act_isda' THEN {_BOTH_YEARS}"
        f" ELSE 360 END)"
    )


def _units(currency: str) -> str:
    """Return the expression of how many smallest units the currency's amount of 1 has."""
    others = [code for code, places in MINOR_UNITS.items() if places != 2]
    cases = " ".join(f"WHEN '{code}' THEN {10 ** MINOR_UNITS[code]}" for code in others)
    return f"(CASE {currency} {cases} ELSE 100 END)"


def _thirty_us(start: str, end: str) -> str:
    first = f"CASE WHEN {_ends_february(start)} THEN 30 ELSE {_DAY.format(day=start)} END"
    both = f"{_ends_february(start)} AND {_ends_february(end)}"
    last = f"CASE WHEN {both} THEN 30 ELSE {_DAY.format(day=end)} END"
    cut = f"CASE WHEN ({last}) = 31 AND ({first}) >= 30 THEN 30 ELSE ({last}) END"
    return _thirty(start, end, f"LEAST({first}, 30)", f"({cut})")


def _thirty_eu(start: str, end: str) -> str:
    days = [f"LEAST({_DAY.format(day=day)}, 30)" for day in (start, end)]
    return _thirty(start, end, *days)


def _thirty(start: str, end: str, first: str, last: str) -> str:
    years = f"({_YEAR.format(day=end)} - {_YEAR.format(day=start)})"
    months = f"({_MONTH.format(day=end)} - {_MONTH.format(day=start)})"
    return f"({years} * 360 + {months} * 30 + {last} - {first})"


def _ends_february(day: str) -> str:
    return f"({_MONTH.format(day=day)} = 2 AND {_MONTH.format(day=f'({day} + 1)')} = 3)"


def _isda(start: str, end: str) -> str:
    first, last = (_YEAR.format(day=day) for day in (start, end))
    in_first, in_last = _IN_YEAR.format(y=first), _IN_YEAR.format(y=last)
    same = f"({end} - {start}) * ({_BOTH_YEARS} / {in_first})"
    before = f"(make_date({first} + 1, 1, 1) - {start}) * ({_BOTH_YEARS} / {in_first})"
    after = f"({end} - make_date({last}, 1, 1)) * ({_BOTH_YEARS} / {in_last})"
    whole = f"({last} - {first} - 1) * {_BOTH_YEARS}"
    return f"(CASE WHEN {first} = {last} THEN {same} ELSE {before} + {whole} + {after} END)"
