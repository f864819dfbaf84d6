"""MongoDB: state and journal in one transaction, leases, sealing."""
