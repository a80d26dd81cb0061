"""The demo: a plainly synthetic practice, and the life of one scan from capture to erasure."""
