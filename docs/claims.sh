#!/usr/bin/env bash
# Runs every command of docs/claims.md and rewrites its table: bash docs/claims.sh
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build -c Release src/Hourglass.Cli -v quiet >/dev/null
run() { dotnet artifacts/bin/Hourglass.Cli/release/Hourglass.Cli.dll "$@"; }
out=$(mktemp -d)
number() { sed -nE "s/^ *\"$1\": ([-0-9.eE]+),?$/\1/p" "$2" | head -n 1; }
row() {
  local claim=$1 data=$2; shift 2
  run train "$data" "$@" --seed 1 --out "$out/m.hourglass" --report none --json >"$out/r.json" 2>/dev/null
  local error pca epochs verdict
  error=$(number squaredError "$out/r.json"); pca=$(sed -nE '/"pca"/,/}/ s/^ *"squaredError": ([-0-9.eE]+),?$/\1/p' "$out/r.json")
  epochs=$(number epochs "$out/r.json"); verdict=$(sed -nE 's/^ *"verdict": "([a-z]+)",?$/\1/p' "$out/r.json")
  printf '| %s | `hourglass train %s %s` | %.5f | %.5f | %s | %s |\n' "$claim" "$data" "$*" "$error" "$pca" "$epochs" "$verdict"
}
table() {
  echo '| claim | command | squared error | PCA | epochs | verdict |'
  echo '|---|---|---|---|---|---|'
  row 'undercomplete, 8 latents: what is lost is what few numbers cannot say' glyphs --latent 8 --epochs 10
  row 'undercomplete, 32 latents: more latents, less error' glyphs --latent 32 --epochs 10
  row 'undercomplete, 128 latents: and PCA catches up' glyphs --latent 128 --epochs 10
  row 'overcomplete without regulariser: heads for the identity' telemetry-normal --recipe linear --latent 60 --epochs 30
  row 'overcomplete, L2 on the weights: kept from it' telemetry-normal --recipe linear --latent 60 --epochs 30 --l2 0.01
  row 'overcomplete, L1 on the weights: kept from it' telemetry-normal --recipe linear --latent 60 --epochs 30 --l1 0.001
  row 'overcomplete, dropout of the input: kept from it' telemetry-normal --recipe linear --latent 60 --epochs 30 --input-dropout 0.3
  row 'overcomplete, sparse latents (L1): kept from it' telemetry-normal --recipe linear --latent 60 --epochs 30 --latent-l1 0.5
  row 'overcomplete, sparse latents (KL-rho): kept from it' telemetry-normal --recipe linear --latent 60 --epochs 30 --latent-activation sigmoid --kl-rho 1
  row 'overcomplete, denoising: kept from it' telemetry-normal --recipe linear --latent 60 --epochs 30 --corruption gaussian:0.5
  row 'overcomplete, contractive: kept from it' telemetry-normal --recipe linear --latent 60 --epochs 30 --contractive 1
  row 'squared error as objective' glyphs --latent 32 --epochs 10 --objective squared-error --output-activation sigmoid
  row 'binary cross-entropy as objective: here also lower in squared error' glyphs --latent 32 --epochs 10 --objective binary-cross-entropy
  row 'VAE with as many latents: pays reconstruction for a prior to sample from' glyphs --latent 32 --epochs 10 --bottleneck gaussian
  row 'linear autoencoder: cannot beat PCA' telemetry-normal --recipe linear --latent 4 --epochs 40
  row 'early stopping: ends before the 200 epochs allowed' telemetry-normal --latent 4 --epochs 200 --patience 5
}
table >"$out/table.md"
awk -v table="$out/table.md" '/^<!-- table -->/{print; while ((getline line < table) > 0) print line; skip=1; next} /^<!-- end -->/{skip=0} !skip{print}' docs/claims.md >"$out/page.md"
mv "$out/page.md" docs/claims.md
