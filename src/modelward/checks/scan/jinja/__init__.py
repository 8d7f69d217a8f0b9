"""Jinja templates: parsed, never rendered, judged by what they reach."""
