"""The double-helix mask against the clear pupil: capture, train, compare (paper, Video S10)."""
