"""The monthly assessment: what happened, measured by a scheme, with every point explained."""
