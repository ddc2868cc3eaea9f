# Build: docker build -t verisure-emulator .   Run: see "Keep it running" in README.md (it needs --network host).
FROM python:3.13-slim AS build
COPY . /src
RUN python -m venv /opt/emulator && /opt/emulator/bin/pip install --no-cache-dir /src

FROM python:3.13-slim
COPY --from=build /opt/emulator /opt/emulator
RUN useradd --system --uid 10001 emulator && install -d -o emulator -m 0700 /state
USER emulator
ENV EMULATOR_STATE_DIR=/state PYTHONUNBUFFERED=1
VOLUME /state
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/emulator/bin/emulator"]
CMD ["run"]
