"""The applicant's own pages, opened by a signed link: status, letters, reasons, appeal."""
