"""Rules, findings and near misses in the words of the people who read them."""
