"""HDF5, as far as h5py and Keras use it: what refers, and what can carry more than numbers."""
