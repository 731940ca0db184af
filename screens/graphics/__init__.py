"""Pictures in a terminal: one module per protocol, and one that chooses what is sent when."""
