"""Live virtual z-stacks from a single focal plane."""
