"""The dissertation's tables, recomputed from the networks' descriptions and set beside the printed figures."""
