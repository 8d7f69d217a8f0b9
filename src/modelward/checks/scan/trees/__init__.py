"""What only the names and the neighbours of files show."""
