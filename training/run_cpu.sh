#!/usr/bin/env bash
# The embedded pose model from nothing, on two CPU cores: about five hours.
#   bash training/run_cpu.sh DATA RUN
# Every step resumes where it stopped; DATA and RUN are folders outside the repository.
set -euo pipefail
data=$1 run=$2
[ -f "$data/samples.jsonl" ] || python -m training.make_data --out "$data" --count 24000
[ -d "$run/tokenizer" ] || python -m training.train_tokenizer --data "$data" --out "$run/tokenizer"
python -m training.train_vae --data "$data" --out "$run" --minutes 50
python -m training.encode --data "$data" --vae "$run/vae" --tokenizer "$run/tokenizer" \
  --out "$run/latents"
python -m training.train_pose --latents "$run/latents" --vae "$run/vae" \
  --tokenizer "$run/tokenizer" --out "$run/small" --size small --minutes 70
[ -d "$run/halved" ] || python -m training.halve_patches --model "$run/small/pose" --out "$run/halved"
python -m training.train_pose --latents "$run/latents" --vae "$run/vae" \
  --tokenizer "$run/tokenizer" --out "$run" --start "$run/halved" --batch 32 --minutes 90
python -m training.train_judges --data "$data" --latents "$run/latents" --out "$run/judges"
python -m training.train_portraits --data "$data" --vae "$run/vae" --out "$run/judges"
python -m training.evaluate --model "$run/pose" --judges "$run/judges" --out "$run/evaluation.json"
