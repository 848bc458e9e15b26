"""Set a statement as HTML and as PDF, as letters are set. No database."""

import functools
from dataclasses import asdict

from django.template import Context, Engine, Template

from apps.letters import statements, typesetting
from apps.letters.rendering import Rendered
from apps.letters.statements import Statement


def render(statement: Statement, *, edition: str) -> Rendered:
    """Return the statement in both forms. Raises RenderingFailed, KeyError for an edition."""
    html = _template(edition).render(Context({"page": statement})).encode()
    day = statement.dated
    value = {**asdict(statement), "year": day.year, "month": day.month, "day": day.day}
    pdf = typesetting.pdf(
        statements.folder(edition) / "statement.typ",
        name="statement",
        value={name: part for name, part in value.items() if name != "dated"},
        dated=day,
    )
    return Rendered(html=html, pdf=pdf)


@functools.cache
def _template(edition: str) -> Template:
    # An engine of its own: no loader, no library and no context processor can reach the text.
    source = (statements.folder(edition) / "statement.html").read_text(encoding="utf-8")
    return Template(source, engine=Engine(autoescape=True))
