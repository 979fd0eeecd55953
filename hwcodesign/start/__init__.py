"""For somebody's first day: a recipe that is sized to his data and board, and what a recipe says."""
