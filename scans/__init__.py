"""From the scanner's cluster to sealed, web-ready 3D."""
