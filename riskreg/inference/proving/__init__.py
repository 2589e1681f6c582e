"""What holds a rule in place: its tests, what they cover, and the lock of its versions."""
