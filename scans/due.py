"""The day of erasure that a row has from the start, until a rule gives it a sooner or a better one.

It is a default of the database, so that no row can be without one, whoever writes it.
"""

from django.db.models import DateField, Func


class InTwoYears(Func):
    """Today in Berlin, by the database's clock, and 24 calendar months: the longest that anything
    is kept of which nobody has said what it is for."""

    template = "(((now() AT TIME ZONE 'Europe/Berlin')::date + interval '24 months')::date)"
    output_field = DateField()
