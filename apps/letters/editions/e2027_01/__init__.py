"""The letters of January 2027: by regime, with counter-offers, notices of what is missing, appeals.

Frozen like the editions before it. It uses their page, figures and wording, which never change.
"""
