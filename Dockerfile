# The image of caliber_crawler. Its use is described in docs/install.md.
FROM python:3.13-slim AS build
# EXTRAS=cluster adds the packages of an extra of pyproject.toml.
ARG EXTRAS=""
ENV PIP_NO_CACHE_DIR=1
COPY constraints.txt /source/
RUN python -m venv /opt/caliber \
    && /opt/caliber/bin/python -m pip install --require-hashes --no-deps -r /source/constraints.txt
COPY . /source
RUN /opt/caliber/bin/python -m pip install --no-build-isolation "/source${EXTRAS:+[$EXTRAS]}"

FROM python:3.13-slim
COPY --from=build /opt/caliber /opt/caliber
# The folder of the volume belongs to the user, so a new volume does too. /shards and /scratch are those of a cluster.
RUN useradd --create-home --uid 10001 caliber \
    && install --directory --owner caliber /caliber /caliber/data /shards /scratch
ENV PATH="/opt/caliber/bin:$PATH"
USER 10001
WORKDIR /caliber
VOLUME /caliber/data
EXPOSE 8001
ENTRYPOINT ["caliber"]
