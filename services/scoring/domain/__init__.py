"""What scoring knows: the facts it takes, the scheme, the measures, the score, and the life of an assessment."""
