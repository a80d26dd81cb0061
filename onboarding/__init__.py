"""How a practice joins: tasks, agreement, test and going live; and what it decides later on."""
