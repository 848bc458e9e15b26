"""Which template the tests' database is made on when migrations came or changed."""

from tests import migrated

_NOW = {"requirements.txt": "r", "a/0001.py": "1", "a/0002.py": "2"}


def test_it_goes_on_from_the_template_that_lacks_the_fewest_migrations() -> None:
    known = {
        "first": {"requirements.txt": "r", "a/0001.py": "1"},
        "only-pinned": {"requirements.txt": "r"},
    }

    assert migrated.nearest(known, _NOW) == "first"


def test_it_begins_anew_where_a_migration_changed_or_went() -> None:
    known = {
        "changed": {"requirements.txt": "r", "a/0001.py": "other"},
        "gone": {**_NOW, "a/0003.py": "3"},
        "other-libraries": {**_NOW, "requirements.txt": "s"},
        "of-unknown-state": {},
    }

    assert migrated.nearest(known, _NOW) == "template0"
