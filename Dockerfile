# One image for every process; what runs is the command: web, worker, beat, watcher, migrate or any management command.
FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements-uv.lock requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-uv.lock \
 && uv venv /app/.venv \
 && uv pip sync --require-hashes --python /app/.venv/bin/python requirements.lock
COPY . .
RUN .venv/bin/python -I crm_project/runner/catalogues.py */locale/*/LC_MESSAGES/django.po \
 && SECRET_KEY=unused-while-files-are-collected-only \
    FIELD_KEYS=dW51c2VkLXdoaWxlLWZpbGVzLWFyZS1jb2xsZWN0ZWQ= \
    DATABASE_URL=postgresql://unused/unused REDIS_URL=redis://unused \
    .venv/bin/python manage.py collectstatic --no-input --ignore "*.map"

FROM python:3.13-slim
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/var/lib/genkan
RUN useradd --system --home-dir /var/lib/genkan --create-home genkan
COPY --from=build /app /app
WORKDIR /app
USER genkan
VOLUME /var/lib/genkan
EXPOSE 8000
ENTRYPOINT ["bin/container"]
CMD ["web"]
