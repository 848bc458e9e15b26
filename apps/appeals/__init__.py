"""Ask for a person: appeals against decisions, answered in writing by who took no part."""
