"""Results for people, for machines and for CI systems: pure functions, no I/O."""
