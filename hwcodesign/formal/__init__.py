"""Formal proofs of the kernels and cells: what is claimed of each, and how it is proven or refuted."""
