"""What holds for all tests."""

from __future__ import annotations

import signal

# Some tests interrupt a command that they start. Where the tests themselves run in the background of a shell,
# an interrupt is ignored, and what they start would ignore it as well.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
