"""Surfaces as a person asks for them: by text, found in a frame, through points, with a warning."""
