"""lambdalint over real repositories: what it says, what it leaves Unknown, and what it misses.

See README.md beside this file for how to run it and for what was found.
"""
