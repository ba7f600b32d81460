FROM python:3.11-slim AS build
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check -r requirements.txt

FROM python:3.11-slim
RUN useradd --system --uid 10001 --user-group --no-create-home maitre \
    && install --directory --owner=maitre --group=maitre /run/maitre
COPY --from=build /opt/venv /opt/venv
COPY . /app
RUN /opt/venv/bin/python -m compileall -q /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PORT=8000 \
    STATIC_ROOT=/srv/static
WORKDIR /app
# Neither key nor database is used here, and no setting has a default for them.
RUN SECRET_KEY=unused DATABASE_URL=postgresql:///unused python manage.py collectstatic --noinput --verbosity 0
ENV PROMETHEUS_MULTIPROC_DIR=/run/maitre
USER maitre
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=2)"]
# Metrics of an earlier run would be added to those of this one. A thread more than the pool has
# connections would make a request wait for one.
CMD rm -f "$PROMETHEUS_MULTIPROC_DIR"/*.db \
    && exec granian --interface wsgi --host 0.0.0.0 --port "$PORT" --workers 2 \
    --blocking-threads "${DATABASE_POOL_SIZE:-16}" --respawn-failed-workers --workers-kill-timeout 10 --no-ws \
    --log-config config/logs/granian.json config.wsgi:application
