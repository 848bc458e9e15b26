"""How a loan turns from performing to not, and back. Pure."""

from enum import StrEnum


class Turned(StrEnum):
    """What became of a loan between two ends of months."""

    # It performed, or was not lent yet, and does not perform.
    DEFAULTED = "defaulted"
    # It did not perform, and performs.
    CURED = "cured"
    # It did not perform, and was repaid in full.
    REPAID = "repaid"
    # It was written off, whether it performed before or not.
    WRITTEN_OFF = "written_off"


# What of these is a cure.
CURES = (Turned.CURED, Turned.REPAID)
# What of these is a default, for a loan that performed.
DEFAULTS = (Turned.DEFAULTED, Turned.WRITTEN_OFF)
