"""What is in our schemas though no model put it there."""

from collections.abc import Iterator

from dermalia.tenancy.catalogue import SCHEMAS, Connection, rows, scoped_models, table_of

# Tables with a practice's id that must be read before a scope can be known.
READ_BEFORE_A_SCOPE = {'"public"."practices_user"', '"public"."reports_link"'}

WITH_A_PRACTICE = """
    SELECT format('"%%s"."%%s"', relnamespace::regnamespace, relname)
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE attname = 'practice_id' AND relkind IN ('r', 'p', 'm', 'f') AND NOT attisdropped
      AND relnamespace::regnamespace::text = ANY(%s)
"""
VIEWS = """
    SELECT relname FROM pg_class
    WHERE relkind = 'v' AND relnamespace::regnamespace::text = ANY(%s)
      AND NOT coalesce(reloptions && '{security_invoker=true,security_invoker=on}', false)
"""
FUNCTIONS = """
    SELECT proname FROM pg_proc
    WHERE prosecdef AND pronamespace::regnamespace::text = ANY(%s)
"""


def strangers(connection: Connection) -> Iterator[str]:
    """Tables, views and functions that would go around row-level security."""
    schemas = list(SCHEMAS)
    known = READ_BEFORE_A_SCOPE | {table_of(model) for model in scoped_models()}
    for (name,) in rows(connection, WITH_A_PRACTICE, [schemas]):
        if name not in known:
            yield f"{name} has a practice's rows but no model that guards them."
    for (view,) in rows(connection, VIEWS, [schemas]):
        yield f"The view {view} reads as its owner: make it security_invoker."
    for (function,) in rows(connection, FUNCTIONS, [schemas]):
        yield f"The function {function} runs as its owner, past row-level security."
