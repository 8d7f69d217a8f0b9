"""Keras models, `.keras` and HDF5."""
