"""HTTP in, HTTP out: the service as a drop-in for a hosted one."""
