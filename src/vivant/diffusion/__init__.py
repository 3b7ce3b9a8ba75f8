"""The mathematics of sampling, on torch tensors: no files, no server, no endpoint."""
