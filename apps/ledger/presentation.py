"""Entries, lines and proofs as pages show them: words instead of codes, names instead of keys."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from apps.audit import names
from apps.ledger import hooks, labels, proofs
from apps.ledger.chart import Account, Event, Kind
from apps.ledger.models import Entry, Line, ProofRun
from apps.ledger.trial import Part


def entries(rows: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return entries as the list shows them; their lines are loaded."""
    found = list(rows)
    loans = hooks.names_of(entry.loan_id for entry in found)
    actors = names.of_actors(entry.actor for entry in found)
    return [
        {
            "entry": entry,
            "what": labels.EVENTS[Event(entry.event)],
            "who": actors[entry.actor],
            "loan": loans.get(entry.loan_id) if entry.loan_id else None,
            "amount": sum((line.debit for line in entry.lines.all()), Decimal(0)),
        }
        for entry in found
    ]


def entry(one: Entry) -> dict[str, Any]:
    """Return one entry as its page shows it, with its lines in their order."""
    [row] = entries([one])
    lines = sorted(one.lines.all(), key=lambda line: line.number)
    shown = [{"line": line, "account": labels.ACCOUNTS[Account(line.account)]} for line in lines]
    reason = one.facts.get("reason", "")
    facts = {name: value for name, value in one.facts.items() if name != "reason"}
    return row | {"lines": shown, "reason": reason, "facts": names.told_facts(facts, {})}


def lines(rows: Sequence[Line]) -> list[dict[str, Any]]:
    """Return the lines of an account as the page shows them; their entries are loaded."""
    loans = hooks.names_of(line.loan_id for line in rows)
    return [
        {
            "line": line,
            "what": labels.EVENTS[Event(line.entry.event)],
            "loan": loans.get(line.loan_id) if line.loan_id else None,
        }
        for line in rows
    ]


def trial(parts: Sequence[Part], query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return a trial balance as the page shows it, each account with the address of its lines."""
    return [
        {
            "part": part,
            "kinds": [
                {"label": labels.KINDS[kind], "rows": rows}
                for kind in Kind
                if (rows := _of_kind(part, kind, query))
            ],
        }
        for part in parts
    ]


def _of_kind(part: Part, kind: Kind, query: Mapping[str, str]) -> list[dict[str, Any]]:
    asked = urlencode({**query, "currency": part.currency})
    return [
        {
            "held": held,
            "label": labels.ACCOUNTS[held.account],
            "url": f"{reverse('ledger:account', args=[held.account.value])}?{asked}",
        }
        for held in part.accounts
        if held.account.kind is kind
    ]


def proof(run: ProofRun) -> dict[str, Any]:
    """Return a run of the proofs with the words of its checks."""
    results = [{**one, "sentence": proofs.sentence(one["code"])} for one in run.results]
    failed = [one for one in results if not one["holds"]]
    return {"run": run, "results": results, "failed": failed}
