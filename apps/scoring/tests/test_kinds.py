"""Every kind of model is registered, promoted, scored with and shown."""

import dataclasses
import math
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.core import formatting
from apps.scoring import champion, model_words, points, services
from apps.scoring.models import ModelVersion
from apps.scoring.tests import factories
from ml.calibration import Beta, Calibration
from ml.serving import Scorer

KINDS = ["lightgbm", "scorecard", "forest", "blend"]


@pytest.mark.parametrize("kind", KINDS)
def test_it_scores_and_explains_with_every_kind(
    alice: User, rita: User, mark: User, kind: str
) -> None:
    model = factories.champion("retail", rita, mark, kind=kind)

    run = services.score(
        actor=alice,
        subject=alice,
        segment="retail",
        features=factories.features(),
        now=factories.PROMOTED_AT,
    )

    assert model.kind == kind
    total = run.base + sum(run.attributions.values())
    assert math.isclose(total, run.log_odds, abs_tol=1e-6)
    stored = ModelVersion.objects.get(pk=model.pk)
    champion.forget()
    scorer = champion.scorer_of(stored)
    calibrated = scorer.calibration.final(run.log_odds)
    assert run.pd == pytest.approx(1 / (1 + math.exp(-calibrated)), abs=1e-12)
    again = services.rescore(run=run)
    assert (again.pd, again.displayed_score) == (run.pd, run.score)
    assert again.attributions == run.attributions


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("lightgbm", ["Monotone trees", "trees with up to 8 leaves"]),
        ("scorecard", ["Scorecard", "characteristics in"]),
        ("forest", ["Random forest", "20 trees with up to"]),
        ("blend", ["Blend of models", "% Scorecard ("]),
    ],
)
def test_its_page_says_what_kind_of_model_it_is(
    rita: User, mark: User, signed_in: Any, kind: str, words: list[str]
) -> None:
    model = factories.registered("retail", rita, kind=kind)

    text = _page(signed_in(mark), model)

    for word in words:
        assert word in text
    assert ("Table of points" in text) == (kind == "scorecard")
    assert "passed, with" in text
    assert "has an information value of" in text


def test_a_scorecard_is_shown_with_every_point(rita: User, mark: User, signed_in: Any) -> None:
    model = factories.registered("retail", rita, kind="scorecard")

    text = _page(signed_in(mark), model)

    sheet = points.sheet(champion.scorer_of(model))
    assert sheet is not None
    for part in sheet.characteristics:
        assert part.label in text
        for line in part.lines:
            shown = formatting.format_number(line.points)
            assert f'<th scope="row">{line.label}</th> <td class="num">{shown}</td>' in text


def test_the_points_of_one_applicant_add_up_to_the_score(rita: User) -> None:
    scorer = champion.scorer_of(factories.registered("retail", rita, kind="scorecard"))
    sheet = points.sheet(scorer)
    assert sheet is not None
    lines = {part.label: {one.label: one for one in part.lines} for part in sheet.characteristics}

    row = factories.features(term_months=24, months_since_delinquency=None)
    matrix = scorer.schema.to_matrix_row(row)
    total = 0
    for (item, _estimate), part in zip(
        scorer.model.characteristics, sheet.characteristics, strict=True
    ):
        value = matrix[scorer.schema.names.index(item.feature)]
        total += part.lines[item.position_of(value)].points

    assert abs(total - scorer.score_one(row).score) <= len(lines) / 2
    assert "not known" in lines["Time since the last late payment"]


def test_labels_are_in_words_and_edges_in_full(rita: User) -> None:
    sheet = points.sheet(champion.scorer_of(factories.registered("r", rita, kind="scorecard")))
    assert sheet is not None
    labels = {part.label: [one.label for one in part.lines] for part in sheet.characteristics}

    units = {part.label: part.unit for part in sheet.characteristics}
    assert units["Amount asked for"] == "in the loan's currency"
    assert (units["Time in present work"], units["Purpose"]) == ("in months", "")
    assert labels["Amount asked for"][0].startswith("below ")
    assert labels["Amount asked for"][-1].endswith(" and above")
    assert any("home improvement" in one for one in labels["Purpose"])
    shares = labels["Amount as a share of yearly income"]
    assert all("\u202f%" in one for one in shares if "not known" not in one)
    assert all(len(set(found)) == len(found) for found in labels.values())


def test_a_curve_after_the_points_is_said(rita: User) -> None:
    scorer = champion.scorer_of(factories.registered("retail", rita, kind="scorecard"))
    plain = points.sheet(scorer)
    bending = Calibration(scorer.calibration.line, Beta(a=1.0, b=1.0, c=0.1))
    curved = Scorer(model=scorer.model, calibration=bending, scale=scorer.scale, sha256="")

    bent = points.sheet(curved)

    assert plain is not None
    assert bent is not None
    assert (plain.has_curve, bent.has_curve) == (False, True)
    assert dataclasses.replace(bent, has_curve=False) == plain


def test_only_a_scorecard_has_points(rita: User) -> None:
    assert points.sheet(champion.scorer_of(factories.registered("retail", rita))) is None


def test_the_page_of_a_changed_scorecard_says_that_it_cannot_be_trusted(
    rita: User, mark: User, signed_in: Any
) -> None:
    model = factories.registered("retail", rita, kind="scorecard")
    champion.forget()
    ModelVersion.objects.filter(pk=model.pk).update(signature="00" * 64)

    text = _page(signed_in(mark), model)

    assert "The table of points cannot be shown" in text
    assert "cannot be trusted" in text


@pytest.mark.parametrize(
    ("method", "reason", "said"),
    [
        (
            "platt",
            "too few rows for a curve",
            "a straight line in log-odds (Platt): there were too few loans for a curve",
        ),
        (
            "beta",
            "beta is better beyond chance",
            "a beta curve after the line: it was better than the line beyond chance",
        ),
        (
            "isotonic",
            "isotonic was asked for",
            "an isotonic curve after the line: it was asked for",
        ),
        ("platt", "", "a straight line in log-odds (Platt)"),
        ("spline", "of tomorrow", "spline: of tomorrow"),
    ],
)
def test_it_says_how_the_level_was_set_and_why(method: str, reason: str, said: str) -> None:
    assert model_words.calibration(method, reason).startswith(said)


def test_it_says_each_finding_in_words_and_an_unknown_one_as_it_stands() -> None:
    known = {"rule": "auc", "feature": "enquiries_6m", "figure": 0.812, "sentence": "x"}
    strange = {"rule": "identifier", "feature": "amount", "figure": 0.4, "sentence": "As it is."}
    joint = {**known, "feature": "(all features)"}

    assert model_words.finding(known) == (
        "Credit enquiries in six months alone orders outcomes with an AUC of 0.81; look at it."
    )
    assert model_words.finding(strange) == "As it is."
    assert model_words.finding(joint).startswith("all features together")


def test_an_unknown_kind_is_shown_by_its_name() -> None:
    assert model_words.kind("oracle") == "oracle"
    assert model_words.size({"kind": "oracle"}) == "\u2014"


def _page(browser: Client, model: ModelVersion) -> str:
    answer = browser.get(reverse("scoring:model", args=[model.pk]))
    assert answer.status_code == 200
    # A narrow space inside a figure stays what it is.
    return re.sub(r"[ \n]+", " ", answer.content.decode())
