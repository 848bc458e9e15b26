"""Who may see and do what about the quality of the book; for buttons, enforced in services."""

VIEW = "npa.view_quality"
RUN = "npa.run_day_end"
PROPOSE_OVERRIDE = "npa.propose_override"
APPROVE_OVERRIDE = "npa.approve_override"
PROPOSE_FINDING = "npa.propose_finding"
APPROVE_FINDING = "npa.approve_finding"
# What is kept of reserves, and releases, are of whole lenders: roles of single branches lack it.
VIEW_RESERVE = "npa.view_reserve"
PROPOSE_RELEASE = "npa.propose_reserve_release"
APPROVE_RELEASE = "npa.approve_reserve_release"
THRESHOLDS = "npa.manage_thresholds"
ACKNOWLEDGE = "npa.acknowledge_alert"
MAKE_RETURN = "npa.make_return"
# The files of bureaus name every borrower.
MAKE_BUREAU_FILE = "npa.make_bureau_file"
