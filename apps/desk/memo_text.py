"""The text of a credit memo: what is on record about a case, section by section, in sentences."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.applications import presentation
from apps.applications import selectors as applications
from apps.applications.models import Application
from apps.core import formatting
from apps.decisions import panel, reason_list, sentences, tracing
from apps.decisions import services as decisions
from apps.decisions.models import ReviewCase
from apps.decisions.services import Basis
from apps.products import presentation as products
from apps.scoring import feature_words

TITLES = {
    "applicant": gettext_lazy("Applicant"),
    "request": gettext_lazy("Request"),
    "affordability": gettext_lazy("Affordability"),
    "score": gettext_lazy("Score and main factors"),
    "policy": gettext_lazy("Policy findings"),
    "mitigants": gettext_lazy("Mitigants"),
    "recommendation": gettext_lazy("Recommendation"),
}
CODES = list(TITLES)
_FACTORS = 5
_RECOMMENDED = {
    "approve": gettext_lazy("The policy by itself recommends an approval."),
    "refer": gettext_lazy("The policy by itself leaves the case to people."),
    "decline": gettext_lazy("The policy by itself recommends a decline."),
}
_GIVEN = {
    "approve": gettext_lazy("The reviewer approves."),
    "decline": gettext_lazy("The reviewer declines."),
}


@dataclass(frozen=True)
class Section:
    """One section: its generated sentences, and the reviewer's own words below them."""

    code: str
    title: str
    sentences: tuple[str, ...]
    words: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the section as it is frozen."""
        return {**asdict(self), "sentences": list(self.sentences)}


def sections(case: ReviewCase, words: dict[str, str], *, now: datetime) -> list[Section]:
    """Return the memo of a case in the active language, with the reviewer's words by section.

    It speaks of the policy people decide by, also where another version judged the referral.
    """
    application, judged = case.application, decisions.basis_of(case, now=case.closed_at or now)
    written: dict[str, Callable[[], list[str]]] = {
        "applicant": lambda: _applicant(application),
        "request": lambda: _request(application, judged),
        "affordability": lambda: _affordability(application),
        "score": lambda: _score(case, judged),
        "policy": lambda: _policy(application, judged),
        "mitigants": lambda: _mitigants(application),
        "recommendation": lambda: _recommendation(case, judged),
    }
    return [
        Section(code, str(TITLES[code]), tuple(write()), words.get(code, ""))
        for code, write in written.items()
    ]


def _applicant(application: Application) -> list[str]:
    customer, employment = application.customer, application.employment
    found = [
        _("%(name)s, customer %(number)s.")
        % {"name": customer.full_name, "number": customer.number}
    ]
    if employment is None:
        return [*found, _("No income is on record.")]
    income = {
        "kind": employment.get_type_display(),
        "gross": _money(employment.gross_annual_income, employment.currency),
        "verified": employment.get_verification_display() or "—",
    }
    found.append(
        _("%(kind)s; gross income a year %(gross)s; income verified: %(verified)s.") % income
    )
    if employment.months_employed is not None:
        months = feature_words.months(employment.months_employed)
        found.append(_("In present work for %(months)s.") % {"months": months})
    return found


def _money(amount: Decimal | None, currency: str) -> str:
    return "—" if amount is None else formatting.format_money(amount, currency)


def _request(application: Application, judged: Basis) -> list[str]:
    asked = {
        "product": application.product.name,
        "amount": formatting.format_money(application.amount, application.currency),
        "term": feature_words.months(application.term_months),
        "purpose": application.get_purpose_display(),
    }
    rates = {
        "listed": formatting.format_percent(application.annual_rate, decimals=2),
        "rate": formatting.format_percent(judged.annual_rate, decimals=2),
    }
    return [
        _("%(product)s: %(amount)s over %(term)s; purpose: %(purpose)s.") % asked,
        _("List rate %(listed)s a year; rate at the price of the risk %(rate)s a year.") % rates,
    ]


def ratios(application: Application) -> list[presentation.RatioLine]:
    """Return the burden ratios on the frozen facts, in words."""
    return presentation.ratio_lines(applications.affordability(application))


def _affordability(application: Application) -> list[str]:
    found = applications.affordability(application)
    instalment = formatting.format_money(found.instalment, found.currency)
    lines = [_("Instalment a month at the list rate: %(amount)s.") % {"amount": instalment}]
    judged_by = products.judged_by(application.product, application.amount)
    lines += [judged_by] if judged_by else []
    for ratio in presentation.ratio_lines(found):
        shown = ratio.display if ratio.value is not None else ratio.why_missing
        lines.append(
            _("%(ratio)s: %(value)s.") % {"ratio": ratio.label, "value": shown.rstrip(".")}
        )
    return lines


def _score(case: ReviewCase, judged: Basis) -> list[str]:
    run = judged.score_run
    if run is None:
        return [_("Not scored: %(cause)s") % {"cause": sentences.cause(case.referral.failure)}]
    scored = {
        "score": run.score,
        "pd": formatting.format_percent(run.pd, decimals=2),
        "model": str(run.model),
    }
    lines = [_("Score %(score)s, probability of default %(pd)s, by model %(model)s.") % scored]
    factors = panel.factors(run, currency=case.application.currency)[:_FACTORS]
    for one in factors:
        pattern = _("Raises the risk: %(what)s, %(value)s (%(effect)s in log-odds).")
        if one["contribution"] < 0:
            pattern = _("Lowers the risk: %(what)s, %(value)s (%(effect)s in log-odds).")
        words = {"what": one["label"], "value": one["value"], "effect": one["effect"]}
        lines.append(pattern % words)
    return lines


def _policy(application: Application, judged: Basis) -> list[str]:
    if judged.policy is None or not judged.trace:
        return [_("No policy was applied.")]
    lines = [_("Judged by %(policy)s.") % {"policy": judged.policy}]
    trace = panel.trace_lines(judged.trace, currency=application.currency)
    for line in trace:
        if line.state != "passed":
            words = {"rule": line.sentence, "found": line.value, "required": line.requirement}
            lines.append(_("Not met: %(rule)s Found %(found)s; required %(required)s.") % words)
    met = sum(line.state == "passed" for line in trace)
    lines.append(_("Rules met: %(met)d of %(all)d.") % {"met": met, "all": len(trace)})
    return lines


def _mitigants(application: Application) -> list[str]:
    lines = [
        _("Security: %(what)s, counts as %(value)s.")
        % {
            "what": one.description,
            "value": formatting.format_money(one.value, one.currency),
        }
        for one in application.collaterals.all()
    ]
    lines += [
        _("Guarantor: %(name)s, for %(amount)s.")
        % {"name": one.name, "amount": formatting.format_money(one.amount, one.currency)}
        for one in application.guarantors.all()
    ]
    return lines or [_("No collateral and no guarantor.")]


def _recommendation(case: ReviewCase, judged: Basis) -> list[str]:
    recommended = tracing.recommendation(judged.trace)
    lines = [str(_RECOMMENDED[recommended])] if recommended else [_("Nothing was recommended.")]
    if case.verdict not in _GIVEN:
        return lines
    lines.append(str(_GIVEN[case.verdict]))
    if case.verdict_amount is not None and case.verdict_term_months is not None:
        offer = {
            "amount": formatting.format_money(case.verdict_amount, case.application.currency),
            "term": feature_words.months(case.verdict_term_months),
        }
        lines.append(_("Counter-offer: %(amount)s over %(term)s.") % offer)
    reasons = "; ".join(reason_list.in_words(case.verdict_codes))
    lines.append(_("Reasons: %(reasons)s.") % {"reasons": reasons})
    if case.verdict_note:
        lines.append(_("Note: %(note)s") % {"note": case.verdict_note})
    return lines
