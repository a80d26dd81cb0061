"""Which task runs when, and on which queue (docs/jobs.md)."""

# What workers start on their own, every so many seconds: due though beat is dead.
PERIODIC: dict[str, float] = {
    "retention.tasks.erase_due": 3600.0,
    "retention.tasks.reconcile": 3600.0,
    "retention.tasks.watch": 60.0,
    "reports.tasks.forget_mails": 86_400.0,
    "reports.tasks.tell_practices": 3600.0,
    "onboarding.tasks.tell_practices": 43_200.0,
    "practices.tasks.forget_expired": 3600.0,
    "operators.tasks.keep_watch": 60.0,
    "backups.tasks.publish_ledger": 10.0,
    "backups.tasks.make_due": 3600.0,
    "backups.tasks.keep_house": 3600.0,
    "backups.tasks.drill_due": 6 * 3600.0,
    "exports.tasks.end_expired": 3600.0,
    "closing.tasks.end_contracts": 3600.0,
    "closing.tasks.remind_practices": 6 * 3600.0,
    "website.tasks.deliver_inquiries": 30.0,
    "dermalia.local.tasks.copy": 3600.0,
}

# The queue of each task; a task that no line names runs on the queue "ingest".
QUEUES: dict[str, dict[str, str]] = {
    "scans.tasks.convert": {"queue": "convert"},
    "scans.tasks.convert_detail": {"queue": "convert"},
    "reports.tasks.*": {"queue": "mail"},
    "onboarding.tasks.*": {"queue": "mail"},
    "operators.tasks.*": {"queue": "mail"},
    "retention.tasks.reconcile": {"queue": "convert"},  # long, and nobody waits for it
    # Many at once: whoever asks for one erasure waits behind none of them.
    "retention.tasks.erase_due": {"queue": "convert"},
    "retention.tasks.sweep": {"queue": "convert"},
    "retention.tasks.*": {"queue": "erase"},
    "backups.tasks.publish_ledger": {"queue": "erase"},
    "backups.tasks.*": {"queue": "backup"},  # its worker alone holds what opens a backup
    "exports.tasks.end_expired": {"queue": "erase"},
    "exports.tasks.*": {"queue": "convert"},
    "closing.tasks.remind_practices": {"queue": "mail"},
    "closing.tasks.*": {"queue": "erase"},
    "audit.tasks.*": {"queue": "erase"},
    "practices.tasks.*": {"queue": "erase"},
    "website.tasks.*": {"queue": "mail"},
    "dermalia.local.tasks.*": {"queue": "convert"},
}
DEFAULT_QUEUE = "ingest"
EVERY_QUEUE = sorted({DEFAULT_QUEUE, *(route["queue"] for route in QUEUES.values())})
