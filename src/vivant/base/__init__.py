"""The ground floor: contracts, domain errors and settings. Imports nothing else of Vivant."""
