"""Quality control in the demonstration: a share, samples, opinions, and verdicts to count."""

import io
from typing import Any

import pytest
from django.core.management import call_command

from apps.decisions.models import ReviewCase
from apps.demo import people
from apps.desk.models import BlindSample, SamplingShare, StampLimit

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def run(command: str, **options: Any) -> str:
    out = io.StringIO()
    call_command(command, **options, stdout=out)
    return out.getvalue()


def test_it_samples_and_judges_once() -> None:
    for command in ("sync_roles", "load_products", "load_policy", "load_reason_codes"):
        run(command)
    run("seed_demo", loans=600)
    run("train_champion", segment=["in-retail"])
    run("seed_today", applications=48)

    said = run("seed_quality")
    again = run("seed_quality")

    judged = BlindSample.objects.exclude(verdict="")
    # Half of the decisions are sampled, by keys that are new in every run; one is left waiting.
    sampled = BlindSample.objects.count()
    assert judged.count() == min(4, max(sampled - 1, 0))
    assert judged.filter(status="disagreed").count() == int(judged.count() > 1)
    assert BlindSample.objects.filter(status="waiting").count() == sampled - judged.count()
    reviewer = people.of_role("credit_reviewer", "pune")
    assert ReviewCase.objects.filter(verdict_by=reviewer).exists()
    assert (SamplingShare.objects.count(), StampLimit.objects.count()) == (1, 1)
    assert "judged" in said
    assert "already" in again
