"""Installing leaves alone what belongs to another checkout."""

from pathlib import Path

import pytest

from creditrisk.local import install


def test_an_environment_that_is_a_link_is_refused_and_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / ".home").write_text(str(other))
    link = tmp_path / ".venv"
    link.symlink_to(other)
    monkeypatch.setattr(install, "VENV", link)
    monkeypatch.setattr(install, "PYTHON", link / "bin" / "python")

    with pytest.raises(install.InstallError, match="is a link to"):
        install.make_environment()

    assert [file.name for file in other.iterdir()] == [".home"]


@pytest.mark.parametrize(
    ("ci", "there", "asked"),
    [
        ("", "chromium", []),
        ("true", "chromium", ["chromium-headless-shell", "chromium"]),
        ("true", "chromium-headless-shell", []),
        ("true", "", ["chromium-headless-shell", "chromium"]),
    ],
)
def test_ci_wants_the_lighter_browser_and_goes_on_with_the_one_that_is_there(
    ci: str, there: str, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    installed: list[str] = []

    def refuse(name: str, *_more: str) -> bool:
        installed.append(name)
        return False

    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(install.shutil, "which", lambda name: name if name == there else None)
    monkeypatch.setattr(install, "install_debian", refuse)

    if there:
        install.ensure_browser()
    else:
        with pytest.raises(install.InstallError, match="need Chromium"):
            install.ensure_browser()

    assert installed == asked
