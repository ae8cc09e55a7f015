#!/usr/bin/env bash
# Ten minutes of search beside the options picked by hand for docs/results/mnist.md, same split, validation digits only.
# Usage: bash docs/results/tune.sh FOLDER [HOURGLASS] [SEEDS]     (FOLDER holds train-images-idx3-ubyte.gz)
set -euo pipefail
cd "$(dirname "$0")/../.."
data=$1/train-images-idx3-ubyte.gz; hourglass=${2:-"dotnet artifacts/bin/Hourglass.Cli/release/Hourglass.Cli.dll"}; seeds=${3:-2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo '| seed | picked by hand | found in 10 minutes | PCA, 32 components | what was found | trials |'
echo '|---|---|---|---|---|---|'
for seed in $(seq "$seeds"); do
  $hourglass train "$data" --latent 32 --hidden 128 --objective binary-cross-entropy --epochs 20 --schedule cosine --batch-size 64 --learning-rate 0.002 --seed "$seed" --out "$work/hand.hourglass" --report none --json > "$work/hand.json" 2> "$work/log"
  $hourglass tune "$data" --latent 32 --minutes 10 --seed "$seed" --out "$work/tuned.hourglass" --report none --json > "$work/tuned.json" 2> "$work/log"
  python3 - "$work" "$seed" <<'PY'
import json, sys
work, seed = sys.argv[1:]
hand, tuned = json.load(open(work + "/hand.json")), json.load(open(work + "/tuned.json"))
network, training = tuned["options"]["network"], tuned["options"]["training"]
found = f"{network['hidden']} {network['activation']}, {tuned['options']['bottleneck']['kind']}, rate {training['learningRate']}, batch {training['batchSize']}"
print(f"| {seed} | {hand['squaredError']:.5f} | {tuned['squaredError']:.5f} | {tuned['pca']:.5f} | {found} | {len(tuned['trials'])} |")
PY
  rm -f "$work"/tuned.hourglass*
done
