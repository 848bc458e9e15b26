"""What import-linter cannot see: foreign keys, sizes, task names and audit verbs."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grimp
import pytest
from django.apps import apps

from apps.audit import verbs
from creditrisk.celery import app as celery_app

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

FRAMEWORKS = {"auditlog", "celery", "django", "drf_spectacular", "guardian", "kombu", "pgtrigger"}
FRAMEWORKS |= {"rest_framework", "structlog"}
FUNCTION_LINES_MAX = 50
FILE_LINES_MAX = 400
NESTING_MAX = 3

_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def sources() -> list[Path]:
    """Our own Python files, without tests and migrations."""
    found = [ROOT / "manage.py"]
    for package in ("apps", "benchmarks", "creditrisk", "ml"):
        found += (ROOT / package).rglob("*.py")
    return sorted(file for file in found if not {"tests", "migrations"} & set(file.parts))


def where(file: Path, node: ast.AST | None = None) -> str:
    """A place as `file:line`."""
    line = f":{getattr(node, 'lineno', 0)}" if node else ""
    return f"{file.relative_to(ROOT)}{line}"


def layers() -> list[str]:
    """The apps from top to bottom, as import-linter is told."""
    (drawn,) = [contract for contract in contracts() if contract.get("containers") == ["apps"]]
    return [name.strip("()") for name in drawn["layers"]]


def contracts() -> list[dict[str, Any]]:
    """The contracts of import-linter."""
    return list(PYPROJECT["tool"]["importlinter"]["contracts"])


def matching(line: str, graph: grimp.ImportGraph) -> set[str]:
    """The modules one line of a contract speaks of: a module, or a package with all it holds."""
    found = graph.find_matching_modules(line) if "*" in line else {line}
    return found | {inner for name in found for inner in graph.find_descendants(name)}


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a module, methods and inner ones included."""
    return (node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the last statement."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def nesting(node: ast.AST) -> int:
    """The deepest block inside block below a node; an `elif` is as deep as its `if`."""
    deepest = 0
    for field, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, _FUNCTIONS):
                continue
            is_elif = isinstance(node, ast.If) and field == "orelse" and len(value) == 1
            own = int(isinstance(child, _BLOCKS) and not (is_elif and isinstance(child, ast.If)))
            deepest = max(deepest, own + nesting(child))
    return deepest


def calls(tree: ast.AST, name: str, *, on: str = "") -> Iterator[ast.Call]:
    """Calls of `name(...)` or `something.name(...)`; with `on`, only of `on.name(...)`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr == name:
            if not on or (isinstance(called.value, ast.Name) and called.value.id == on):
                yield node
        elif isinstance(called, ast.Name) and called.id == name and not on:
            yield node


def texts(node: ast.AST, module: ast.Module) -> set[str]:
    """The texts an argument may have, as far as its module tells.

    A literal, either side of an `if`, a constant of the module, a value of a table of the module,
    or what the module passes on under the argument's name.
    """
    match node:
        case ast.Constant(value=str(text)):
            return {text}
        case ast.IfExp(body=body, orelse=orelse):
            return texts(body, module) | texts(orelse, module)
        case ast.Dict(values=values):
            return {text for value in values for text in texts(value, module)}
        case ast.Subscript(value=table):
            return texts(table, module)
        case ast.Name(id=name):
            return {text for value in values_of(name, module) for text in texts(value, module)}
    return set()


def values_of(name: str, module: ast.Module) -> Iterator[ast.expr]:
    """What a name of the module is given: by assignment at its top, or by keyword in a call."""
    for line in module.body:
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == name:
            yield line.value
    for node in ast.walk(module):
        if not (isinstance(node, ast.keyword) and node.arg == name):
            continue
        if not isinstance(node.value, ast.Name):
            yield node.value


def literals(name: str, *, argument: int, on: str = "") -> tuple[dict[str, str], list[str]]:
    """Texts given as one argument of a call, with a place each, and places without a literal."""
    found: dict[str, str] = {}
    unreadable: list[str] = []
    for file in sources():
        module = ast.parse(file.read_text())
        for call in calls(module, name, on=on):
            given = texts(call.args[argument], module) if len(call.args) > argument else set()
            found |= dict.fromkeys(given, where(file, call))
            if not given:
                unreadable.append(where(file, call))
    return found, unreadable


def test_it_has_foreign_keys_only_to_apps_below() -> None:
    order = layers()

    upward = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in apps.get_models()
        if model._meta.app_label in order
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and field.related_model
        if field.related_model._meta.app_label in order[: order.index(model._meta.app_label)]
    ]

    assert upward == []


def test_it_knows_the_layer_of_every_installed_app() -> None:
    ours = [config.label for config in apps.get_app_configs() if config.name.startswith("apps.")]

    assert set(ours) <= set(layers())
    assert len(ours) > 3


def test_it_lists_every_module_that_is_pure() -> None:
    """So that it stays pure: name it in pyproject.toml, for import-linter and for mypy."""
    graph = grimp.build_graph("apps", "ml", include_external_packages=True, cache_dir=None)
    (contract,) = [entry for entry in contracts() if entry["type"] == "forbidden"]
    listed = {name for line in contract["source_modules"] for name in matching(line, graph)}

    pure = {
        name
        for name in graph.modules
        if name.startswith("apps.") and not graph.find_children(name)
        if not {"tests", "migrations", "management", "templatetags"} & set(name.split("."))
        if not {found.split(".")[0] for found in graph.find_upstream_modules(name)} & FRAMEWORKS
    }

    assert pure - listed == set()
    assert len(pure) > 20


def test_it_checks_the_types_of_pure_modules_strictly() -> None:
    (contract,) = [entry for entry in contracts() if entry["type"] == "forbidden"]
    overrides = PYPROJECT["tool"]["mypy"]["overrides"]
    (strict,) = [entry for entry in overrides if entry.get("extra_checks")]

    pure = {name.removesuffix(".*") for name in contract["source_modules"]}

    assert pure - {name.removesuffix(".*") for name in strict["module"]} == set()


def test_it_keeps_functions_short() -> None:
    long = [
        f"{where(file, function)} {function.name} has {length(function)} lines"
        for file in sources()
        for function in functions(ast.parse(file.read_text()))
        if length(function) > FUNCTION_LINES_MAX
    ]

    assert long == []


def test_it_keeps_files_short() -> None:
    long = [
        f"{where(file)} has {lines} lines"
        for file in sources()
        if (lines := len(file.read_text().splitlines())) > FILE_LINES_MAX
    ]

    assert long == []


def test_it_keeps_nesting_shallow() -> None:
    deep = [
        f"{where(file, function)} {function.name} nests {nesting(function)} blocks"
        for file in sources()
        for function in functions(ast.parse(file.read_text()))
        if nesting(function) > NESTING_MAX
    ]

    assert deep == []


def test_it_enqueues_only_registered_tasks() -> None:
    names, unreadable = literals("enqueue", argument=0)

    missing = {name: place for name, place in names.items() if name not in celery_app.tasks}

    assert missing == {}
    assert unreadable == []


def test_it_schedules_only_registered_tasks() -> None:
    scheduled = {entry["task"] for entry in celery_app.conf.beat_schedule.values()}

    assert scheduled - set(celery_app.tasks) == set()


def test_it_has_a_sentence_for_every_audit_verb() -> None:
    used, unreadable = literals("record", argument=1, on="audit")

    missing = {verb: place for verb, place in used.items() if verb not in verbs.VERBS}

    assert missing == {}
    assert unreadable == []
    assert used


def test_it_sends_no_form_of_htmx_twice() -> None:
    sent = [
        (str(path.relative_to(ROOT)), form)
        for path in (ROOT / "templates").rglob("*.html")
        for form in re.findall(r"<form[^>]*\bhx-post=[^\n]*", path.read_text())
    ]

    assert sent
    assert [path for path, form in sent if 'hx-disabled-elt="find button"' not in form] == []


def test_it_explains_every_setting_in_the_example_environment() -> None:
    settings = ast.parse((ROOT / "creditrisk" / "settings.py").read_text())
    readers = ("text", "flag", "number", "words", "address", "key", "keyring")

    read = {
        name
        for reader in readers
        for call in calls(settings, reader, on="env")
        for name in texts(call.args[0], settings)
    }

    explained = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert read - explained == set()
    assert {"SECRET_KEY", "DATABASE_URL", "ALLOWED_HOSTS"} <= read


@pytest.mark.parametrize(
    ("code", "depth"),
    [
        ("x = 1", 0),
        ("if a:\n  pass", 1),
        ("if a:\n  pass\nelif b:\n  pass\nelse:\n  pass", 1),
        ("if a:\n  pass\nelse:\n  if b:\n    pass\n  c()", 2),
        (
            "for a in b:\n  with c:\n    try:\n      if d:\n        pass\n    finally:\n      pass",
            4,
        ),
        ("if a:\n  def inner():\n    if b:\n      pass", 1),
    ],
)
def test_it_measures_nesting(code: str, depth: int) -> None:
    assert nesting(ast.parse(code)) == depth


def test_it_measures_functions_without_their_decorators() -> None:
    tree = ast.parse("@cached\ndef f():\n    '''Say.'''\n    return 1\n")

    assert [length(function) for function in functions(tree)] == [3]


def test_it_reads_names_from_calls() -> None:
    tree = ast.parse(
        "NAME = 'x.score'\n"
        "audit.record(a, 'x.done' if b else 'x.undone')\n"
        "record(a, 'no')\n"
        "audit.record(a, TABLE[key])\n"
        "TABLE = {'a': 'x.one', 'b': 'x.two'}\n"
        "def f(*, verb):\n  audit.record(a, verb)\n"
        "f(verb='x.passed')\n"
        "jobs.enqueue(NAME)\n"
        "enqueue(other)\n"
    )

    verb_calls = list(calls(tree, "record", on="audit"))

    assert [texts(call.args[1], tree) for call in verb_calls] == [
        {"x.done", "x.undone"},
        {"x.one", "x.two"},
        {"x.passed"},
    ]
    tasks = [texts(call.args[0], tree) for call in calls(tree, "enqueue")]
    assert tasks == [{"x.score"}, set()]
