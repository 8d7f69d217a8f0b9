"""Pickles: the judge of what a pickle machine does, and its table of names."""
