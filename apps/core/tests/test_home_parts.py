"""The parts of the start page: by right, in order, each once."""

from datetime import datetime

import pytest

from apps.core import home
from apps.core.home import Panel, Waiting


class _Person:
    def __init__(self, *rights: str) -> None:
        self.rights = rights

    def has_perm(self, right: str) -> bool:
        return right in self.rights


def _nothing(_actor: object, _now: datetime) -> None:
    return None


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, Panel] = {}
    monkeypatch.setattr(home, "_panels", kept)
    monkeypatch.setitem(home._KEPT, Panel, kept)


def _panel(name: str, order: int, *rights: str) -> Panel:
    return Panel(name=name, template="x.html", order=order, rights=rights, gather=_nothing)


def test_it_gives_each_panel_once_however_many_rights_show_it() -> None:
    home.register(_panel("b", 2, "may.one", "may.two"), _panel("a", 1, "may.three"))

    shown = home.panels(_Person("may.one", "may.two", "may.three"))

    assert [panel.name for panel in shown] == ["a", "b"]


def test_it_gives_nothing_without_a_right() -> None:
    home.register(_panel("a", 1, "may.one"))

    assert home.panels(_Person("may.other")) == []


def test_it_refuses_a_panel_that_anybody_would_get() -> None:
    with pytest.raises(ValueError, match="names no right"):
        home.register(_panel("a", 1))

    assert home.panels(_Person("")) == []


def test_it_refuses_a_name_that_is_taken() -> None:
    home.register(_panel("a", 1, "may.one"))

    with pytest.raises(ValueError, match="already"):
        home.register(_panel("a", 2, "may.two"))

    assert [panel.order for panel in home.panels(_Person("may.one", "may.two"))] == [1]


def test_everything_that_waits_leads_somewhere() -> None:
    known = list(home._waiting.values())

    assert len(known) > 20
    for part in known:
        assert isinstance(part, Waiting)
        assert bool(part.url_name) != bool(part.anchor), part.name
