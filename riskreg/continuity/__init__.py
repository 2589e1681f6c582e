"""A network and a disruption become a failover plan with its proof."""
