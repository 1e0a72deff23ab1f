# syntax=docker/dockerfile:1
ARG BASE=python:3.11-slim

FROM ${BASE} AS build
WORKDIR /build
# Without a network: --build-arg PIP_NO_INDEX=1 --build-arg PIP_FIND_LINKS=/folder/of/wheels
ARG PIP_NO_INDEX
ARG PIP_FIND_LINKS
RUN python3 -m venv /opt/epay-bot
COPY requirements.lock ./
RUN /opt/epay-bot/bin/pip install --no-cache-dir --no-compile --only-binary=:all: --require-hashes --no-deps -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY migrations migrations
# The package itself needs no build back end to run: its code and migrations lie side by side, as in a checkout.
RUN cp -r bot migrations /opt/epay-bot/lib/python3*/site-packages/ \
    && printf '#!/opt/epay-bot/bin/python\nfrom bot.cli import main\nmain()\n' > /opt/epay-bot/bin/epay-bot \
    && chmod +x /opt/epay-bot/bin/epay-bot

FROM ${BASE}
LABEL org.opencontainers.image.title="epay-bot" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/epay-bot /opt/epay-bot
# Inside a container loopback is nobody's: the listener is for the health check and the published port.
ENV PATH=/opt/epay-bot/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/data \
    EPAY_BOT__SERVER__LISTEN=0.0.0.0:8080
# One volume holds everything that must outlive the container; the rest may be read-only.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data epay-bot && install -d -o 10001 -g 10001 /data
WORKDIR /data
VOLUME /data
USER 10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["epay-bot"]
CMD ["run", "--config", "/data/config.yaml"]
