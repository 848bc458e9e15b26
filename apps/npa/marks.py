"""What snapshots say beside a class. Pure."""

# Classes of a last snapshot: what left the books.
GONE = ("closed", "written_off")
# The letter among `LoanDay.flags` of a restructured loan.
RESTRUCTURED = "R"
