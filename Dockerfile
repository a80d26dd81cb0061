# syntax=docker/dockerfile:1
# One image for web, workers, beat, migrations and the trial's S3: deploy/entrypoint says which.
# Versions are exact tags; add the digests of your registry's copies when you mirror them.

FROM node:24.11.0-bookworm-slim AS frontend
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY frontend frontend
RUN npm run build

FROM python:3.11.14-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements/base.txt /tmp/base.txt
# Wheels only: no compiler is needed, and none runs.
RUN /opt/venv/bin/pip install --require-hashes --only-binary=:all: -r /tmp/base.txt \
    && /opt/venv/bin/pip uninstall --yes pip setuptools

FROM python:3.11.14-slim-bookworm AS application
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY manage.py ./
COPY deploy/collect-static deploy/entrypoint deploy/healthcheck.py deploy/
COPY dermalia dermalia
COPY audit audit
COPY practices practices
COPY scans scans
COPY reports reports
COPY retention retention
COPY onboarding onboarding
COPY backups backups
COPY exports exports
COPY closing closing
COPY documents documents
COPY website website
COPY operators operators
COPY templates templates
COPY locale locale
COPY --from=frontend /build/static static
COPY --from=frontend /build/node_modules/gltfpack/library.wasm node_modules/gltfpack/
COPY scripts/__init__.py scripts/sample.py scripts/
# The synthetic report on the start page; what made it stays behind.
RUN python -m scripts.sample && rm -rf scripts build
RUN for po in locale/*/LC_MESSAGES/django.po; do \
        pybabel --quiet compile -i "$po" -o "${po%.po}.mo" || exit 1; \
    done \
    && deploy/collect-static \
    && python -m compileall -q .

FROM python:3.11.14-slim-bookworm
# What typesets documents. Nothing else of Debian is needed, and no compiler is here.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        libharfbuzz-subset0 libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 dermalia \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin dermalia \
    && install --directory --owner=10001 --group=10001 --mode=0700 /objects /backup-keys
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DERMALIA_MODE=production DERMALIA_RUN=/tmp
WORKDIR /app
# Owned by root: the application cannot change itself.
COPY --from=packages /opt/venv /opt/venv
COPY --from=application /app /app
USER 10001:10001
EXPOSE 8000
# Gunicorn and Celery finish what they are at on SIGTERM.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 \
    CMD ["python", "deploy/healthcheck.py", "web"]
ENTRYPOINT ["deploy/entrypoint"]
CMD ["web"]
