"""Who is approved by one side only."""

from django.db.models import Q

# A swap-in is approved by the candidate alone, a swap-out by what is in force alone.
SWAP_IN = Q(outcome_after="approve") & ~Q(outcome_before="approve")
SWAP_OUT = Q(outcome_before="approve") & ~Q(outcome_after="approve")
MOVES = {"in": SWAP_IN, "out": SWAP_OUT}
# The side that approves them: its PD and price say what they bring, or brought.
SIDES = {"in": "after", "out": "before"}
