"""What the pages of blind quality control show, in words.

The blind page is made from the facts of the application alone. Nothing of the decision reaches it:
no outcome, score, band, reason, letter, offer, or what happened. A score would anchor the verdict,
and its distance from the cut-off tells the outcome; the person's own view is what is measured.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications import presentation
from apps.applications import selectors as applications
from apps.core import formatting
from apps.customers import selectors as customers
from apps.customers.models import Household
from apps.decisions import independence, reason_list
from apps.decisions import policies as decisions_policies
from apps.decisions import services as decisions
from apps.decisions.models import Outcome
from apps.decisions.reason_codes import Listed
from apps.desk import agreement, blind_forms, blind_rows, case_page, policies
from apps.desk.agreement import Pairs
from apps.desk.models import BlindSample
from apps.products import presentation as products
from apps.scoring.proportions import Share

DASH = "—"


@dataclass(frozen=True)
class AgreementLine:
    """How often a person and the machine say the same, of one reviewer, product or outcome."""

    name: str
    total: int
    agreed: int
    share: str
    interval: str
    kappa: str
    is_few: bool


def line(name: str, pairs: Pairs, *, with_kappa: bool = True) -> AgreementLine:
    """Return one line; kappa has no meaning where one of the two was held fixed."""
    share = Share(pairs.agreed, pairs.total)
    kappa = agreement.kappa(pairs) if with_kappa else None
    return AgreementLine(
        name=name,
        total=pairs.total,
        agreed=pairs.agreed,
        share=percent(share.rate),
        interval=bounds(share.bounds),
        kappa=DASH if kappa is None else formatting.format_number(kappa, decimals=2),
        is_few=pairs.is_few,
    )


def percent(rate: float | None) -> str:
    """Return a share as it is read, a dash for none."""
    return DASH if rate is None else formatting.format_percent(rate, decimals=1)


def bounds(found: tuple[float, float] | None) -> str:
    """Return an interval of a share."""
    return DASH if found is None else "–".join(percent(one) for one in found)  # noqa: RUF001


def agreed(rows: Any) -> dict[str, Any]:
    """Return agreement as a whole, by reviewer, by product and by what the machine said."""
    by = blind_rows.pairs_by(rows, "reviewed_by__name", "application__product__name")
    whole = sum(by.values(), Pairs())
    outcomes = {
        "approve": Pairs(whole.both_approve, whole.machine_approves),
        "decline": Pairs(person_approves=whole.person_approves, both_decline=whole.both_decline),
    }
    return {
        "whole": line(_("All samples"), whole),
        "tables": [
            (_("By reviewer"), _lines(_together(by, 0))),
            (_("By product"), _lines(_together(by, 1))),
            (
                _("By what the machine decided"),
                [
                    line(str(Outcome(code).label), pairs, with_kappa=False)
                    for code, pairs in outcomes.items()
                    if pairs.total
                ],
            ),
        ],
    }


def _together(by: Mapping[tuple[Any, ...], Pairs], at: int) -> dict[str, Pairs]:
    found: dict[str, Pairs] = {}
    for key, pairs in by.items():
        found[key[at]] = found.get(key[at], Pairs()) + pairs
    return found


def _lines(found: Mapping[str, Pairs]) -> list[AgreementLine]:
    return [line(name, pairs) for name, pairs in sorted(found.items())]


def facts(actor: User, sample: BlindSample, *, now: datetime) -> dict[str, Any]:
    """Return the context of the blind page: what was known when the machine decided."""
    application = blind_rows.application_of(sample)
    found = applications.affordability(application, on=case_page.today_of(application, now))
    papers = case_page.papers(application, sample.decision, now=now)
    homes = Household.Home
    home = homes(application.home).label if application.home in homes.values else ""
    return {
        "sample": sample,
        **case_page.exposed(actor, application),
        "application": application,
        "customer": application.customer,
        "affordability": found,
        "judged_by": products.judged_by(application.product, application.amount),
        "ratios": presentation.ratio_lines(found),
        "collaterals": application.collaterals.all(),
        "guarantors": application.guarantors.all(),
        "papers": papers,
        "lacking": sum(not paper.is_there for paper in papers),
        "sees_customers": actor.has_perm("customers.view_customer"),
        "opens_customer": customers.opens(actor, application.customer_id),
        "employment": application.employment,
        "bureau": application.bureau_report,
        "obligations_monthly": application.obligations_monthly,
        "own_obligations_monthly": application.own_obligations_monthly,
        "home_label": home,
    }


def listed_for(sample: BlindSample, *, now: datetime) -> Listed:
    """Return the reasons that may be given now."""
    entity = sample.application.branch.entity
    return reason_list.in_force(entity, decisions.local_date(entity, now))


def verdict_forms(sample: BlindSample, *, now: datetime, bound: Any = None) -> list[Any]:
    """Return the two forms; `bound` takes the place of its own."""
    listed = listed_for(sample, now=now)
    return [
        bound
        if getattr(bound, "outcome", "") == outcome
        else blind_forms.BlindVerdictForm(outcome=outcome, listed=listed)
        for outcome in ("approve", "decline")
    ]


def result(actor: User, sample: BlindSample, *, bound: Any = None) -> dict[str, Any]:
    """Return the context of a judged sample: both verdicts side by side, and what was done."""
    listed = reason_list.ever(sample.codes)
    may_follow = (
        sample.status == "disagreed"
        and actor.has_perm(policies.FOLLOW_BLIND)
        and sample.reviewed_by_id != actor.pk
        and not decisions_policies.is_own_submission(actor, sample.application)
        and not independence.is_connected(actor, sample.application)
    )
    return {
        "sample": sample,
        "words": words(sample.codes, listed),
        "follow_form": (bound or blind_forms.FollowForm()) if may_follow else None,
        "sees_note": actor.has_perm(policies.VIEW_BLIND) or sample.reviewed_by_id == actor.pk,
    }


def words(codes: Iterable[str], listed: Listed) -> list[str]:
    """Return codes as sentences."""
    say: Callable[[Any], str] = reason_list.words
    return [say(listed[code]) for code in codes]
