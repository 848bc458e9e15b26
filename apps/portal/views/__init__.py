"""Pages of the applicant, and the officer's panel that makes links."""
