"""What must outlive a crash: accounts, keys, credits, jobs, files' rows, webhook deliveries."""
