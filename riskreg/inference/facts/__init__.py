"""Facts as columns, and what each pattern of a rule can take of them."""
