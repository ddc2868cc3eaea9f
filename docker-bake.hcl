# The images for both processors: `docker buildx bake`; `VERSION=0.2.0 IMAGE=… docker buildx bake --push` for a release.
variable "IMAGE" { default = "verisure-emulator" }
variable "VERSION" { default = "dev" }

group "default" { targets = ["slim", "full", "matter", "home-assistant"] }

target "each" {
  platforms = ["linux/amd64", "linux/arm64"]
  labels = {
    "org.opencontainers.image.title"    = "verisure-emulator"
    "org.opencontainers.image.licenses" = "MIT"
    "org.opencontainers.image.version"  = VERSION
  }
}

# WeMo, Hue and the page; no HomeKit, MQTT, mDNS and notices.
target "slim" {
  inherits = ["each"]
  args     = { PINS = "slim" }
  tags     = ["${IMAGE}:${VERSION}-slim", "${IMAGE}:slim"]
}

# All extras but what Matter needs.
target "full" {
  inherits = ["each"]
  args     = { PINS = "full" }
  tags     = ["${IMAGE}:${VERSION}", "${IMAGE}:full", "${IMAGE}:latest"]
}

# `full`, Node.js, and the bridge of the Matter door.
target "matter" {
  inherits = ["each"]
  target   = "matter"
  args     = { PINS = "full" }
  tags     = ["${IMAGE}:${VERSION}-matter", "${IMAGE}:matter"]
}

# How Home Assistant starts it, on top of `full`; packaging/home-assistant/config.yaml names it.
target "home-assistant" {
  inherits = ["each"]
  context  = "packaging/home-assistant"
  contexts = { "verisure-emulator" = "target:full" }
  args     = { BUILD_VERSION = VERSION }
  tags     = ["${IMAGE}/home-assistant:${VERSION}"]
}
