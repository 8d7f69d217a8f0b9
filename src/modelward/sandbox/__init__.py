"""Running what must be executed where it can do no harm. `running.run` is the way in; docs/sandbox.md says what each
tier keeps and what it cannot.

Nothing is imported here: the helper that builds the walls (`inside`) shares this package and must start fast.
"""
