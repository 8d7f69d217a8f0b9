"""Results as text for people, and as JSON and SARIF for machines: pure functions, no I/O."""
