"""A scorecard as a page that can be read and printed: plain HTML without scripts, or plain text."""

from collections.abc import Sequence
from html import escape

from ml.binning import iv_band
from ml.calibration import Platt
from ml.scaling import Scale
from ml.scorecard import Scorecard
from ml.scorecard_points import Characteristic, PointsRow, points_table

_COLUMNS = ("Value", "Applicants", "Bad rate", "WoE", "Points", "Exact points")
_FACTS = ("Information value", "Coefficient", "Standard error", "p-value")
_UNKNOWN = "-"
_LEAST_P = 0.0001
_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%;margin-bottom:1.5rem}"
    "caption{text-align:left;font-weight:bold;padding:.5rem 0}"
    "th,td{border-bottom:1px solid #767676;padding:.25rem .5rem;text-align:right}"
    "th:first-child,td:first-child{text-align:left}"
)


def render_html(
    scorecard: Scorecard, scale: Scale, *, title: str = "Scorecard", line: Platt | None = None
) -> str:
    """Return a complete HTML document; every text from the data is escaped."""
    table = points_table(scorecard, scale, line=line)
    sections = [
        f"<h1>{escape(title)}</h1>",
        *(f"<p>{escape(sentence)}</p>" for sentence in _sentences(scorecard, scale, line)),
        _html_table("Characteristics", ("Characteristic", *_FACTS), _summary(table)),
        *(_html_table(_name(part), _COLUMNS, list(map(_cells, part.rows))) for part in table),
    ]
    if scorecard.dropped:
        sections.append(
            _html_table("Left out", ("Feature", "Why"), list(scorecard.dropped.items()))
        )
    body = "\n".join(sections)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def render_text(
    scorecard: Scorecard, scale: Scale, *, title: str = "Scorecard", line: Platt | None = None
) -> str:
    """Return the same page as text with aligned columns."""
    table = points_table(scorecard, scale, line=line)
    parts = [
        title,
        "\n".join(_sentences(scorecard, scale, line)),
        _text_table("Characteristics", ("Characteristic", *_FACTS), _summary(table)),
        *(_text_table(_name(part), _COLUMNS, list(map(_cells, part.rows))) for part in table),
    ]
    if scorecard.dropped:
        parts.append(_text_table("Left out", ("Feature", "Why"), list(scorecard.dropped.items())))
    return "\n\n".join(parts) + "\n"


def _sentences(scorecard: Scorecard, scale: Scale, line: Platt | None) -> list[str]:
    count = len(scorecard.coefficients)
    said = [
        "The score is the sum of the points of one row from each characteristic; more is safer.",
        f"A score of {scale.base_score:g} stands for {scale.base_odds:g} good to one bad.",
        f"Every {scale.points_to_double:g} points more double those odds.",
        f"Log-odds of good = {scorecard.intercept.coefficient:.6f} + the sum of coefficient x WoE.",
        "WoE, the weight of evidence, is ln(share of the goods / share of the bads).",
        f"Rounded points may add up to {count / 2:g} points more or less than the exact score.",
    ]
    if line is not None:
        said.append(
            "The points include the calibration:"
            f" log-odds of bad = {line.intercept:.6f} + {line.slope:.6f} x the model's own."
        )
    limits = [
        f"{word} {value:g}"
        for word, value in (("below", scale.minimum), ("above", scale.maximum))
        if value is not None
    ]
    if limits:
        said.append(f"A sum {' or '.join(limits)} is shown as that limit.")
    return said


def _name(part: Characteristic) -> str:
    return f"{part.feature} ({part.unit})" if part.unit else part.feature


def _summary(table: Sequence[Characteristic]) -> list[tuple[str, ...]]:
    return [
        (
            part.feature,
            f"{part.iv:.4f} ({iv_band(part.iv)})",
            f"{part.estimate.coefficient:.4f}",
            _number(part.estimate.standard_error, ".4f"),
            _p_value(part.estimate.p_value),
        )
        for part in table
    ]


def _cells(row: PointsRow) -> tuple[str, ...]:
    return (
        row.label,
        f"{row.n:,.10g}",
        _number(row.bad_rate, ".2%"),
        f"{row.woe:.4f}",
        f"{row.points}",
        f"{row.exact:.4f}",
    )


def _p_value(value: float | None) -> str:
    return "< 0.0001" if value is not None and value < _LEAST_P else _number(value, ".4f")


def _number(value: float | None, form: str) -> str:
    return _UNKNOWN if value is None else format(value, form)


def _html_table(caption: str, heads: Sequence[str], rows: Sequence[tuple[str, ...]]) -> str:
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "\n".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f"<td>{escape(text)}</td>" for text in others)
        + "</tr>"
        for first, *others in rows
    )
    return (
        f"<table>\n<caption>{escape(caption)}</caption>\n"
        f"<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    )


def _text_table(caption: str, heads: Sequence[str], rows: Sequence[tuple[str, ...]]) -> str:
    columns = list(zip(heads, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    lines = [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (heads, *rows)
    ]
    return "\n".join([caption, "-" * len(caption), *lines])
