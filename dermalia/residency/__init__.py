"""Where data may be and whom this process may talk to."""
