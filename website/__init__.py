"""The pages anybody may read: what this is, what it promises, who runs it, and how to ask."""
