#!/usr/bin/env bash
# Trains one model of each generative or discrete kind and prints the rows of the tables in docs/results/kinds.md; pictures go to docs/results/kinds/.
# Usage: bash docs/results/kinds.sh [HOURGLASS]                  the built-in glyphs
#        DATA=FOLDER/train-images-idx3-ubyte.gz TEST=FOLDER/t10k-images-idx3-ubyte.gz EPOCHS=6 PREFIX=mnist- bash docs/results/kinds.sh [HOURGLASS]
#        ONLY='gan|mae' ...                                      some rows. Build the release command line first.
set -uo pipefail
cd "$(dirname "$0")/../.."
hourglass=${1:-"dotnet artifacts/bin/Hourglass.Cli/release/Hourglass.Cli.dll"}
epochs=${EPOCHS:-25} data=${DATA:-glyphs} test=${TEST:-glyphs-test} prefix=${PREFIX:-} only=${ONLY:-.*}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
$hourglass classifier "$data" --epochs 5 --out "$work/features.classifier" >&2

row() { # name, density, flags
  local name=$1 density=$2; shift 2
  [[ $name =~ ^($only)$ ]] || return
  $hourglass train "$data" --epochs "$epochs" --patience 0 --batch-size 64 --out "$work/model.hourglass" --report none --json "$@" > "$work/train.json" 2> "$work/log" || { tail -n 2 "$work/log" >&2; return; }
  local from=(); [ "$density" = default ] || from=(--density "$density")
  $hourglass distance "$work/model.hourglass" "$test" --classifier "$work/features.classifier" --count 3000 "${from[@]}" --json > "$work/distance.json" 2>> "$work/log" || echo '{}' > "$work/distance.json"
  $hourglass sample "$work/model.hourglass" --count 32 --out "docs/results/kinds/$prefix$name.png" "${from[@]}" > /dev/null 2>> "$work/log"
  python3 - "$name" "$density" "$work" <<'PY'
import json, sys
name, density, work = sys.argv[1:]
train, distance = json.load(open(work + "/train.json")), json.load(open(work + "/distance.json"))
latents = ", ".join(f"{key} {value:.4g}" for key, value in train["latents"].items())
cell = lambda key, digits: f"{distance[key]:.{digits}f}" if key in distance else "-"
print(f"| {name} | {density} | {train['squaredError']:.5f} | {cell('frechet', 1)} | {cell('frechetReconstructions', 1)} | {cell('precision', 2)} | {cell('recall', 2)} | {latents} | {train['seconds']:.0f} |", flush=True)
PY
}

dense="--hidden 512 --latent 32"
row vae prior $dense --bottleneck gaussian
row vae-mixture mixture $dense --bottleneck gaussian
row vae-flow-prior prior $dense --bottleneck gaussian --prior flow
row rae-gaussian gaussian $dense --bottleneck deterministic --latent-l2 0.1 --l2 0.00001
row rae-full full-covariance $dense --bottleneck deterministic --latent-l2 0.1 --l2 0.00001
row rae-mixture mixture $dense --bottleneck deterministic --latent-l2 0.1 --l2 0.00001
row wae prior $dense --bottleneck wasserstein
row aae prior $dense --bottleneck adversarial
row vq-vae autoregressive --hidden 512 --latent 64 --bottleneck vector-quantised --codebook-size 128 --code-size 4
row fsq autoregressive --hidden 512 --latent 32 --bottleneck finite-scalar
row binary autoregressive --hidden 512 --latent 64 --bottleneck binary
row vae-gan prior $dense --bottleneck gaussian --objective adversarial --contest-weight 5
row gan prior $dense --bottleneck wasserstein --latent-weight 0 --objective adversarial --reconstruction-weight 0 --contest-weight 1
row gan-wasserstein prior $dense --bottleneck wasserstein --latent-weight 0 --objective adversarial --reconstruction-weight 0 --contest-weight 1 --rule wasserstein
if [[ mae =~ ^($only)$ ]]; then
  $hourglass train "$data" --epochs "$epochs" --patience 0 --batch-size 64 --network transformer --patch 4 --width 64 --layers 3 --pooling none --bottleneck open --hidden-share 0.75 \
    --learning-rate 0.002 --schedule cosine --out "$work/model.hourglass" --report none --json > "$work/train.json" 2> "$work/log" || tail -n 2 "$work/log" >&2
  $hourglass reconstruct "$work/model.hourglass" "$test" --corrupted --out "docs/results/kinds/${prefix}mae.png" > /dev/null
  python3 -c "import json; r = json.load(open('$work/train.json')); print(f'| mae, 75 % hidden | - | {r[\"squaredError\"]:.5f} | - | - | - | - | | {r[\"seconds\"]:.0f} |')"
fi
