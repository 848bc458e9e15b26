"""What the browser is given: vendored files unchanged, colours readable, nothing inline."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from apps.core.templatetags import _statuses, ui

ROOT = Path(__file__).resolve().parents[3]
STATIC = ROOT / "static"
VENDORED = sorted((STATIC / "vendor").iterdir())
# Of style sheets and scripts, before they are compressed; what draws charts is loaded by few pages.
MOST_BYTES = 150_000
OWN = sorted([*(STATIC / "css").glob("*.css"), *(STATIC / "js").glob("*.js")])
TONES = ("neutral", "info", "success", "warning", "danger", "progress")
TEXT, LARGE_OR_SHAPE = 4.5, 3.0
READABLE = [
    *[("text", on) for on in ("canvas", "surface", "surface-sunken", "surface-selected")],
    *[("text-muted", on) for on in ("canvas", "surface", "surface-sunken", "surface-hover")],
    *[("accent-text", on) for on in ("canvas", "surface", "surface-selected", "sidebar")],
    *[(f"{tone}-text", f"{tone}-soft") for tone in TONES],
    *[(f"{tone}-text", "surface") for tone in TONES],
    *[("text", f"{tone}-soft") for tone in TONES],
    ("text-on-accent", "accent"),
    ("text-on-accent", "accent-hover"),
    ("text-on-accent", "danger-fill"),
    ("text-on-accent", "danger-fill-hover"),
]
DISTINCT = [
    ("border-control", "surface"),
    ("focus", "surface"),
    ("focus", "canvas"),
    *[
        (f"mark-{mark}", "surface")
        for mark in (
            "primary",
            "raises-risk",
            "lowers-risk",
            "success",
            "warning",
            "danger",
            "neutral",
        )
    ],
]


@pytest.mark.parametrize("folder", VENDORED, ids=lambda folder: folder.name)
def test_it_ships_vendored_files_unchanged_and_with_their_licence(folder: Path) -> None:
    facts = json.loads((folder / "VERSION.json").read_text())

    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name not in {"VERSION.json", "LICENSE"}
    }
    assert found == facts["sha256"]
    assert facts["name"]
    assert facts["version"]
    assert facts["licence"]
    assert (folder / "LICENSE").read_text().strip()


def test_it_stays_small() -> None:
    asked = re.findall(
        r'{% static "([^"]+\.(?:css|js))" %}', (ROOT / "templates/base.html").read_text()
    )
    on_every_page = {STATIC / name for name in asked}
    vendored = {path for path in on_every_page if path.is_relative_to(STATIC / "vendor")}

    assert len(OWN) > 10
    assert {path.name for path in vendored} == {"htmx.min.js"}
    assert on_every_page - vendored <= set(OWN)
    assert sum(path.stat().st_size for path in {*OWN, *vendored}) <= MOST_BYTES


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "paper", "least"),
    [(*pair, TEXT) for pair in READABLE] + [(*pair, LARGE_OR_SHAPE) for pair in DISTINCT],
)
def test_it_keeps_contrast(ink: str, paper: str, least: float, scheme: int) -> None:
    tokens = _tokens()

    assert _contrast(tokens[ink][scheme], tokens[paper][scheme]) >= least


def test_it_uses_only_declared_tokens() -> None:
    declared = set(re.findall(r"(--[\w-]+)\s*:", (STATIC / "css/tokens.css").read_text()))
    sheets = "\n".join(path.read_text() for path in (STATIC / "css").glob("*.css"))

    assert set(re.findall(r"var\((--[\w-]+)", sheets)) <= declared | {"--line", "--line-tight"}


def test_it_has_no_inline_style_script_or_handler_in_components_and_frame() -> None:
    templates = [
        *(ROOT / "templates/components").glob("*.html"),
        *(ROOT / "templates").glob("*.html"),
    ]
    inline = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", re.IGNORECASE)

    offenders = [path.name for path in templates if inline.search(path.read_text())]
    assert offenders == []


def test_it_has_every_icon_that_is_asked_for() -> None:
    sprite = (ROOT / "static" / ui.SPRITE).read_text()
    held = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    sources = [
        *(ROOT / "templates").rglob("*.html"),
        *(ROOT / "static/js").glob("*.js"),
    ]
    called = set()
    for path in sources:
        called |= set(re.findall(r'{% icon "([\w-]+)"', path.read_text()))
        called |= set(re.findall(r'symbol="([\w-]+)"', path.read_text()))
    looks = [
        *_statuses.SHARED.values(),
        *(x for k in _statuses.BY_KIND.values() for x in k.values()),
    ]
    called |= {look.icon for look in looks}

    assert called - held == set()


def _tokens() -> dict[str, tuple[str, str]]:
    text = (STATIC / "css/tokens.css").read_text()
    pairs = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", text)
    return {name: (light, dark) for name, light, dark in pairs}


def _contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2, definition of contrast ratio)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb (WCAG 2.2, definition of relative luminance)."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
