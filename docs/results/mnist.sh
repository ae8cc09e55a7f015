#!/usr/bin/env bash
# Trains on MNIST's 60,000 and measures once on its 10,000: bash docs/results/mnist.sh FOLDER [SEEDS]   (FOLDER holds the four idx.gz files)
set -euo pipefail
folder=$1; seeds=${2:-"1 2 3"}
cd "$(dirname "$0")/../.."
run() { dotnet artifacts/bin/Hourglass.Cli/release/Hourglass.Cli.dll "$@"; }
train=$folder/train-images-idx3-ubyte.gz; test=$folder/t10k-images-idx3-ubyte.gz; out=$(mktemp -d)
member() { sed -nE "s/^ *\"$1\": ([-0-9.eE]+),?$/\1/p" "$out/e.json" | sed -n "${2:-1}p"; }
measure() {
  local name=$1 seed=$2; shift 2
  run train "$train" "$@" --seed "$seed" --out "$out/m.hourglass" --report none --json >"$out/t.json" 2>/dev/null
  run evaluate "$out/m.hourglass" "$test" --json >"$out/e.json"
  printf '| %s | %s | %.4f | %.5f | %.5f | %.2f | %s |\n' "$name" "$seed" "$(member objective)" "$(member squaredError 1)" "$(member squaredError 2)" \
    "$(awk "BEGIN{print $(member squaredError 1)/$(member squaredError 2)}")" "$(sed -nE 's/^ *"seconds": ([0-9.]+),?$/\1/p' "$out/t.json")"
}
echo '| model | seed | test cross-entropy per pixel | test squared error | PCA, as many components | ratio | training, s |'
echo '|---|---|---|---|---|---|---|'
for seed in $seeds; do
  measure 'dense 784-128-32-128-784, 20 epochs' "$seed" --latent 32 --hidden 128 --objective binary-cross-entropy --epochs 20 --schedule cosine --batch-size 64 --learning-rate 0.002
  measure 'convolutional 16, 32 channels, 32 latents, 8 epochs' "$seed" --network convolutional --channels 16,32 --latent 32 --epochs 8 --schedule cosine --batch-size 128 --learning-rate 0.002
done
