"""The tests, and the one check that runs everything."""
