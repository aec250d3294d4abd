"""The runtime: INT8 weights, a KV cache and one C file; numpy is all that it imports."""
