"""The stages in order: what runs when, and what a run tells at its end."""
