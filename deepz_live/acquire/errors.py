"""What can go wrong at a microscope."""

from __future__ import annotations


class MicroscopeError(RuntimeError):
    """The microscope cannot do what was asked; the sentence says what, why and what to do."""


class LimitError(MicroscopeError):
    """A position outside the limits of the profile; nothing has moved."""


class AcquisitionAbortedError(MicroscopeError):
    """Somebody asked to stop; the microscope is back where it was."""
