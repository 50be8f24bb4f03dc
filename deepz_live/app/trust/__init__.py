"""May a refocused plane be believed? Levels with their reasons in sentences."""
