"""The letters from the end of November 2026 on: rates with their working, offers that lapsed.

Frozen: letters already sent are re-rendered from these files. Built on the first edition, which
never changes. Never edit a file here. To change a letter, make a new edition that is registered in
`apps.letters.editions`; this one stays for the letters it made.
"""
