"""Each role's home; reads everything, owns nothing."""
