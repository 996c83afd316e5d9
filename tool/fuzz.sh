#!/bin/bash
# fuzz.sh DIR SECONDS [TEXT] -- run every fuzz target in DIR for so long.
#
# What was found interesting is kept in DIR/corpus/TARGET for the next time, what
# broke in DIR/crash/.  Seeds: fuzz/seed/TARGET/.  Two targets at a time.
set -u
dir=$1 seconds=$2 only=${3:-}
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1
mkdir -p "$dir/crash" "$dir/log"
names=() bad=0

for target in "$dir"/*; do
	[ -f "$target" ] && [ -x "$target" ] || continue
	name=$(basename "$target")
	case $name in *"$only"*) ;; *) continue ;; esac
	names+=("$name")
	corpus=$dir/corpus/$name
	mkdir -p "$corpus" "fuzz/seed/$name"
	while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n; done
	# In an empty folder of its own, for targets that write files.
	work=$(mktemp -d)
	(
		cd "$work" || exit 1
		"$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
			-artifact_prefix="$dir/crash/$name-" "$corpus" "$OLDPWD/fuzz/seed/$name" \
			>"$dir/log/$name" 2>&1
		echo $? >"$dir/log/$name.status"
		cd / && rm -rf "$work"
	) &
done
wait
for name in "${names[@]+"${names[@]}"}"; do
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$dir/log/$name")
	cover=$(grep -o 'cov: [0-9]*' "$dir/log/$name" | tail -n 1)
	if [ "$(cat "$dir/log/$name.status")" = 0 ]; then
		echo "ok - $name: ${runs:-0} runs, ${cover:-cov: 0}"
	else
		bad=$((bad + 1))
		echo "not ok - $name: see $dir/log/$name and $dir/crash/"
		grep -E 'ERROR|SUMMARY|runtime error' "$dir/log/$name" | head -n 3
	fi
done
echo "$((${#names[@]} - bad)) targets passed, $bad failed"
[ "$bad" = 0 ]
