"""Redis must not throw messages away when it is full, and should keep them over a restart."""

from typing import Any

from celery import current_app

from dermalia.operations.doctor import NotHere, Trouble, check

FULL = 0.8


@check(
    "redis", do="In redis.conf: maxmemory-policy noeviction, appendonly yes (deploy/redis.conf)."
)
def redis_keeps_what_it_has() -> str:
    with current_app.connection_for_write() as connection:
        channel: Any = connection.default_channel  # Redis's own, which kombu's types do not know
        client = channel.client
        server = client.info("server")
        memory, persistence = client.info("memory"), client.info("persistence")
        kept = bool(persistence.get("aof_enabled"))
    wrong = []
    if memory.get("maxmemory_policy") != "noeviction":
        wrong.append(f"it throws messages away when it is full ({memory['maxmemory_policy']})")
    if not kept:
        wrong.append("it keeps nothing over a restart (no append-only file)")
    elif persistence.get("aof_last_write_status", "ok") != "ok":
        wrong.append("its append-only file could not be written")
    most, used = int(memory.get("maxmemory", 0)), int(memory["used_memory"])
    if most and used > FULL * most:
        wrong.append(f"it is {used / most:.0%} full")
    if wrong:
        raise Trouble("; ".join(wrong))
    return f"Redis {server['redis_version']}, noeviction, append-only, {used / 2**20:.0f} MiB"


@check("cache", do="See whether DERMALIA_CACHE_URL leads to Redis.")
def cache_answers() -> str:
    from django.core.cache import cache

    if type(cache).__module__.endswith("locmem"):
        raise NotHere("in memory")
    cache.set("doctor", "here", timeout=10)
    if cache.get("doctor") != "here":
        raise Trouble("what was put into it is not there")
    cache.delete("doctor")
    return "takes and gives"
