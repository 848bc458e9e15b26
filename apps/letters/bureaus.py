"""The credit bureaus a lender asks, as its master data lists them. Pure.

One block for each bureau, an empty line between two: the name, the address on one or more lines,
the telephone on the last line. The name is the one its reports are recorded under.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Listed:
    """One bureau with its address and telephone."""

    name: str
    address: str
    phone: str


def listed(text: str) -> tuple[Listed, ...]:
    """Return the bureaus of a list; a block of fewer than three lines is left out."""
    blocks = (
        [line.strip() for line in block.strip().splitlines()]
        for block in text.replace("\r\n", "\n").split("\n\n")
    )
    return tuple(
        Listed(block[0], "\n".join(block[1:-1]), block[-1]) for block in blocks if len(block) > 2
    )


def is_readable(text: str) -> bool:
    """Say whether every block of a list names a bureau with address and telephone."""
    return len(listed(text)) == sum(1 for block in text.split("\n\n") if block.strip())


def find(text: str, name: str) -> Listed | None:
    """Return the listed bureau of a name, whatever its capitals; None where there is none."""
    return next((one for one in listed(text) if one.name.casefold() == name.casefold()), None)
