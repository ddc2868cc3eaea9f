# docker build -t verisure-emulator .   See docs/docker.md; compose.yaml has how to run it, docker-bake.hcl the other images.
# Nothing here belongs to one processor: amd64 and arm64 alike. Whoever needs the same image twice pins the digest that
# `docker buildx imagetools inspect python:3.13-slim-trixie` shows.
FROM python:3.13-slim-trixie AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY . .
RUN python -m venv /build \
    && /build/bin/pip install --no-deps --require-hashes --requirement pins/build.txt \
    && /build/bin/python -m hatchling build --target wheel --directory /wheel
# slim is the program alone; full has the extras of a home, too.
ARG PINS=full
# A copy of the interpreter instead of a link: the right to port 80 is this program's, not that of every Python here.
RUN python -m venv --copies /opt/emulator \
    && /opt/emulator/bin/pip install --only-binary :all: --no-deps --require-hashes --requirement "pins/$PINS.txt" \
    && /opt/emulator/bin/pip install --no-deps /wheel/*.whl \
    && /opt/emulator/bin/pip check

# The bridge of the Matter door, one file. Node.js is copied from here, too: that of Debian brings 100 MB more along.
FROM node:22-trixie-slim AS bridge
WORKDIR /bridge
COPY emulator/doors/matter/bridge .
RUN npm ci --ignore-scripts --no-audit --no-fund --loglevel=error \
    && node build.js made.mjs

FROM python:3.13-slim-trixie AS emulator
COPY --from=build /opt/emulator /opt/emulator
# A file capability, as Docker gives a user other than root none of those that --cap-add names. It is set in this stage
# because not every builder copies it from another.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libcap2-bin \
    && setcap cap_net_bind_service=+ep /opt/emulator/bin/python \
    && apt-get purge --yes --auto-remove libcap2-bin \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --no-create-home --uid 10001 emulator \
    && install --directory --owner=emulator --mode=0700 /state
USER 10001
# EMULATOR_IMAGE: nothing can be installed here, and so the program names no command for it.
ENV EMULATOR_IMAGE=1 EMULATOR_STATE_DIR=/state PYTHONUNBUFFERED=1 PATH=/opt/emulator/bin:$PATH
VOLUME /state
# The dashboard's port, which answers 503 only for what a restart may mend. By Python, as there is no curl here.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["/opt/emulator/bin/python", "-c", "\
import http.client, sys; \
connection = http.client.HTTPConnection('127.0.0.1', 8099, timeout=4); \
connection.request('GET', '/healthz'); \
sys.exit(connection.getresponse().status != 200)"]
STOPSIGNAL SIGTERM
# Not bin/emulator: whichever copy of the interpreter that one names, it is not sure to be the one with the capability.
ENTRYPOINT ["/opt/emulator/bin/python", "-m", "emulator"]
# A wrong setting is waited for: Docker would start a program that ends with it again and again.
CMD ["run", "--wait"]

# All of that, and the Matter door: `docker build --target matter .`
FROM emulator AS matter
COPY --from=bridge /usr/local/bin/node /usr/local/bin/node
COPY --from=bridge /bridge/made.mjs /opt/bridge/made.mjs
ENV EMULATOR_MATTER=/opt/bridge

# What is built where no target is named.
FROM emulator
