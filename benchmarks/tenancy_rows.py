"""A million scans of 200 practices, each with its person, report, mail and log entry."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import psycopg

SCANS, PRACTICES = 1_000_000, 200
ASSETS = 8  # of every fiftieth scan of a practice


def scan_id(number: int) -> UUID:
    """The id that ``A_SCAN`` gives to the scan."""
    return UUID(hashlib.md5(f"scan{number}".encode(), usedforsecurity=False).hexdigest())


def fill(url: str, *, practices: int = PRACTICES) -> None:
    """Write the rows as a superuser, several statements at a time, and gather statistics.

    Args:
        practices: how many, from id 0 on; those that are there get their share of the scans.
    """
    values = {"scans": SCANS, "practices": practices, "assets": ASSETS}
    _run(url, DEFAULTS)
    with ThreadPoolExecutor(len(OF_A_SCAN)) as several:
        _run(url, A_PRACTICE.format(**values))
        parts = range(4)
        list(several.map(lambda part: _run(url, A_SCAN.format(part=part, **values)), parts))
        list(several.map(lambda statement: _run(url, statement.format(**values)), OF_A_SCAN))
    _run(url, "VACUUM ANALYZE")


def _run(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as server:
        # Made-up rows: no foreign key is looked up while they come in.
        server.execute("SET session_replication_role = replica")
        server.execute(statement.encode())


# What a row does not name is empty, whatever columns the tables have come to since.
DEFAULTS = """
    DO $$
    DECLARE named record;
    BEGIN
        FOR named IN
            SELECT table_name, column_name, data_type FROM information_schema.columns
            WHERE table_schema = 'public' AND is_nullable = 'NO' AND column_default IS NULL
                AND is_identity = 'NO' AND table_name ~ '^(practices|scans|reports|audit)_'
                AND data_type IN ('character varying', 'text', 'boolean', 'ARRAY', 'smallint',
                    'integer', 'bigint')
                AND column_name !~ '(^|_)id$'
        LOOP
            EXECUTE format('ALTER TABLE %I ALTER COLUMN %I SET DEFAULT %L', named.table_name,
                named.column_name, CASE named.data_type WHEN 'boolean' THEN 'false'
                    WHEN 'ARRAY' THEN '{}' WHEN 'character varying' THEN '' WHEN 'text' THEN ''
                    ELSE '0' END);
        END LOOP;
    END $$
"""
A_PRACTICE = """
    INSERT INTO practices_practice (id, name, street, postal_code, city, phone, email,
         language, release, default_purpose, silent_hours, created_at)
       SELECT n, 'Benchmark ' || n, '', '', '', '', n || '@example.org', 'de', 'staff', '', 3, now()
       FROM generate_series(0, {practices} - 1) n
       ON CONFLICT DO NOTHING
"""
A_SCAN = """
    INSERT INTO scans_scan (id, practice_id, connection_id, scan_identifier, state, attempts,
         failures, next_attempt_at, leased_by, last_error, key_id, prefix, device_serial,
         device_model, algorithm_version, captured_at, measurements, discovered_at)
       SELECT md5('scan' || n)::uuid, n % {practices}, n % {practices}, 'S-' || n, 'ready', 0,
         0, now(), '', '', md5('key' || n)::uuid, md5('prefix' || n), 'SN-1', 'D-1', '1.0',
         now() - n * interval '1 minute', decode(repeat(md5(n::text), 32), 'hex'),
         now() - n * interval '1 minute'
    FROM generate_series({part}, {scans} - 1, 4) n
"""
# Scans that came some other way have what belongs to them already.
OF_A_SCAN = (
    """INSERT INTO scans_identity (practice_id, scan_id, first_name, email)
       SELECT practice_id, id, sha256('name'), sha256('email') FROM scans_scan
       WHERE prefix = md5('prefix' || substr(scan_identifier, 3))""",
    """INSERT INTO reports_report (id, practice_id, scan_id, state, purpose, language, link,
         created_at, released_at, due_on)
       SELECT key_id, practice_id, id, 'released', 'medical', 'de', sha256('link'),
         captured_at, captured_at, current_date + 3650 FROM scans_scan
       WHERE prefix = md5('prefix' || substr(scan_identifier, 3))""",
    """INSERT INTO reports_delivery (id, practice_id, report_id, state, attempts, failures,
         next_attempt_at, leased_by, last_error, provider_id, created_at)
       SELECT id, practice_id, key_id, 'sent', 0, 0, now(), '', '', '', now() FROM scans_scan
       WHERE prefix = md5('prefix' || substr(scan_identifier, 3))""",
    """INSERT INTO scans_asset (id, practice_id, scan_id, origin, kind, name, light, metric,
         view, media_type, bytes, object_name, stored_at)
       SELECT md5(id::text || n)::uuid, practice_id, id, 'derived', 'layer', 'layer-' || n, '',
         '', '', 'image/webp', 300000, prefix || '/' || n, now()
       FROM scans_scan, generate_series(1, {assets}) n
       WHERE CASE WHEN prefix = md5('prefix' || substr(scan_identifier, 3))
         THEN substr(scan_identifier, 3)::int / {practices} % 50 = 0 END""",
    """INSERT INTO audit_entry (practice_id, sequence, at, actor, actor_id, action, object_id,
         counts, hash)
       SELECT practice_id, 1000000 + row_number() OVER (PARTITION BY practice_id), now(),
         'system', NULL, 'scan.viewed', id, '{{}}', sha256('entry') FROM scans_scan""",
)
