"""Refocused planes against the microscope's own: a few planes are taken with the stage."""
