"""People, branches, roles and approval limits."""
