"""A rule that did not fire: what came nearest, term by term and by how much."""
