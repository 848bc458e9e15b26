"""Bucket and stage of a facility as SQL, from the same rule table as the class. Pure."""

from apps.npa.classification import NO_BUCKET, NPA_BUCKET
from apps.npa.regimes import Rules
from apps.npa.rule_parts import Bucket
from apps.npa.statements.words import case, literal


def bucket(rules: Rules) -> str:
    """Return the bucket of a facility; a crop loan that performs has none. Rule book 1.2."""
    reached = [(_has_bucket(one), literal(one.code)) for one in reversed(rules.buckets)]
    neither = f"CASE WHEN stands_bad THEN {literal(NPA_BUCKET)} ELSE {literal(NO_BUCKET)} END"
    return case([("is_seasonal AND NOT stands_bad", literal(NO_BUCKET)), *reached], neither)


def _has_bucket(one: Bucket) -> str:
    asked = [f"days >= {one.from_days}"]
    if not one.revolving:
        asked.append("(form <> 'revolving' OR days = 0)")
    if not one.when_bad:
        asked.append("NOT stands_bad")
    return " AND ".join(asked)


def stage(rules: Rules) -> str:
    """Return the stage of IFRS 9, as `stages.stage` does."""
    asked = rules.stages
    over = (
        f"CASE WHEN form = 'revolving' THEN {asked.revolving_stage_2_over_days}"
        f" ELSE {asked.stage_2_over_days} END"
    )
    bad = "stands_bad OR " if asked.bad_is_stage_3 else ""
    return case(
        [
            (f"{bad}(form <> 'revolving' AND dpd_ifrs >= {asked.stage_3_from_days})", "3"),
            (f"dpd_ifrs > {over} OR has_increased_risk OR {has_risen(rules)}", "2"),
        ],
        "1",
    )


def has_risen(rules: Rules) -> str:
    """Return whether the PD rose so much since origination that the table asks for stage 2."""
    multiple = rules.stages.pd_multiple
    if multiple is None:
        return "FALSE"
    risen = f"pd_origination > 0 AND pd_12_months >= {multiple} * pd_origination"
    return f"COALESCE({risen}, FALSE)"
