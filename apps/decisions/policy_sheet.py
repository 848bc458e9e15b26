"""A policy laid out for writing: each part as a row of fields, with what is wrong beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.decisions import policy_editing, policy_forms, policy_page, policy_sentences
from apps.decisions.models import PolicyVersion
from apps.decisions.policy_page import Fault


@dataclass(frozen=True)
class Part:
    """One rule or one band: its fields, and what is wrong with it."""

    anchor: str
    # What the buttons of the row say: the number of the rule, or of ladder and band.
    number: str
    title: str
    form: Any
    faults: list[Fault]

    @property
    def must_mend(self) -> bool:
        """Say whether something here keeps the policy from being proposed."""
        return any(not one.is_warning for one in self.faults)


@dataclass(frozen=True)
class LadderPart(Part):
    """A ladder with its bands."""

    bands: list[Part]


@dataclass(frozen=True)
class Sheet:
    """A whole policy; `faults` are those of no single part."""

    name: str
    rules: list[Part]
    ladders: list[LadderPart]
    changes: list[Part]
    faults: list[Fault]
    change_faults: list[Fault]
    all_faults: list[Fault]


def of_document(version: PolicyVersion, document: Mapping[str, Any]) -> Sheet:
    """Return a version's document, or one that was typed, laid out for writing."""
    rows = policy_editing.rows(document)
    found = policy_page.faults(document, version.entity)
    beside: dict[str, list[Fault]] = {}
    for one in found:
        beside.setdefault(one.anchor, []).append(one)
    names = policy_page.product_names(version.entity)
    rules = [_rule(number, row, names, beside) for number, row in enumerate(rows.rules, start=1)]
    ladders = [
        _ladder(number, row, names, beside) for number, row in enumerate(rows.ladders, start=1)
    ]
    changes = [_change(number, row) for number, row in enumerate(rows.changes, start=1)]
    return Sheet(
        name=rows.name,
        rules=rules,
        ladders=ladders,
        changes=changes,
        faults=beside.get("policy", []),
        change_faults=beside.get("changes", []),
        all_faults=found,
    )


def _rule(
    number: int, row: Mapping[str, Any], names: Mapping[str, str], beside: Mapping[str, list[Fault]]
) -> Part:
    anchor = f"rule-{number}"
    title = row["sentence"] or row["code"] or _("New rule")
    form = policy_forms.RuleRow(initial=row, names=names, prefix=anchor)
    return Part(anchor, str(number), title, form, beside.get(anchor, []))


def _ladder(
    number: int,
    row: policy_editing.LadderRows,
    names: Mapping[str, str],
    beside: Mapping[str, list[Fault]],
) -> LadderPart:
    anchor = f"ladder-{number}"
    initial = {"products": row.products, "refer_margin": row.refer_margin}
    bands = [
        _band(f"{anchor}-band-{place}", f"{number}-{place}", band, beside)
        for place, band in enumerate(row.bands, start=1)
    ]
    return LadderPart(
        anchor=anchor,
        number=str(number),
        title=", ".join(names.get(code, code) for code in row.products) or _("all other products"),
        form=policy_forms.LadderRow(initial=initial, names=names, prefix=anchor),
        faults=beside.get(anchor, []),
        bands=bands,
    )


def _change(number: int, row: Mapping[str, Any]) -> Part:
    anchor, title = f"change-{number}", policy_sentences.change_name(row["what"])
    return Part(anchor, str(number), title, policy_forms.ChangeRow(initial=row, prefix=anchor), [])


def _band(
    anchor: str, number: str, row: Mapping[str, Any], beside: Mapping[str, list[Fault]]
) -> Part:
    title = _("Band %(name)s: from %(from)s to below %(below)s, %(outcome)s") % {
        **row,
        "outcome": policy_sentences.OUTCOMES.get(row["outcome"], row["outcome"]),
    }
    form = policy_forms.BandRow(initial=row, prefix=anchor)
    return Part(anchor, number, title, form, beside.get(anchor, []))
