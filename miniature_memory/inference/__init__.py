"""The runtime: INT8 weights, a KV cache, a network in one C file and a sampler in another."""
