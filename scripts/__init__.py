"""Tools for developers; nothing in the running application imports them."""
