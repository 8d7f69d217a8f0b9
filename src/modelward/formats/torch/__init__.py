"""Where things lie in what torch.save writes: zip archives, the legacy stream, the tar before it."""
