"""Micro-Manager: opening a microscope, and what is captured with it."""

import os

# The core's signals are psygnal's, also beside a window. Qt's would deliver each frame through
# the event loop of the thread that listens, and the thread of an acquisition has none.
os.environ["PYMM_SIGNALS_BACKEND"] = "psygnal"
