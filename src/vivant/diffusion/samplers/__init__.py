"""Samplers as generators, grouped by family; `registry` knows them by name."""
