"""podtui's windows: what a person sees and touches."""
