"""The letters of November 2026. Frozen: letters already sent are re-rendered from these files.

Never edit a file here. To change a letter, copy the folder, register the copy in
`apps.letters.editions` and make it the current one; this one stays for the letters it made.
"""
