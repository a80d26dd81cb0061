"""Stand-ins over real HTTP for the services Dermalia talks to, and synthetic scans for them."""
