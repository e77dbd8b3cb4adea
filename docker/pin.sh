#!/usr/bin/env bash
# Adds to every base image the digest that its tag has now, so that it never changes again.
# Usage: docker/pin.sh [DOCKERFILE ...]; asks registries through docker. Run it again after changing a tag.
set -euo pipefail
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- Dockerfile template/docker/Dockerfile
for file in "$@"; do
  # Names of earlier stages have neither tag nor digest.
  grep -oP '^FROM (--platform=\S+ )?\K[^\s@]+:[^\s@]+(?=(@\S+)?(\s|$))' "$file" | sort -u | while read -r image; do
    digest=$(docker buildx imagetools inspect "$image" --format '{{.Manifest.Digest}}')
    [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || { echo "error: $image: no digest: $digest" >&2; exit 1; }
    escaped=$(printf '%s' "$image" | sed 's/[.[\*^$/]/\\&/g')
    sed -i -E "s#^(FROM (--platform=\S+ )?$escaped)(@sha256:[0-9a-f]{64})?(\s|\$)#\1@$digest\4#" "$file"
    echo "$file: $image@$digest"
  done
done
