"""Features that know the outcome stop a run; honest ones, however strong, do not."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from ml import _univariate, datasets, leakage, metrics
from ml.leakage import LeakageConfig, LeakageFound, Timing
from ml.schema import Feature, Schema

Floats = npt.NDArray[np.float64]

PUBLIC = Path(__file__).parents[3] / "shared" / "data"
needs_public_data = pytest.mark.skipif(
    not PUBLIC.is_dir(), reason="The folder of public credit data is not beside the project."
)
UNKNOWN = "Not stated."


def number(name: str, **rules: object) -> Feature:
    declared = {"group": "A", "missing": "allowed", "missing_meaning": UNKNOWN} | rules
    return Feature(name, "number", **declared)  # type: ignore[arg-type]  # mixed test rules


def category(name: str, categories: int) -> Feature:
    codes = tuple(f"c{code}" for code in range(categories))
    return Feature(name, "category", group="A", categories=codes)


def sample(rows: int = 400) -> tuple[Floats, Floats]:
    """Return outcomes and an honest feature with AUC of about .65."""
    chance = np.random.default_rng(11)
    bad = (np.arange(rows) % 4 == 0).astype(np.float64)
    return bad, chance.standard_normal(rows) + 0.55 * bad


def rules(report: leakage.LeakageReport) -> list[tuple[str, str, str]]:
    return [(one.feature, one.rule, one.severity) for one in report.findings]


def test_it_lets_an_honest_feature_pass() -> None:
    bad, honest = sample()

    report = leakage.check(Schema("s", 1, (number("honest"),)), honest[:, np.newaxis], bad)

    assert report.findings == ()
    assert report.univariate[0].auc == metrics.auc(honest, bad)
    assert 0.6 < report.univariate[0].auc < 0.72


def test_it_stops_at_perfect_separation_and_says_by_which_rules() -> None:
    bad, honest = sample()
    matrix = np.column_stack([honest, -bad])

    with pytest.raises(LeakageFound) as refusal:
        leakage.check(Schema("s", 1, (number("honest"), number("mirror"))), matrix, bad)

    assert [(one.feature, one.rule) for one in refusal.value.report.stops] == [
        ("mirror", "copy"),
        ("mirror", "auc"),
        ("mirror", "iv"),
        (leakage.TOGETHER, "joint"),
    ]
    assert "mirror alone has AUC 1.000 (limit 0.9)." in str(refusal.value)
    assert "the errors are only 0.0% of the rarer class (limit 2.0%)" in str(refusal.value)
    assert "honest" not in str(refusal.value).split("most comes")[0]


def test_it_names_five_findings_and_says_what_a_model_of_behaviour_needs() -> None:
    bad, honest = sample()
    late = tuple(number(f"late_{month}", available="behavioural") for month in range(8))

    with pytest.raises(LeakageFound) as refusal:
        leakage.check(Schema("s", 1, late), np.tile(honest[:, np.newaxis], 8), bad)

    assert str(refusal.value).count("is declared behavioural") == 5
    assert "And 3 more; the report lists them all." in str(refusal.value)
    assert str(refusal.value).endswith("with LeakageConfig(behavioural=True).")


def test_it_finds_a_relabelled_copy_with_a_few_mistakes() -> None:
    bad, _ = sample()
    code = np.where(bad == 1, 2.0, np.arange(len(bad)) % 2)
    code[0] = 0.0

    report = leakage.inspect(Schema("s", 1, (category("status", 3),)), code[:, np.newaxis], bad)

    copy = next(one for one in report.stops if one.rule == "copy")
    # One of the hundred bads has a code that goods have too.
    assert (copy.feature, copy.figure) == ("status", 0.01)


def test_it_finds_an_outcome_told_by_what_is_missing() -> None:
    bad, honest = sample()
    column = np.where(bad == 1, np.nan, honest)

    report = leakage.inspect(Schema("s", 1, (number("repaid"),)), column[:, np.newaxis], bad)

    assert report.univariate[0].auc == 1.0
    assert ("repaid", "copy", "stop") in rules(report)


def test_it_finds_an_outcome_told_by_both_ends_of_a_number() -> None:
    bad, honest = sample(1000)
    column = np.where(bad == 1, np.sign(honest) * (abs(honest) + 5), np.clip(honest, -4, 4))

    report = leakage.inspect(Schema("s", 1, (number("deviation"),)), column[:, np.newaxis], bad)

    assert abs(metrics.auc(column, bad) - 0.5) < 0.2  # type: ignore[operator]  # two classes
    assert ("deviation", "auc", "stop") in rules(report)


def test_it_finds_a_number_that_tells_only_beside_another() -> None:
    bad, _ = sample(1000)
    chance = np.random.default_rng(5)
    borrowed = np.exp(chance.normal(9, 1.5, len(bad)))
    repaid = borrowed * np.where(bad == 1, chance.uniform(0, 0.95, len(bad)), 1.0)
    schema = Schema("s", 1, (number("borrowed"), number("repaid")))

    report = leakage.inspect(
        schema, np.column_stack([borrowed, repaid]), bad, config=LeakageConfig(check_auc=0.6)
    )

    assert ("repaid", "auc", "stop") not in rules(report)
    pair = next(one for one in report.stops if one.rule == "pair")
    assert pair.feature == "repaid"
    assert pair.sentence == "repaid divided by borrowed has AUC 1.000 (limit 0.95)."


def test_it_finds_features_that_only_together_tell_the_outcome() -> None:
    chance = np.random.default_rng(8)
    matrix = chance.standard_normal((2000, 2))
    bad = (matrix.prod(axis=1) > 0).astype(np.float64)

    report = leakage.inspect(Schema("s", 1, (number("x"), number("y"))), matrix, bad)

    assert rules(report) == [(leakage.TOGETHER, "joint", "stop")]
    assert report.joint_auc is not None
    assert report.joint_auc > 0.99


def test_it_asks_for_a_look_from_the_lower_limits_on() -> None:
    bad, honest = sample()
    strong = honest + bad

    report = leakage.check(Schema("s", 1, (number("strong"),)), strong[:, np.newaxis], bad)

    assert rules(report) == [("strong", "auc", "check"), ("strong", "iv", "check")]
    assert report.checks[0].limit == 0.75
    assert report.checks[1].limit == 0.5
    assert report.stops == ()


def test_it_counts_a_figure_at_its_limit_as_over_it() -> None:
    bad, honest = sample()
    schema, matrix = Schema("s", 1, (number("honest"),)), honest[:, np.newaxis]
    figure = leakage.inspect(schema, matrix, bad).univariate[0].auc
    above = float(np.nextafter(figure, 1))

    at_limit = LeakageConfig(check_auc=figure, stop_auc=figure)
    below = LeakageConfig(check_auc=above, stop_auc=above)

    assert rules(leakage.inspect(schema, matrix, bad, config=at_limit)) == [
        ("honest", "auc", "stop")
    ]
    assert leakage.inspect(schema, matrix, bad, config=below).findings == ()


@pytest.mark.parametrize("wrong", [{"stop_auc": 0.7}, {"stop_iv": 0.4}, {"sampled_rows": 49}])
def test_it_refuses_limits_that_contradict_each_other(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"cannot lie below|At least 50 rows"):
        LeakageConfig(**wrong)  # type: ignore[arg-type]  # the wrong numbers are the point


def test_it_refuses_what_only_an_existing_customer_has() -> None:
    bad, honest = sample()
    schema = Schema("s", 1, (number("months_late", available="behavioural"),))

    report = leakage.inspect(schema, honest[:, np.newaxis], bad)
    of_customers = leakage.inspect(
        schema, honest[:, np.newaxis], bad, config=LeakageConfig(behavioural=True)
    )

    assert rules(report) == [("months_late", "availability", "stop")]
    assert of_customers.findings == ()


def test_it_stops_at_a_value_that_was_known_only_later() -> None:
    bad, honest = sample()
    applied = np.full(len(bad), np.datetime64("2024-05-10"))
    since = np.full(len(bad), np.datetime64("2024-05-10T23:59"))
    since[:3] = [np.datetime64("2024-05-11"), np.datetime64("2025-01-01"), np.datetime64("NaT")]
    schema, matrix = Schema("s", 1, (number("report"),)), honest[:, np.newaxis]

    report = leakage.inspect(schema, matrix, bad, timing=Timing(applied, {"report": since}))

    assert rules(report) == [("report", "known_later", "stop")]
    assert report.stops[0].figure == 2 / 400
    assert report.stops[0].sentence == (
        "report was known only after the application in 0.50% of the rows."
    )


@pytest.mark.parametrize(
    ("applied", "known_since", "sentence"),
    [
        (["2024-01-01"] * 399, {}, "400 rows but 399 dates of application"),
        (["NaT"] * 400, {}, "An application has no date"),
        (["2024-01-01"] * 400, {"other": ["2024-01-01"] * 400}, "other has dates but is not"),
        (["2024-01-01"] * 400, {"x": ["2024-01-01"]}, "400 rows but 1 dates of x"),
    ],
)
def test_it_refuses_dates_that_do_not_belong_to_the_rows(
    applied: list[str], known_since: dict[str, list[str]], sentence: str
) -> None:
    bad, honest = sample()
    timing = Timing(
        np.array(applied, dtype="datetime64[D]"),
        {name: np.array(days, dtype="datetime64[D]") for name, days in known_since.items()},
    )

    with pytest.raises(ValueError, match=sentence):
        leakage.inspect(Schema("s", 1, (number("x"),)), honest[:, np.newaxis], bad, timing=timing)


def test_it_stops_at_row_numbers_in_the_order_of_the_outcomes() -> None:
    bad = np.repeat([1.0, 0.0, 1.0, 0.0], [60, 100, 40, 200])
    schema = Schema("s", 1, (number("loan_number"),))
    numbers = 5000.0 + np.arange(400)
    mixed = np.random.default_rng(0).permutation(numbers)

    ordered = leakage.inspect(schema, numbers[:, np.newaxis], bad)
    at_random = leakage.inspect(schema, mixed[:, np.newaxis], bad)

    assert ("loan_number", "identifier", "stop") in rules(ordered)
    assert ("loan_number", "identifier", "check") in rules(at_random)
    assert at_random.stops == ()


def test_it_takes_no_amount_for_a_row_number() -> None:
    bad, _ = sample()
    incomes = np.random.default_rng(1).permutation(np.arange(400.0) * 997 + 31_000)
    fractions = np.linspace(0.1, 0.9, 400)

    for column in (incomes, fractions):
        report = leakage.inspect(Schema("s", 1, (number("x"),)), column[:, np.newaxis], bad)
        assert "identifier" not in [one.rule for one in report.findings]


def test_it_stops_at_a_category_of_its_own_for_every_row() -> None:
    bad, _ = sample()
    codes = np.arange(400.0)[:, np.newaxis]

    report = leakage.inspect(Schema("s", 1, (category("customer", 400),)), codes, bad)

    assert rules(report) == [("customer", "identifier", "stop")]


def test_it_finds_test_rows_in_the_training_rows() -> None:
    bad, honest = sample()
    matrix = np.column_stack([honest, np.full(400, np.nan)])
    unseen = np.column_stack([honest[:200] + 100, np.full(200, np.nan)])
    schema = Schema("s", 1, (number("x"), number("y")))

    few, many = (
        leakage.inspect(schema, matrix, bad, test_matrix=np.vstack([unseen, matrix[:twice]]))
        for twice in (2, 50)
    )

    assert rules(few) == [(leakage.ROWS, "duplicates", "check")]
    assert rules(many) == [(leakage.ROWS, "duplicates", "stop")]
    assert (few.findings[0].figure, many.findings[0].figure) == (2 / 202, 0.2)


def test_it_takes_a_negative_zero_for_a_zero() -> None:
    assert leakage.duplicate_share(np.array([[0.0, np.nan]]), np.array([[-0.0, np.nan]])) == 1
    assert leakage.duplicate_share(np.array([[0.0, np.nan]]), np.array([[0.0, 1.0]])) == 0
    with pytest.raises(ValueError, match="no test rows"):
        leakage.duplicate_share(np.zeros((3, 2)), np.zeros((0, 2)))


def test_it_records_an_accepted_exception_instead_of_stopping() -> None:
    bad, honest = sample()
    schema = Schema("s", 1, (number("honest"), number("approved")))
    reason = "The lender's own decision, wanted here."

    report = leakage.check(
        schema, np.column_stack([honest, bad]), bad, accepted={"approved": reason}
    )

    assert report.stops == ()
    assert {one.rule for one in report.findings} == {"copy", "auc", "iv"}
    assert {one.accepted for one in report.findings} == {reason}
    # The joint model leaves the accepted feature out, and so sees only the honest one.
    assert report.joint_auc is not None
    assert report.joint_auc < 0.8
    shown = json.loads(json.dumps(report.to_dict()))
    assert shown["accepted"] == {"approved": reason}
    assert shown["stopped"] is False
    assert shown["config"]["stop_auc"] == 0.9


@pytest.mark.parametrize(
    ("accepted", "sentence"),
    [({"nobody": "why not"}, "nobody is accepted but"), ({"x": " "}, "x is accepted without")],
)
def test_it_refuses_an_exception_without_feature_or_reason(
    accepted: dict[str, str], sentence: str
) -> None:
    bad, honest = sample()

    with pytest.raises(ValueError, match=sentence):
        leakage.inspect(
            Schema("s", 1, (number("x"),)), honest[:, np.newaxis], bad, accepted=accepted
        )


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (np.zeros(400), "All outcomes are the same"),
        (np.ones(400), "All outcomes are the same"),
        (np.array([0.0, 1.0] * 5), "from 50 rows with 10 of each class on; there are 5 good and 5"),
        (np.array([1.0] * 9 + [0.0] * 91), "there are 91 good and 9 bad"),
        (np.array([0.0, 1.0, np.nan] * 30), "0 .good. or 1 .bad."),
        (np.array([0.0, 1.0] * 30), "100 rows but 60 outcomes"),
    ],
)
def test_it_refuses_outcomes_nothing_can_be_said_about(bad: Floats, sentence: str) -> None:
    rows = 100 if len(bad) == 60 else len(bad)

    with pytest.raises(ValueError, match=sentence):
        leakage.inspect(Schema("s", 1, (number("x"),)), np.zeros((rows, 1)), bad)


@pytest.mark.parametrize("value", [7.0, np.nan])
def test_it_finds_nothing_in_a_constant_or_empty_column(value: float) -> None:
    bad, _ = sample()

    report = leakage.inspect(Schema("s", 1, (number("x"),)), np.full((400, 1), value), bad)

    assert report.findings == ()
    assert (report.univariate[0].auc, report.univariate[0].iv) == (0.5, 0.0)


def test_it_computes_the_information_value_of_the_rule_book_9_10_t1() -> None:
    level = np.repeat([0, 1, 2], [360, 530, 210]) + 1
    bad = np.concatenate([np.repeat([0.0, 1.0], counts) for counts in ((300, 60), (500, 30))])
    bad = np.concatenate([bad, np.repeat([0.0, 1.0], (200, 10))])

    found = _univariate.information_value(level, bad)

    oracle = metrics.weight_of_evidence(goods=[300.5, 500.5, 200.5], bads=[60.5, 30.5, 10.5]).iv
    assert found == pytest.approx(oracle, abs=1e-12)
    assert found == pytest.approx(0.379423997, abs=0.02)


@pytest.mark.parametrize("gone", [0, 1])
def test_it_puts_missing_values_at_the_end_that_separates_more(gone: int) -> None:
    bad, honest = sample()
    column = np.where((bad == gone) & (np.arange(400) % 3 == 0), np.nan, honest.round(1))

    found = _univariate.rank_auc(column, bad)

    ends = [metrics.auc(np.nan_to_num(column, nan=end), bad) for end in (-99.0, 99.0)]
    assert found == pytest.approx(max(max(end, 1 - end) for end in ends if end), abs=1e-12)


def test_it_does_not_take_many_small_categories_for_information() -> None:
    bad, _ = sample(2000)
    level = np.random.default_rng(2).integers(1, 500, 2000)

    assert _univariate.information_value(level, bad) < 0.02
    fold = _univariate.stratified_folds(bad, 42)
    assert 0.4 < _univariate.out_of_fold_auc(level, bad, fold) < 0.6


def test_it_warns_of_reversed_labels() -> None:
    bad, honest = sample()

    warning = leakage.reversed_labels_warning(-honest, bad)

    assert warning is not None
    assert warning.startswith("The AUC is 0.")
    assert "mixed up" in warning


@pytest.mark.parametrize(
    ("scores", "bad"),
    [
        ([0.1, 0.2, 0.3, 0.4], [1, 0, 1, 0]),  # below one half, but four rows prove nothing
        ([0.1, 0.2, 0.3, 0.4], [0, 0, 1, 1]),
        ([0.1, 0.2], [1, 1]),
        ([0.5] * 200, [0, 1] * 100),
    ],
)
def test_it_does_not_warn_of_chance(scores: list[float], bad: list[int]) -> None:
    assert leakage.reversed_labels_warning(scores, bad) is None


def test_it_gives_the_same_report_for_the_same_seed() -> None:
    bad, honest = sample(1000)
    schema, matrix = Schema("s", 1, (number("x"),)), honest[:, np.newaxis]
    config = LeakageConfig(sampled_rows=500)

    assert leakage.inspect(schema, matrix, bad, config=config) == leakage.inspect(
        schema, matrix, bad, config=config
    )


@needs_public_data
@pytest.mark.parametrize(
    ("name", "strongest"),
    [
        ("australian", "A8"),  # the lender's main criterion where approval is the outcome
        ("belanche", "Seniority"),
        ("german", "status_checking"),
        ("hmeq", "DEBTINC"),
        ("taiwan", "PAY_0"),
    ],
)
def test_it_lets_the_honest_features_of_public_data_pass(name: str, strongest: str) -> None:
    data = datasets.load(name, PUBLIC)
    rows = slice(0, None, max(1, len(data.bad) // 3000))

    report = leakage.check(
        data.schema,
        data.schema.to_matrix(data.frame)[rows],
        data.bad[rows],
        config=LeakageConfig(behavioural=name == "taiwan"),
    )

    assert max(report.univariate, key=lambda one: one.auc).feature == strongest
    assert strongest in {one.feature for one in report.checks}


@needs_public_data
def test_it_stops_at_the_columns_a_proxy_target_was_made_from() -> None:
    raw = pd.read_csv(PUBLIC / "xente_customers.csv.gz")
    bad = raw["proxy_high_risk"].to_numpy(dtype=np.float64)
    names = ("recency_days", "transaction_count", "total_value")
    schema = Schema("xente", 1, tuple(number(name) for name in names))

    report = leakage.inspect(schema, raw[list(names)].to_numpy(dtype=np.float64), bad)

    stopped = {(one.feature, one.rule) for one in report.stops}
    assert ("recency_days", "auc") in stopped
    assert (leakage.TOGETHER, "joint") in stopped
    assert report.univariate[0].auc > 0.999


@needs_public_data
def test_it_stops_at_what_was_paid_after_the_loan_was_made() -> None:
    raw = pd.read_csv(PUBLIC / "lendingclub_2007_2011.csv.gz", low_memory=False).iloc[::10]
    issued = pd.to_datetime(raw["issue_d"]).to_numpy(dtype="datetime64[D]")
    last_paid = pd.to_datetime(raw["last_pymnt_d"]).to_numpy(dtype="datetime64[D]")
    names = ("loan_amnt", "annual_inc", "total_rec_prncp", "recoveries", "last_pymnt_d")
    columns = raw.assign(last_pymnt_d=np.where(np.isnat(last_paid), np.nan, last_paid.astype(int)))
    schema = Schema("lendingclub", 1, tuple(number(name) for name in names))

    report = leakage.inspect(
        schema,
        columns[list(names)].to_numpy(dtype=np.float64),
        raw["bad"].to_numpy(dtype=np.float64),
        timing=Timing(issued, {"last_pymnt_d": last_paid}),
    )

    first_rule = {one.feature: one.rule for one in reversed(report.stops)}
    assert {name: first_rule.get(name) for name in names} == {
        "loan_amnt": None,
        "annual_inc": None,
        "total_rec_prncp": "pair",
        "recoveries": "copy",
        "last_pymnt_d": "known_later",
    }
