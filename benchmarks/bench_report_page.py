"""The patient's page beside a bare view with one query, on the same server."""

import statistics

from benchmarks.harness import report
from benchmarks.pages import Opened, make_reports, open_link, requests_per_second, web_server
from benchmarks.services import fresh_services

PRACTICES, ROUNDS, SECONDS = 8, 5, 3.0


def main() -> None:
    with fresh_services():
        paths = make_reports(PRACTICES)
        with web_server() as address:
            pages = [open_link(address, path) for path in paths]
            bare = [Opened("/bare/", "")]
            requests_per_second(address, [*pages, *bare], seconds=1)
            rates: dict[str, list[float]] = {"page": [], "bare": []}
            for _ in range(ROUNDS):
                rates["bare"].append(requests_per_second(address, bare, seconds=SECONDS))
                rates["page"].append(requests_per_second(address, pages, seconds=SECONDS))
    page, plain = (statistics.median(rates[name]) for name in ("page", "bare"))
    report(
        "report_page",
        figures={"page_per_s": page, "bare_per_s": plain},
        ratios={"rps_vs_bare": page / plain},
    )


if __name__ == "__main__":
    main()
