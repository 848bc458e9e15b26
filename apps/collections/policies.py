"""Who may do what at the collections desk; for buttons, enforced in services."""

VIEW = "collections.view_worklist"
WORK = "collections.work_case"
ASSIGN = "collections.assign_case"
LEGAL = "collections.record_legal_step"
