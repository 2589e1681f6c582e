"""The nouns of riskreg: frozen values that every other room speaks in. No file, clock or network is touched here."""
