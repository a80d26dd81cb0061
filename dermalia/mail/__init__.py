"""Mail as every room may use it: addresses, and the way to the outbox for mails to staff."""

from dermalia.mail.addresses import AddressRefused, clean_address
from dermalia.mail.port import StaffMailKind, mail_state, mails_within_a_day, queue_mail

__all__ = [
    "AddressRefused",
    "StaffMailKind",
    "clean_address",
    "mail_state",
    "mails_within_a_day",
    "queue_mail",
]
