"""What runs in the helper process, before the command: small, imports next to nothing, and decides nothing."""
