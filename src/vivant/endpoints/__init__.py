"""One folder per endpoint: what it accepts, what it costs, how it is run. Siblings never meet."""
