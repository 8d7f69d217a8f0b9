"""One package per predicate type, all of one shape (core/check.py), none importing another."""
