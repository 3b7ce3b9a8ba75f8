"""Where networks come from: the catalogue, downloads, the loader, and tiny random stand-ins."""
