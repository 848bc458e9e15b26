"""A small sound policy and assessed applications for tests."""

import copy
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Permission

from apps.accounts.models import Branch, Entity, User
from apps.applications.models import Application
from apps.applications.tests import factories as applications
from apps.decisions import services, sources
from apps.decisions.models import Decision, PolicyVersion, ReviewCase
from apps.decisions.reason_codes import ReasonCode
from apps.scoring.models import ModelVersion
from apps.scoring.tests import factories as scoring

NOW = applications.NOW
SEGMENT = "in-retail"
DOCUMENT: dict[str, Any] = {
    "name": "Test policy",
    "rules": [
        {
            "code": "age_minimum",
            "sentence": "At least 21 years old.",
            "input": "age_years",
            "test": "at_least",
            "threshold": "21",
            "outcome": "decline",
        },
        {
            "code": "foir_cap",
            "sentence": "Obligations take at most 60 % of net income.",
            "input": "foir",
            "test": "at_most",
            "threshold": "0.60",
            "outcome": "decline",
        },
        {
            "code": "default_with_us",
            "sentence": "No loan in default with us.",
            "input": "defaults_with_us",
            "test": "at_most",
            "threshold": "0",
            "outcome": "decline",
        },
        {
            "code": "bureau_fresh",
            "sentence": "The bureau report is at most 30 days old.",
            "input": "bureau_report_age_days",
            "test": "at_most",
            "threshold": "30",
            "outcome": "refer",
        },
        {
            "code": "amount_authority",
            "sentence": "Above 800,000 a person decides.",
            "input": "amount",
            "test": "at_most",
            "threshold": "800000",
            "outcome": "refer",
        },
    ],
    "ladders": [
        {
            "products": [],
            "bands": [
                {
                    "name": "A",
                    "from": "0",
                    "below": "0.60",
                    "outcome": "approve",
                    "rate_addon": "0",
                },
                {
                    "name": "B",
                    "from": "0.60",
                    "below": "0.80",
                    "outcome": "refer",
                    "rate_addon": "0",
                },
                {
                    "name": "C",
                    "from": "0.80",
                    "below": "1",
                    "outcome": "decline",
                    "rate_addon": "0",
                },
            ],
        }
    ],
}


def document(*, bands: tuple[str, str] = ("0.60", "0.80")) -> dict[str, Any]:
    """Return a policy that approves below the first PD and declines from the second."""
    written = copy.deepcopy(DOCUMENT)
    approve, refer, decline = written["ladders"][0]["bands"]
    approve["below"] = refer["from"] = bands[0]
    refer["below"] = decline["from"] = bands[1]
    return written


def policy(
    entity: Entity, *, effective_from: date = date(2026, 1, 1), **changes: Any
) -> PolicyVersion:
    """Return an approved policy of the lender, in force since the beginning of the year.

    The first comes with the installation; a later one is drafted, proposed and approved by two
    people the day before it begins.
    """
    written = changes.pop("document", None) or document(**changes)
    day_before = datetime.combine(effective_from - timedelta(days=1), time(6), UTC)
    if (
        not PolicyVersion.objects.approved()
        .filter(entity=entity)
        .exclude(effective_from=effective_from)
        .exists()
    ):
        loaded = services.load_policy(
            actor="system:test",
            entity=entity,
            document=written,
            effective_from=effective_from,
            now=day_before,
        )
        return loaded.version
    version = proposed(entity, document=written, effective_from=effective_from)
    return services.approve_policy(
        actor=policymaker(entity, "approve_policy"), policy=version, now=day_before
    )


def proposed(
    entity: Entity, *, effective_from: date = date(2026, 12, 1), **changes: Any
) -> PolicyVersion:
    """Return a version that a policymaker drafted and proposed the day before it would begin."""
    author = policymaker(entity, "draft_policy")
    draft = services.draft_policy(actor=author, entity=entity)
    written = changes.pop("document", None) or document(**changes)
    services.edit_policy(actor=author, policy=draft, document=written)
    return services.propose_policy(
        actor=author,
        policy=draft,
        effective_from=effective_from,
        note="Better bands.",
        now=datetime.combine(effective_from - timedelta(days=1), time(6), UTC),
    )


def policymaker(entity: Entity, right: str) -> User:
    """Return the person of a lender's head office who holds one right over policies."""
    branch, _made = Branch.objects.get_or_create(
        entity=entity, code=f"{entity.code}-head", defaults={"name": "Head office"}
    )
    person, _made = User.objects.get_or_create(
        email=f"{right}@{entity.code}.example", defaults={"name": right, "branch": branch}
    )
    person.user_permissions.add(
        *Permission.objects.filter(
            content_type__app_label="decisions", codename__in=[right, "view_policy"]
        )
    )
    return User.objects.get(pk=person.pk)


def installed_reasons() -> dict[str, ReasonCode]:
    """Return the reasons that come with the program, as the pure functions know them."""
    rows = json.loads((settings.BASE_DIR / "fixtures" / "reason_codes.json").read_text())
    return {
        row["code"]: ReasonCode(
            code=row["code"],
            kind=row["kind"],
            verdict=row["verdict"],
            input=row["input"],
            judges=row["judges"],
        )
        for row in rows
    }


def nobody_defaulted(chosen: Sequence[Application]) -> list[sources.Borrowing]:
    """Say that no borrower owes us anything."""
    return [sources.Borrowing(defaults=0, owed=Decimal(0)) for _application in chosen]


def stage(branch: Branch, rita: User, mark: User, **changes: Any) -> ModelVersion:
    """Set up what an assessment needs - policy and champion - and return the champion."""
    policy(branch.entity, **changes)
    return scoring.champion(SEGMENT, rita, mark)


def submitted(alice: User, **changes: Any) -> Application:
    """Return an application of an ordinary borrower that Alice submitted."""
    borrower = applications.borrower(alice.branch, **changes.pop("borrower", {}))
    return applications.submitted(alice, borrower, **changes)


def assessed(alice: User, **changes: Any) -> Decision:
    """Return the automatic decision on a new application."""
    application = submitted(alice, **changes)
    return services.assess(application_id=application.pk, actor="system:test", now=NOW)


def referred(alice: User, *, amount: int = 200_000, **changes: Any) -> ReviewCase:
    """Return a case in review: above 800,000 by rule, below it because the model has failed."""
    application = submitted(alice, amount=Decimal(amount), **changes)
    services.assess(application_id=application.pk, actor="system:test", now=NOW)
    return ReviewCase.objects.get(application=application)
