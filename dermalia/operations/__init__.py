"""What whoever runs Dermalia sees of it: log lines, metrics, and what the doctor finds."""
