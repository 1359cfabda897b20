#!/bin/sh
# Measures this program on a GPU, in under ten minutes, on a machine that needs neither .NET nor anything but the driver and a libtorch:
#
#   dotnet publish src/Hita.Cli -c Release -r linux-x64 --self-contained -p:TorchBackend=none -o out/gpu
#   HITA_LIBTORCH=…/site-packages/torch/lib bench/gpu.sh out/gpu/hita results
#
# The first word is the program, the second the folder for results (gpu-bench where left out), which must not exist. It writes
# a file for each step there; steps.txt says how each ended and how long it took. A step that fails does not end the others, but the script then
# ends with 1.
#
#   DEVICE     cuda (default), cuda:N, or cpu to try the script
#   PRESETS    generators, hita-b,hita-l,hita-xl
#   TOKENIZER  the tokenizer that decodes, hita-v
#   BATCHES    images at a time, 1,8,64
#   TOKENS     tokens sampled of an image, 256
#   SECONDS_EACH  how long to repeat a measurement, 1; each runs twice at least
#   STEPS      training steps of a tokenizer of rendered scenes, 60
#   VECTORS    a folder with tiny/gpt.safetensors and other recorded outputs to compare with; none where left out
set -u
program=${1:?the program is missing: bench/gpu.sh out/gpu/hita [RESULTS]}
results=${2:-gpu-bench}
root=$(cd "$(dirname "$0")/.." && pwd)
device=${DEVICE:-cuda}

mkdir "$results" || exit 1
failed=0

# step NAME SECONDS COMMAND…: runs it with a limit, its output in NAME.txt.
step() {
    name=$1 limit=$2
    shift 2
    began=$(date +%s)
    timeout "$limit" "$@" >"$results/$name.txt" 2>&1
    code=$?
    printf '%-10s ended with %d after %d s: %s\n' "$name" "$code" $(($(date +%s) - began)) "$*" | tee -a "$results/steps.txt"
    [ "$code" -eq 0 ] || failed=1
}

step doctor 60 "$program" doctor
if [ -n "${VECTORS:-}" ]; then
    step verify-gpt 60 "$program" verify "$VECTORS/tiny/gpt.safetensors" --preset tiny --weights-by-name --device "$device"
    step verify-ultra 60 "$program" verify "$VECTORS/tiny/tokenizer-ultra.safetensors" --preset tiny-ultra --weights-by-name --device "$device"
fi
step bench 400 "$program" bench --parts device --device "$device" --presets "${PRESETS:-hita-b,hita-l,hita-xl}" \
    --tokenizer "${TOKENIZER:-hita-v}" --batches "${BATCHES:-1,8,64}" --tokens "${TOKENS:-256}" --seconds "${SECONDS_EACH:-1}" \
    --markdown "$results/bench.md"
step train 120 "$program" train tokenizer "$root/recipes/materials-tokenizer.yaml" -o "$results/run" --device "$device" \
    --set "schedule.steps=${STEPS:-60}" --set training.optimizer.warmup_steps=0 --set validation.count=16
exit "$failed"
