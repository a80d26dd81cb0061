"""The report: its link, its page, its delivery."""
