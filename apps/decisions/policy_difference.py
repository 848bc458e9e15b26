"""What differs between two versions of a policy, piece by piece. Pure.

Rules are matched by their code, bands by their name, ladders by the products they serve, so that
a product that moves to a ladder of its own is compared with the bands it had.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from apps.decisions.policy import Band, Ladder, Policy, PolicyGap, Rule

Kind = Literal[
    "name",
    "rule_new",
    "rule_gone",
    "rule_limit",
    "rule_requirement",
    "rule_outcome",
    "rule_scope",
    "rule_sentence",
    "rule_unsaid",
    "rule_order",
    "bands_new",
    "bands_gone",
    "margin",
    "band_new",
    "band_gone",
    "band_end",
    "band_outcome",
    "band_addon",
    "band_most",
    "band_term",
    "band_beyond",
    "change_new",
    "change_gone",
    "change_reach",
    "change_weight",
]


@dataclass(frozen=True)
class Difference:
    """One piece that differs. `before` and `after` are None where there is no such thing.

    `products` are the codes it concerns, empty for all; `currency` is that of an amount.
    """

    kind: Kind
    before: Any = None
    after: Any = None
    rule: Rule | None = None
    band: str = ""
    products: tuple[str, ...] = ()
    currency: str = ""
    # What an applicant may be told to change.
    change: str = ""


def differences(old: Policy, new: Policy, products: Sequence[str]) -> list[Difference]:
    """Return what `new` changes of `old`, for a lender with these products."""
    found = [Difference("name", old.name, new.name)] if old.name != new.name else []
    return [*found, *_rules(old, new), *_ladders(old, new, products), *_changes(old, new)]


def _rules(old: Policy, new: Policy) -> Iterator[Difference]:
    before = {rule.code: rule for rule in old.rules}
    after = {rule.code: rule for rule in new.rules}
    for code, rule in before.items():
        if code not in after:
            yield Difference("rule_gone", before=rule, rule=rule, products=rule.products)
    for code, rule in after.items():
        if code in before:
            yield from _rule(before[code], rule)
        else:
            yield Difference("rule_new", after=rule, rule=rule, products=rule.products)
    kept = [code for code in before if code in after]
    if kept != [code for code in after if code in before]:
        yield Difference("rule_order")


def _rule(old: Rule, new: Rule) -> Iterator[Difference]:
    def differs(kind: Kind, before: Any, after: Any) -> Difference:
        return Difference(kind, before, after, rule=new, products=new.products)

    if (old.input, old.test) != (new.input, new.test):
        yield differs("rule_requirement", old, new)
    elif old.threshold != new.threshold:
        yield differs("rule_limit", old.threshold, new.threshold)
    if old.outcome != new.outcome:
        yield differs("rule_outcome", old.outcome, new.outcome)
    scopes = [(set(one.products), set(one.currencies)) for one in (old, new)]
    if scopes[0] != scopes[1]:
        yield differs("rule_scope", (old.products, old.currencies), (new.products, new.currencies))
    if old.sentence != new.sentence:
        yield differs("rule_sentence", old.sentence, new.sentence)
    elif old.threshold != new.threshold and any(sign.isdecimal() for sign in new.sentence):
        # A sentence that names a figure may still name the old one.
        yield differs("rule_unsaid", old.sentence, new.sentence)


def _ladders(old: Policy, new: Policy, products: Sequence[str]) -> Iterator[Difference]:
    """Compare the bands each product had with those it gets; products alike are told together."""
    pairs: dict[tuple[int | None, int | None], list[str]] = {}
    for code in products:
        pairs.setdefault((_place(old, code), _place(new, code)), []).append(code)
    for (before, after), codes in pairs.items():
        concerned = () if len(pairs) == 1 else tuple(codes)
        yield from _ladder(
            None if before is None else old.ladders[before],
            None if after is None else new.ladders[after],
            concerned,
        )


def _changes(old: Policy, new: Policy) -> Iterator[Difference]:
    """Compare the tables of what an applicant may be told to change."""
    before = {row.what: row for row in old.changes}
    after = {row.what: row for row in new.changes}
    for what, gone in before.items():
        if what not in after:
            yield Difference("change_gone", before=gone, change=what)
    for what, row in after.items():
        known = before.get(what)
        if known is None:
            yield Difference("change_new", after=row, change=what)
            continue
        if known.most != row.most:
            yield Difference("change_reach", known.most, row.most, change=what)
        if known.weight != row.weight:
            yield Difference("change_weight", known.weight, row.weight, change=what)


def _place(policy: Policy, product: str) -> int | None:
    try:
        return policy.ladders.index(policy.ladder_for(product))
    except PolicyGap:
        return None


def _ladder(
    old: Ladder | None, new: Ladder | None, products: tuple[str, ...]
) -> Iterator[Difference]:
    if old is None or new is None:
        if old is not new:
            yield Difference("bands_gone" if new is None else "bands_new", products=products)
        return
    if old.refer_margin != new.refer_margin:
        yield Difference("margin", old.refer_margin, new.refer_margin, products=products)
    before, after = _named(old), _named(new)
    for key, gone in before.items():
        if key not in after:
            yield Difference("band_gone", before=gone, band=gone.name, products=products)
    for key, band in after.items():
        yield from _band(before.get(key), band, products)


def _named(ladder: Ladder) -> dict[tuple[str, int], Band]:
    """Return bands by name; of several with one name each keeps its place among them."""
    names = [band.name for band in ladder.bands]
    return {
        (band.name, names[:place].count(band.name)): band for place, band in enumerate(ladder.bands)
    }


def _band(old: Band | None, new: Band, products: tuple[str, ...]) -> Iterator[Difference]:
    if old is None:
        yield Difference("band_new", after=new, band=new.name, products=products)
        return
    compared: list[tuple[Kind, Any, Any, str]] = [
        ("band_end", old.below, new.below, ""),
        ("band_outcome", old.outcome, new.outcome, ""),
        ("band_addon", old.rate_addon, new.rate_addon, ""),
        *_amounts(old, new),
        ("band_term", old.longest_term_months, new.longest_term_months, ""),
    ]
    if old.beyond and new.beyond:
        compared.append(("band_beyond", old.beyond, new.beyond, ""))
    for kind, before, after, currency in compared:
        if before != after:
            yield Difference(
                kind, before, after, band=new.name, products=products, currency=currency
            )


def _amounts(old: Band, new: Band) -> list[tuple[Kind, Any, Any, str]]:
    return [
        ("band_most", old.most_amount.get(currency), new.most_amount.get(currency), currency)
        for currency in sorted({*old.most_amount, *new.most_amount})
    ]
