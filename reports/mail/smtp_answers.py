"""What an SMTP server's answers, and the lack of one, mean for a mail."""

import smtplib
import ssl

from django.utils.translation import gettext_noop as _

from dermalia.residency.dialing import AddressRefused
from reports.mail.provider import NotTaken

ACCOUNT_REST_SECONDS = 300.0
UNREACHABLE_REST_SECONDS = 30.0


def expect(code: int, answer: tuple[int, bytes]) -> None:
    """Raises NotTaken for any other answer; 251 is a 250 with a forwarding address."""
    if answer[0] != code and (code, answer[0]) != (250, 251):
        raise _refused(answer[0])


def _refused(code: int) -> NotTaken:
    """What a refusal means by its class: 4xx for now, 5xx for good (RFC 5321, 4.2.1)."""
    if code == 421:
        return NotTaken(
            _("The mail server is closing; trying again."),
            after=UNREACHABLE_REST_SECONDS,
            everyone=True,
        )
    if 400 <= code < 500:
        return NotTaken(_("The mail server does not take the mail at the moment."))
    if code == 530:
        return _wrong_account()
    return NotTaken(_("The mail server refuses this mail or its address."), final=True)


def broken_off() -> NotTaken:
    """The line ended while nothing of the mail itself had been sent."""
    return NotTaken(_("The mail server broke off before it had the mail."))


def _wrong_account() -> NotTaken:
    return NotTaken(
        _("The mail server refuses the account: check the user name and the password."),
        after=ACCOUNT_REST_SECONDS,
        everyone=True,
    )


def not_connected(error: Exception) -> NotTaken:
    """Nothing was said about a mail yet. Anything unforeseen is raised as it is."""
    if isinstance(error, AddressRefused):
        sentence = _("The mail server has an address that must not be called.")
    elif isinstance(error, ssl.SSLCertVerificationError):
        sentence = _("The mail server's certificate is not accepted: nothing was sent.")
    elif isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        sentence = _("No encrypted connection came about: check the port and the encryption.")
    elif isinstance(error, smtplib.SMTPNotSupportedError):
        sentence = _("The mail server offers no encryption: nothing was sent.")
    elif isinstance(error, smtplib.SMTPAuthenticationError):
        return _wrong_account()
    elif isinstance(error, OSError | smtplib.SMTPException):
        return NotTaken(
            _("The mail server could not be reached, or did not answer in time."),
            after=UNREACHABLE_REST_SECONDS,
            everyone=True,
        )
    else:
        raise error
    return NotTaken(sentence, after=ACCOUNT_REST_SECONDS, everyone=True)
