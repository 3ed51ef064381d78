# The image of bot, worker and clock: the product's wheel and its locked packages, nothing else.
#
# The tag moves with Python's bug fixes. To pin the very image, look its digest up and name it:
#   docker buildx imagetools inspect python:3.12-slim
#   docker build --build-arg PYTHON=python:3.12-slim@sha256:<digest> --tag duckferry:0.1.0 .
# Use the same digest for every build of a release, and renew it with the packages (make lock).
ARG PYTHON=python:3.12-slim

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
# Without pip: the image that runs can install nothing.
RUN python -m venv --without-pip /opt/duckferry
# The packages first: this layer is kept as long as the locks are.
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN python -m pip install --require-hashes --only-binary=:all: --requirement requirements/build.txt
RUN python -m pip --python /opt/duckferry/bin/python install \
    --require-hashes --only-binary=:all: --requirement requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY agent/ agent/
COPY app/ app/
COPY sync/ sync/
RUN python -m pip wheel --no-deps --no-index --no-build-isolation --wheel-dir dist .
RUN python -m pip --python /opt/duckferry/bin/python install --no-deps --no-index dist/*.whl

FROM ${PYTHON}
# Korean in pictures of charts.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends fonts-nanum \
    && rm -rf /var/lib/apt/lists/*
# A number, so that an orchestrator can see that it is not root. The folder is there with its owner
# because a new volume takes both from the image.
RUN groupadd --gid 10001 duckferry \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data duckferry \
    && install --directory --owner 10001 --group 10001 /data /data/warehouse
COPY --from=build /opt/duckferry /opt/duckferry
ENV PATH=/opt/duckferry/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    WAREHOUSE_DIR=/data/warehouse \
    BOT_TOML=/etc/duckferry/bot.toml \
    RUNTIME_DIR=/tmp/duckferry \
    LOG_FORMAT=json
USER 10001:10001
WORKDIR /data
STOPSIGNAL SIGTERM
# Asks the process's own sign of life; Oracle, the model or Redis being away is no reason to restart.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["botctl", "health"]
ENTRYPOINT ["botctl"]
CMD ["run"]
