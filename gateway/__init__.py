"""The public portal: pages and JSON from a read model of its own."""
