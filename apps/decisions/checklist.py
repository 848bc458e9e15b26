"""Which documents and consents a case needs, what is there, and what is missing or too old. Pure.

Which papers are needed, and when, are rows of `fixtures/required_papers.json`, each from a day on
and with its source: by law of everybody, for a secured product, or where a rule of the policy that
judged the case asked for the income. Consents are asked for by law, the bureau report by the rules.
Nothing is filled in: a row that is missing something, or says what nobody knows, is refused.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args

State = Literal["present", "missing", "expired", "waived"]
By = Literal["law", "product", "policy"]
When = Literal["always", "secured", "inputs"]

STATES: tuple[str, ...] = get_args(State)
CONSENTS = ("credit_assessment", "automated_decision")


class PapersRefused(ValueError):
    """The file of required papers breaks a rule; the text says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper that cases need from a day on; a document of any of `kinds` is one.

    `when` says of which cases: of all, of those whose product is secured, or of those judged by a
    rule on one of `inputs`.
    """

    code: str
    kinds: tuple[str, ...]
    needed_by: By
    when: When
    inputs: frozenset[str]
    effective_from: date
    source: str

    def is_needed(self, *, is_secured: bool, judged_by: Collection[str]) -> bool:
        """Say whether a case needs it whose policy judged by these inputs."""
        if self.when == "secured":
            return is_secured
        return self.when == "always" or not self.inputs.isdisjoint(judged_by)


@dataclass(frozen=True)
class Held:
    """What is on record: the newest day of each kind of document, consents, bureau report."""

    documents: Mapping[str, date]
    consents: Collection[str]
    has_bureau_report: bool
    waived: Collection[str] = ()


@dataclass(frozen=True)
class Item:
    """One thing the case needs. `day` is of the newest one held, `most_days` how old it may be.

    Without what `holds_up`, nobody accepts an offer, and nothing is lent.
    """

    code: str
    by: By
    state: State
    day: date | None = None
    age_days: int | None = None
    most_days: int | None = None
    holds_up: bool = False


def read(written: Mapping[str, Any]) -> tuple[Paper, ...]:
    """Return the papers of a file. Raises PapersRefused with the place."""
    rows = written.get("papers")
    if not isinstance(rows, list) or not rows:
        raise PapersRefused("papers: no row.")
    return tuple(_paper_of(row, f"papers[{place}]") for place, row in enumerate(rows))


def in_force(papers: Collection[Paper], on: date) -> tuple[Paper, ...]:
    """Return the papers that cases need on a day: of each code the row that began last."""
    begun = [one for one in papers if one.effective_from <= on]
    newest = {one.code: one for one in sorted(begun, key=lambda one: one.effective_from)}
    return tuple(newest.values())


def items(
    papers: Collection[Paper],
    held: Held,
    *,
    is_secured: bool,
    rules: Collection[Mapping[str, Any]],
) -> list[Item]:
    """Return what the case needs, what is missing or expired first.

    `papers` are those in force; `rules` those of the stored trace, with their thresholds as text
    and what was found.
    """
    judged_by = {rule["input"] for rule in rules}
    found = [
        _paper(one, held)
        for one in papers
        if one.is_needed(is_secured=is_secured, judged_by=judged_by)
    ]
    found += [
        Item(f"consent_{name}", "law", "present" if name in held.consents else "missing")
        for name in CONSENTS
    ]
    bureau = [rule for rule in rules if rule["input"].startswith("bureau_report")]
    if bureau:
        found.append(_bureau(held, bureau))
    return sorted(found, key=lambda item: item.state in ("present", "waived"))


def _paper(paper: Paper, held: Held) -> Item:
    days = [held.documents[kind] for kind in paper.kinds if kind in held.documents]
    if days:
        return Item(paper.code, paper.needed_by, "present", day=max(days))
    if paper.code in held.waived:
        return Item(paper.code, paper.needed_by, "waived")
    return Item(paper.code, paper.needed_by, "missing", holds_up=True)


def _bureau(held: Held, rules: Collection[Mapping[str, Any]]) -> Item:
    """Return the bureau report by the policy's own findings: its age is that of the application."""
    if not held.has_bureau_report:
        return Item("bureau_report", "policy", "missing")
    ages = [rule for rule in rules if rule["input"] == "bureau_report_age_days"]
    if not ages:
        return Item("bureau_report", "policy", "present")
    strictest = min(ages, key=lambda rule: int(rule["threshold"]))
    age = None if strictest["value"] is None else int(strictest["value"])
    state: State = "present" if strictest["result"] == "passed" else "expired"
    return Item(
        "bureau_report", "policy", state, age_days=age, most_days=int(strictest["threshold"])
    )


def _paper_of(row: Any, place: str) -> Paper:
    names = {"code", "kinds", "needed_by", "when", "inputs", "effective_from", "source"}
    if not isinstance(row, Mapping) or set(row) != names:
        raise PapersRefused(f"{place}: a row has exactly {', '.join(sorted(names))}.")
    if row["needed_by"] not in get_args(By) or row["when"] not in get_args(When):
        raise PapersRefused(f"{place}: nobody knows this 'needed_by' or 'when'.")
    if not row["code"] or not row["kinds"] or not row["source"]:
        raise PapersRefused(f"{place}: code, kinds and source say something.")
    if (row["when"] == "inputs") != bool(row["inputs"]):
        raise PapersRefused(f"{place}: inputs are named where, and only where, they matter.")
    try:
        begins = date.fromisoformat(row["effective_from"])
    except (TypeError, ValueError) as reason:
        raise PapersRefused(f"{place}: effective_from is no day.") from reason
    return Paper(
        code=row["code"],
        kinds=tuple(row["kinds"]),
        needed_by=row["needed_by"],
        when=row["when"],
        inputs=frozenset(row["inputs"]),
        effective_from=begins,
        source=row["source"],
    )
