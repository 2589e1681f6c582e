"""What a rule means: its tree, its branches, what its patterns carry, how one fact meets a condition."""
