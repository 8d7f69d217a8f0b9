"""The tensors of a checkpoint as views of bytes: resolved without running anything of it."""
