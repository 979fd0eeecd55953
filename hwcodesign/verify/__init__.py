"""The proofs of a run."""
