"""Python source and notebooks, judged by what runs when a loader imports them."""
