# The emulator of COS, alone: docker build -t cosemu .
FROM golang:1.26-alpine AS build
WORKDIR /src
COPY go.mod ./
COPY cosemu cosemu
COPY cmd/cosemu cmd/cosemu
RUN CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o /cosemu ./cmd/cosemu && mkdir /data

FROM scratch
COPY --from=build /cosemu /cosemu
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
VOLUME /data
EXPOSE 9443 9444
# A key pair has to come with it: -e COSEMU_SECRET_ID -e COSEMU_SECRET_KEY.
ENTRYPOINT ["/cosemu", "-allow-remote", "-addr", "0.0.0.0:9443", "-data", "/data"]
