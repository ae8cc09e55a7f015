#!/usr/bin/env bash
# Dictionaries of real activations: normalised squared error against L0 for each sparse kind, on held-out samples.
# Usage: bash docs/results/sparse.sh FOLDER [HOURGLASS] [SEEDS]     (FOLDER holds the .npz files of vision-transformer activations, array X; all are joined)
set -uo pipefail
cd "$(dirname "$0")/../.."
folder=$1; hourglass=${2:-"dotnet artifacts/bin/Hourglass.Cli/release/Hourglass.Cli.dll"}; seeds=${3:-3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 - "$folder" "$work/all.npy" <<'PY'
import ast, glob, struct, sys, zipfile
rows, parts = 0, []
for path in sorted(glob.glob(sys.argv[1] + "/*.npz")):
    raw = zipfile.ZipFile(path).read("X.npy")
    end = 10 + struct.unpack("<H", raw[8:10])[0]
    header = ast.literal_eval(raw[10:end].decode())
    assert not header["fortran_order"]
    rows, width, kind = rows + header["shape"][0], header["shape"][1], header["descr"]
    parts.append(raw[end:])
head = str({"descr": kind, "fortran_order": False, "shape": (rows, width)})
head = head.ljust(118 - 1) + "\n"
open(sys.argv[2], "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + b"".join(parts))
print(rows, "samples of", width, "values", file=sys.stderr)
PY

row() { # name, flags
  local name=$1; shift
  for seed in $(seq "$seeds"); do
    $hourglass train "$work/all.npy" --hidden none --latent "${LATENT:-128}" --unit-norm --objective squared-error --epochs "${EPOCHS:-80}" --batch-size 64 --learning-rate 0.001 --schedule cosine --patience 0 --validation 0.2 \
      --seed "$seed" --out "$work/m.hourglass" --report none --json "$@" > "$work/$seed.json" 2> "$work/log" || { tail -n 1 "$work/log" >&2; return; }
  done
  python3 - "$name" "$*" "$work" "$seeds" <<'PY'
import json, sys
name, flags, work, seeds = sys.argv[1:]
runs = [json.load(open(f"{work}/{seed + 1}.json")) for seed in range(int(seeds))]
def spread(pick, digits):
    values = [pick(run) for run in runs]
    return f"{sum(values) / len(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"
latents = lambda key: lambda run: run["latents"].get(key, float("nan"))
print(f"| {name} | `{flags}` | {spread(latents('l0'), 1)} | {spread(lambda run: run['normalizedSquaredError'], 4)} | {spread(lambda run: 100 * latents('deadShare')(run), 1)} |", flush=True)
PY
}

revive="--dead-after 400 --revival-weight 0.2"
for active in 8 16 32; do row top-k --bottleneck top-k --active $active $revive; done
for active in 8 16 32; do row batch-top-k --bottleneck batch-top-k --active $active $revive; done
for target in 8 16 32; do row jump-relu --bottleneck jump-relu --target-l0 $target --l0 10 --bandwidth 2 --threshold 2 $revive; done
for weight in 10 3 1; do row gated --bottleneck gated --latent-l1 $weight $revive; done
for weight in 10 3 1; do row l1 --bottleneck deterministic --latent-activation relu --latent-l1 $weight; done
