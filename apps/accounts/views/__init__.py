"""Pages about people: signing in and out, one's own profile, and keeping other people's access."""
