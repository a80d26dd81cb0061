"""A name for a screen that others can see."""


def initial(name: str) -> str:
    """The first letters of a name's parts: "Demo Ä" is "D. Ä."."""
    return " ".join(f"{part[0].upper()}." for part in name.replace("-", " ").split())
