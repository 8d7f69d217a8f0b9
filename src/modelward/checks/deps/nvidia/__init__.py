"""What NVIDIA's bulletins say of drivers, the CUDA Toolkit and the tools around them, held against what a host has."""
