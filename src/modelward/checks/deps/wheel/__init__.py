"""Wheels, looked at as files: what installing and starting Python would do with them. Nothing is installed."""
