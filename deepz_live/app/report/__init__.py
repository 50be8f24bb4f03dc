"""The quality report: what a bundle can do and what it cannot, measured, with pictures."""
