#!/bin/bash
# A study on the nodes of a Slurm cluster: an array of jobs that compute a shard each, and a job that merges them.
#
#   examples/slurm.sh submit /shared/agreement --model /shared/gpt2 --pair notebook
#
# The nodes need `mediators` in their PATH, and the folder and the model on a disk that all of them share. The same line
# again goes on from what is there: after a time limit, or after a shard that gave up.
set -euo pipefail
: "${2:?expected: slurm.sh submit FOLDER [options of mediators study]}"
role=$1
out=$2
shift 2

case $role in
submit)
  mkdir -p "$out.logs"
  # --requeue: where a node is lost, its shard goes to another. --open-mode: the log of its first attempt stays.
  shards=$(sbatch --parsable --job-name=shard --array="0-$((${SHARDS:-8} - 1))" --requeue --open-mode=append \
    --cpus-per-task="${CPUS:-8}" --mem="${MEMORY:-16G}" --output="$out.logs/%A_%a.log" "$0" shard "$out" "$@")
  # afterok waits for every shard; where one fails for good, the merge goes from the queue with it.
  sbatch --parsable --job-name=merge --dependency="afterok:$shards" --kill-on-invalid-dep=yes --mem="${MEMORY:-16G}" \
    --output="$out.logs/%j_merge.log" "$0" merge "$out"
  ;;
shard)
  # auto: place and size of the array. Threads and memory are those that the job was given, not those of its node.
  status=0
  mediators study "$@" --shard auto --out "$out" --threads "$SLURM_CPUS_PER_TASK" \
    --memory "${SLURM_MEM_PER_NODE}MiB" || status=$?
  # 137: the study was killed. Slurm itself requeues only what a lost node ran. The second run keeps what the first wrote.
  if [ "$status" = 137 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt 3 ]; then
    scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
  fi
  exit "$status"
  ;;
merge)
  mediators merge --out "$out" "$out"
  ;;
*)
  echo "expected submit, shard or merge, got $role" >&2
  exit 2
  ;;
esac
