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
