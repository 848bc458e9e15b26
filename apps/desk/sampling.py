"""Which automatic decisions a person looks at again without knowing their outcome. Pure.

The key of a decision alone says where it falls between 0 and 1; those below the lender's share are
sampled. So a replay, a second run of the sweep or another server samples the same decisions, nobody
can steer it, and a larger share samples what a smaller one did and more. `blind_rows` has the
same in SQL, and a test holds the two together.
"""

import hashlib
import uuid
from decimal import Decimal

# What is hashed before the key, so that another sample by the same keys would be another sample.
SEED = "blind quality control:"
SCALE = 2**32
SMALLEST_SHARE = Decimal("0.0001")
LARGEST_SHARE = Decimal("0.5")


def place(decision_id: uuid.UUID) -> int:
    """Return where a decision falls: a whole number from 0 to below SCALE, evenly spread."""
    digest = hashlib.sha256(f"{SEED}{decision_id}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def is_sampled(decision_id: uuid.UUID, share: Decimal) -> bool:
    """Say whether a decision is in the sample of a share from 0 to 1."""
    return place(decision_id) < share * SCALE
