"""Documents a practice signs, hands out, files or shows: made from settings and its own words."""
