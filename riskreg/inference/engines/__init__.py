"""The two engines, which are given the same candidates and must agree."""
