"""What TensorFlow writes: graphs, checkpoints, TFLite."""
