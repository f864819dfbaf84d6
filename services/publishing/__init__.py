"""Items from the first draft to the public page, and each column's duty to be current."""
