"""Pickle streams: the symbolic machine (machine.py), its values and its events."""
