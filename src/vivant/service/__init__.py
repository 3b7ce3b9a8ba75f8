"""What Vivant does for people, free of HTTP and of the terminal."""
