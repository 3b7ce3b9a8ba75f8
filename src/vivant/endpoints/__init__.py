"""One folder per endpoint: what a request may say, what it costs, and how its pictures are made."""
