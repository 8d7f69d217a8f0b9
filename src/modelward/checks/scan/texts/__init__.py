"""JSON documents and other texts."""
