"""The paper's experiments on a user's own recordings, composed from analysis, models and files."""
