#!/usr/bin/env bash
# Recurrent and 1-D convolutional autoencoders of heart beats beside PCA with as many numbers, on held-out normal beats.
# Usage: bash docs/results/ecg5000.sh ecg5000_anomaly.npz [HOURGLASS] [SEEDS]
set -uo pipefail
cd "$(dirname "$0")/../.."
data=$1; hourglass=${2:-"dotnet artifacts/bin/Hourglass.Cli/release/Hourglass.Cli.dll"}; seeds=${3:-3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for network in "temporal --channels 32,64" "recurrent --width 64 --bidirectional --frame 7" "dense --hidden 128"; do
  for seed in $(seq "$seeds"); do
    $hourglass train "$data" --key X_train_normal --series --network $network --latent 8 --epochs "${EPOCHS:-60}" --batch-size 32 --schedule cosine --learning-rate 0.004 --clip-norm 1 \
      --validation 0.2 --seed "$seed" --patience 0 --out "$work/m.hourglass" --report none --json 2> "$work/log" > "$work/r.json" || { tail -n 1 "$work/log" >&2; continue; }
    python3 -c "
import json; r = json.load(open('$work/r.json')); p = r['pca']
print(f'| $network | $seed | {r[\"squaredError\"]:.5f} | {p[\"squaredError\"]:.5f} | {r[\"squaredError\"] / p[\"squaredError\"]:.2f} | {r[\"difference\"][\"low\"]:.5f} to {r[\"difference\"][\"high\"]:.5f} | {r[\"seconds\"]:.0f} |', flush=True)"
  done
done
