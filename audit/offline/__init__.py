"""What goes along with an exported log: the verifier and how to use it. Imports nothing of ours."""
