# One image for every role of MIH: `docker run mih:local ingest`, `… router`, `… sender rest`, `… apply FILE`.
# docker-compose.yml runs them together.

FROM python:3.13-slim AS build
WORKDIR /build
# The build backend comes from the development lock, so that nothing is installed whose hash is not written down.
COPY locks/dev.txt locks/
RUN python3 -m venv --without-pip backend \
    && pip --python backend/bin/python install --require-hashes --only-binary=:all: -r locks/dev.txt
COPY locks/run.txt locks/
RUN python3 -m venv --without-pip /opt/mih \
    && pip --python /opt/mih/bin/python install --require-hashes --only-binary=:all: -r locks/run.txt
COPY . .
RUN pip --python backend/bin/python wheel --no-deps --no-build-isolation --wheel-dir wheel . \
    && pip --python /opt/mih/bin/python install --no-deps --no-index wheel/*.whl

FROM python:3.13-slim
LABEL org.opencontainers.image.title="MIH" \
      org.opencontainers.image.description="An integration hub on RabbitMQ" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --uid 10001 --user-group --create-home --home-dir /var/lib/mih --shell /usr/sbin/nologin mih
COPY --from=build /opt/mih /opt/mih
# All is compiled already, and the user could not write next to it.
ENV PATH=/opt/mih/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MIH_STATE_DIR=/var/lib/mih
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /var/lib/mih
ENTRYPOINT ["mih"]
CMD ["--help"]
