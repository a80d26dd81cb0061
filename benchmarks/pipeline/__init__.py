"""The parts of the comparison with other tools that make web models of scans."""
