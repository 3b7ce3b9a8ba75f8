"""The doors into Vivant: the only places that wire things together."""
