"""The letters of February 2027: no list of changes where none was found, a telephone to each desk.

Frozen like the editions before it. It uses their page, figures and wording, which never change.
"""
