"""Jinja templates: read (template.py), never rendered."""
