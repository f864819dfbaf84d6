"""What strict tools that need Node find in a running city: its pages, its documents, and a client made from them."""
