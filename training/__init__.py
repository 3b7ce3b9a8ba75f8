"""How the embedded models are made. Nothing in `vivant` imports this."""
