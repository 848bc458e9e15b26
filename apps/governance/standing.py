"""How a promotion stands: what the gates in force say, what is found wanting, what was let pass."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from apps.governance import gates, selectors, when
from apps.governance.gates import Verdict
from apps.governance.models import Condition, Finding, GateException, GateSet, Promotion
from ml import canonical


@dataclass(frozen=True)
class Standing:
    """Everything a validator or an approver looks at; `seen` is the fingerprint of all of it."""

    gate_set: GateSet | None
    verdicts: list[Verdict]
    findings: list[Finding]
    exceptions: list[GateException]
    today: date
    seen: str

    @property
    def failed(self) -> list[str]:
        """Return the gates that are not passed."""
        return [one.gate for one in self.verdicts if not one.passed]

    @property
    def excepted(self) -> set[str]:
        """Return the gates that somebody lets the model through today."""
        return {one.gate for one in self.exceptions if one.until >= self.today}

    @property
    def blocking(self) -> list[str]:
        """Return the gates that are failed and that nobody lets the model through."""
        return [gate for gate in self.failed if gate not in self.excepted]

    @property
    def open_findings(self) -> list[Finding]:
        """Return what is found wanting and not yet put right."""
        return [one for one in self.findings if one.status == "open"]


def of(promotion: Promotion, *, now: datetime, anew: bool = False) -> Standing:
    """Return how a promotion stands now, by the gates in force today.

    What was decided keeps the gates and the verdicts of the decision, unless it is judged `anew`.
    """
    today = when.today(promotion.model.segment, now)
    findings = list(
        Finding.objects.filter(model=promotion.model)
        .select_related("owner", "raised_by", "closed_by", "model")
        .defer("model__body", "model__manifest")
        .order_by("due_on", "raised_at")
    )
    exceptions = list(promotion.exceptions.select_related("granted_by").order_by("granted_at"))
    if promotion.verdicts is not None and not anew:
        gate_set, verdicts = promotion.gate_set, [Verdict(**one) for one in promotion.verdicts]
    else:
        gate_set = GateSet.objects.in_force(today)
        verdicts = _verdicts(promotion, gate_set)
    return Standing(
        gate_set=gate_set,
        verdicts=verdicts,
        findings=findings,
        exceptions=exceptions,
        today=today,
        seen=_fingerprint(promotion, gate_set, findings, exceptions),
    )


def condition(promotion: Promotion) -> Condition | None:
    """Return the condition that counts; None where none was ever set."""
    return selectors.condition_of(promotion)


def written(verdicts: list[Verdict]) -> list[dict[str, Any]]:
    """Return verdicts as JSON values."""
    return [asdict(one) for one in verdicts]


def _verdicts(promotion: Promotion, gate_set: GateSet | None) -> list[Verdict]:
    if gate_set is None or promotion.report is None:
        return []
    is_documented = promotion.document is not None and promotion.document.status == "signed"
    return gates.judge(promotion.report.facts, gate_set.body, is_documented=is_documented)


def _fingerprint(
    promotion: Promotion,
    gate_set: GateSet | None,
    findings: list[Finding],
    exceptions: list[GateException],
) -> str:
    named = selectors.subject_of(promotion.model)
    content = {
        "promotion": str(promotion.pk),
        "status": promotion.status,
        "model": promotion.model.sha256,
        "report": promotion.report and promotion.report.sha256,
        "document": promotion.document and promotion.document.sha256,
        "entry": str(promotion.entry_id),
        "entry_now": str(newest.pk) if (newest := selectors.register_entry(named)) else "",
        "champion": champion.sha256 if (champion := selectors.deciding(promotion.model)) else "",
        "gates": gate_set and gate_set.sha256,
        "findings": sorted([str(one.pk), one.status] for one in findings),
        "exceptions": sorted(str(one.pk) for one in exceptions),
    }
    return canonical.sha256(canonical.canonical_bytes(content))
