"""What comes from hubs and servers, pinned by content."""
