"""All disk and network access."""
