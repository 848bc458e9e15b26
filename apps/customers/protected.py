"""Attributes nobody may decide on, and the values that may be recorded. Pure.

They are kept for fairness monitoring alone. No feature code may import this module.
"""

from collections.abc import Mapping

from apps.customers.findings import Finding, Refused

CHOICES: dict[str, tuple[str, ...]] = {
    "gender": ("female", "male", "other"),
    "marital_status": ("single", "married", "divorced", "widowed"),
    "religion": (
        "hindu",
        "muslim",
        "christian",
        "sikh",
        "buddhist",
        "jain",
        "traditional",
        "other",
        "none",
    ),
    "community": ("general", "obc", "sc", "st", "other"),
    "disability": ("yes", "no"),
}


def values(given: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes stated; raise Refused for an unknown one, or when none is stated."""
    findings = {
        name: Finding("protected_value")
        for name, value in given.items()
        if name not in CHOICES or (value and value not in CHOICES[name])
    }
    stated = {name: value for name, value in given.items() if value}
    if not stated:
        findings.setdefault("gender", Finding("required"))
    if findings:
        raise Refused(findings)
    return stated
