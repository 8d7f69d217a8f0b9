"""What torch writes: zip archives, `.pt2`, legacy files."""
