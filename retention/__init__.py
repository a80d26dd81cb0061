"""Due dates kept, erasures done and proved."""
