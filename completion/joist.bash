# bash completion for joist; made from cli/verb.def by tool/mkdoc.c (make doc).
# shellcheck shell=bash disable=SC2207,SC2034

_joist_words() { COMPREPLY=($(compgen -W "$1" -- "$cur")); }
_joist_none() { COMPREPLY=(); }
_joist_file() { COMPREPLY=($(compgen -f -- "$cur")); compopt -o filenames 2>/dev/null; }
_joist_machine() { _joist_words "$(joist ps -a --names 2>/dev/null)"; }
_joist_images() { joist images 2>/dev/null | awk 'NR > 1 { print $1 }'; }
_joist_image() { _joist_words "$(_joist_images)"; }
_joist_any() { _joist_words "$(joist ps -a --names 2>/dev/null) $(_joist_images)"; }
_joist_artifact() {
	_joist_file
	COMPREPLY+=($(compgen -W "$(_joist_images)" -- "$cur"))
}
_joist_path() {
	_joist_file
	COMPREPLY+=($(compgen -S : -W "$(joist ps -a --names 2>/dev/null)" -- "$cur"))
	compopt -o nospace 2>/dev/null
}
_joist_verb() { _joist_words "$_joist_verbs"; }
_joist_verbs='run create start stop kill rm pause resume restart wait ps inspect logs top screenshot events what doctor exec attach cp debug snapshot restore snaps pull push images rmi import export disk version help'
_joist_global=' --root -q --quiet -h --help -V --version'

# What a verb of two words goes on with.
_joist_second() {
	case $1 in
	disk) echo 'new info convert check snapshot resize' ;;
	esac
}

_joist_flags() {
	case $1 in
	run) echo ' --in --name -m --memory --memory-swap --memory-reservation -c --cpus --cpu-shares --cpuset-cpus --cpuset-mems --pids-limit --blkio-weight --device-read-bps --device-write-bps --device-read-iops --device-write-iops --oom-kill-disable --oom-score-adj --shm-size -v --volume --mount --tmpfs --read-only --device -e --env --env-file -w --workdir -u --user --group-add --entrypoint --init -i --interactive -t --tty --hostname --domainname --net -p --publish --ip --net-alias --dns --dns-search --add-host --cap-add --cap-drop --privileged --security-opt --ulimit --sysctl --pid --ipc --uts --cgroupns --userns --cgroup-parent --restart --rm --stop-signal --stop-timeout --health-cmd --health-interval --health-timeout --health-retries --health-start-period --no-healthcheck --label --annotation --log-opt --allow --deny-all --invoke --fuel --time-limit --max-stack --max-heap --max-table --max-instances --deterministic --kernel --initrd --append --firmware --dtb --disk --flash --no-reboot --debug --trace --display --resolution --vnc-password --platform --pull -d --detach --detach-keys' ;;
	create) echo ' --in --name -m --memory --memory-swap --memory-reservation -c --cpus --cpu-shares --cpuset-cpus --cpuset-mems --pids-limit --blkio-weight --device-read-bps --device-write-bps --device-read-iops --device-write-iops --oom-kill-disable --oom-score-adj --shm-size -v --volume --mount --tmpfs --read-only --device -e --env --env-file -w --workdir -u --user --group-add --entrypoint --init -i --interactive -t --tty --hostname --domainname --net -p --publish --ip --net-alias --dns --dns-search --add-host --cap-add --cap-drop --privileged --security-opt --ulimit --sysctl --pid --ipc --uts --cgroupns --userns --cgroup-parent --restart --rm --stop-signal --stop-timeout --health-cmd --health-interval --health-timeout --health-retries --health-start-period --no-healthcheck --label --annotation --log-opt --allow --deny-all --invoke --fuel --time-limit --max-stack --max-heap --max-table --max-instances --deterministic --kernel --initrd --append --firmware --dtb --disk --flash --no-reboot --debug --trace --display --resolution --vnc-password --platform --pull' ;;
	start) echo ' -a --attach -i --interactive --boot' ;;
	stop) echo ' -a --all -t --time -s --signal' ;;
	kill) echo ' -a --all -s --signal' ;;
	rm) echo ' -a --all -f --force' ;;
	pause) echo ' -a --all' ;;
	resume) echo ' -a --all' ;;
	restart) echo ' -a --all -t --time -s --signal' ;;
	wait) echo ' --json' ;;
	ps) echo ' --json -a --all -n --names --filter' ;;
	inspect) echo ' --json' ;;
	logs) echo ' --json -f --follow -t --timestamps -n --tail --since --until' ;;
	top) echo ' --json --once' ;;
	screenshot) echo '' ;;
	events) echo ' --json -f --follow --since --until' ;;
	what) echo ' --json' ;;
	doctor) echo ' --json' ;;
	exec) echo ' -d --detach -i --interactive -t --tty -e --env --env-file -w --workdir -u --user --privileged --detach-keys' ;;
	attach) echo ' --detach-keys --no-stdin' ;;
	cp) echo ' -a --archive -L --follow-link' ;;
	debug) echo ' --json --port --socket --wait' ;;
	snapshot) echo ' --json' ;;
	restore) echo ' --json --name -f --force -a --attach -i --interactive' ;;
	snaps) echo ' --json' ;;
	pull) echo ' --platform --plain-http --tls-verify --cert-dir --creds --all-platforms' ;;
	push) echo ' --platform --plain-http --tls-verify --cert-dir --creds' ;;
	images) echo ' --json' ;;
	rmi) echo ' -f --force --unused' ;;
	import) echo ' -c --change -m --message --platform' ;;
	export) echo ' -o --output --format' ;;
	disk\ new) echo ' --json -f --format -b --backing -F --backing-format -o --option' ;;
	disk\ info) echo ' --json -f --format --backing-chain -U --force-share --output' ;;
	disk\ convert) echo ' --json -f --format -O --output-format -B --backing -F --backing-format -o --option -c --compress -S --sparse -n --no-create -l --snapshot -p --progress -U --force-share' ;;
	disk\ check) echo ' --json -f --format -r --repair -U --force-share --output' ;;
	disk\ snapshot) echo ' --json -f --format -l --list -c --create -a --apply -d --delete -U --force-share' ;;
	disk\ resize) echo ' --json -f --format --shrink' ;;
	version) echo ' --json' ;;
	help) echo '' ;;
	esac
}

# What follows a flag that takes a value.
_joist_value() {
	case $1:$2 in
	run:--in) _joist_none ;;
	run:--name) _joist_machine ;;
	run:--memory|run:-m) _joist_none ;;
	run:--memory-swap) _joist_none ;;
	run:--memory-reservation) _joist_none ;;
	run:--cpus|run:-c) _joist_none ;;
	run:--cpu-shares) _joist_none ;;
	run:--cpuset-cpus) _joist_none ;;
	run:--cpuset-mems) _joist_none ;;
	run:--pids-limit) _joist_none ;;
	run:--blkio-weight) _joist_none ;;
	run:--device-read-bps) _joist_none ;;
	run:--device-write-bps) _joist_none ;;
	run:--device-read-iops) _joist_none ;;
	run:--device-write-iops) _joist_none ;;
	run:--oom-score-adj) _joist_none ;;
	run:--shm-size) _joist_none ;;
	run:--volume|run:-v) _joist_file ;;
	run:--mount) _joist_none ;;
	run:--tmpfs) _joist_file ;;
	run:--device) _joist_file ;;
	run:--env|run:-e) _joist_none ;;
	run:--env-file) _joist_file ;;
	run:--workdir|run:-w) _joist_file ;;
	run:--user|run:-u) _joist_none ;;
	run:--group-add) _joist_none ;;
	run:--entrypoint) _joist_none ;;
	run:--hostname) _joist_machine ;;
	run:--domainname) _joist_machine ;;
	run:--net) _joist_none ;;
	run:--publish|run:-p) _joist_none ;;
	run:--ip) _joist_none ;;
	run:--net-alias) _joist_machine ;;
	run:--dns) _joist_none ;;
	run:--dns-search) _joist_none ;;
	run:--add-host) _joist_machine ;;
	run:--cap-add) _joist_none ;;
	run:--cap-drop) _joist_none ;;
	run:--security-opt) _joist_none ;;
	run:--ulimit) _joist_machine ;;
	run:--sysctl) _joist_none ;;
	run:--pid) _joist_words 'private host' ;;
	run:--ipc) _joist_words 'private host' ;;
	run:--uts) _joist_words 'private host' ;;
	run:--cgroupns) _joist_words 'private host' ;;
	run:--userns) _joist_words 'host private' ;;
	run:--cgroup-parent) _joist_path ;;
	run:--restart) _joist_none ;;
	run:--stop-signal) _joist_none ;;
	run:--stop-timeout) _joist_none ;;
	run:--health-cmd) _joist_none ;;
	run:--health-interval) _joist_none ;;
	run:--health-timeout) _joist_none ;;
	run:--health-retries) _joist_none ;;
	run:--health-start-period) _joist_none ;;
	run:--label) _joist_none ;;
	run:--annotation) _joist_none ;;
	run:--log-opt) _joist_none ;;
	run:--allow) _joist_none ;;
	run:--invoke) _joist_none ;;
	run:--fuel) _joist_none ;;
	run:--time-limit) _joist_none ;;
	run:--max-stack) _joist_none ;;
	run:--max-heap) _joist_none ;;
	run:--max-table) _joist_none ;;
	run:--max-instances) _joist_none ;;
	run:--kernel) _joist_file ;;
	run:--initrd) _joist_file ;;
	run:--append) _joist_none ;;
	run:--firmware) _joist_file ;;
	run:--dtb) _joist_file ;;
	run:--disk) _joist_file ;;
	run:--flash) _joist_file ;;
	run:--trace) _joist_file ;;
	run:--display) _joist_words 'none screen vnc[=ADDRESS]' ;;
	run:--resolution) _joist_none ;;
	run:--vnc-password) _joist_file ;;
	run:--platform) _joist_none ;;
	run:--pull) _joist_words 'missing always never' ;;
	run:--detach-keys) _joist_none ;;
	create:--in) _joist_none ;;
	create:--name) _joist_machine ;;
	create:--memory|create:-m) _joist_none ;;
	create:--memory-swap) _joist_none ;;
	create:--memory-reservation) _joist_none ;;
	create:--cpus|create:-c) _joist_none ;;
	create:--cpu-shares) _joist_none ;;
	create:--cpuset-cpus) _joist_none ;;
	create:--cpuset-mems) _joist_none ;;
	create:--pids-limit) _joist_none ;;
	create:--blkio-weight) _joist_none ;;
	create:--device-read-bps) _joist_none ;;
	create:--device-write-bps) _joist_none ;;
	create:--device-read-iops) _joist_none ;;
	create:--device-write-iops) _joist_none ;;
	create:--oom-score-adj) _joist_none ;;
	create:--shm-size) _joist_none ;;
	create:--volume|create:-v) _joist_file ;;
	create:--mount) _joist_none ;;
	create:--tmpfs) _joist_file ;;
	create:--device) _joist_file ;;
	create:--env|create:-e) _joist_none ;;
	create:--env-file) _joist_file ;;
	create:--workdir|create:-w) _joist_file ;;
	create:--user|create:-u) _joist_none ;;
	create:--group-add) _joist_none ;;
	create:--entrypoint) _joist_none ;;
	create:--hostname) _joist_machine ;;
	create:--domainname) _joist_machine ;;
	create:--net) _joist_none ;;
	create:--publish|create:-p) _joist_none ;;
	create:--ip) _joist_none ;;
	create:--net-alias) _joist_machine ;;
	create:--dns) _joist_none ;;
	create:--dns-search) _joist_none ;;
	create:--add-host) _joist_machine ;;
	create:--cap-add) _joist_none ;;
	create:--cap-drop) _joist_none ;;
	create:--security-opt) _joist_none ;;
	create:--ulimit) _joist_machine ;;
	create:--sysctl) _joist_none ;;
	create:--pid) _joist_words 'private host' ;;
	create:--ipc) _joist_words 'private host' ;;
	create:--uts) _joist_words 'private host' ;;
	create:--cgroupns) _joist_words 'private host' ;;
	create:--userns) _joist_words 'host private' ;;
	create:--cgroup-parent) _joist_path ;;
	create:--restart) _joist_none ;;
	create:--stop-signal) _joist_none ;;
	create:--stop-timeout) _joist_none ;;
	create:--health-cmd) _joist_none ;;
	create:--health-interval) _joist_none ;;
	create:--health-timeout) _joist_none ;;
	create:--health-retries) _joist_none ;;
	create:--health-start-period) _joist_none ;;
	create:--label) _joist_none ;;
	create:--annotation) _joist_none ;;
	create:--log-opt) _joist_none ;;
	create:--allow) _joist_none ;;
	create:--invoke) _joist_none ;;
	create:--fuel) _joist_none ;;
	create:--time-limit) _joist_none ;;
	create:--max-stack) _joist_none ;;
	create:--max-heap) _joist_none ;;
	create:--max-table) _joist_none ;;
	create:--max-instances) _joist_none ;;
	create:--kernel) _joist_file ;;
	create:--initrd) _joist_file ;;
	create:--append) _joist_none ;;
	create:--firmware) _joist_file ;;
	create:--dtb) _joist_file ;;
	create:--disk) _joist_file ;;
	create:--flash) _joist_file ;;
	create:--trace) _joist_file ;;
	create:--display) _joist_words 'none screen vnc[=ADDRESS]' ;;
	create:--resolution) _joist_none ;;
	create:--vnc-password) _joist_file ;;
	create:--platform) _joist_none ;;
	create:--pull) _joist_words 'missing always never' ;;
	stop:--time|stop:-t) _joist_none ;;
	stop:--signal|stop:-s) _joist_none ;;
	kill:--signal|kill:-s) _joist_none ;;
	restart:--time|restart:-t) _joist_none ;;
	restart:--signal|restart:-s) _joist_none ;;
	ps:--filter) _joist_none ;;
	logs:--tail|logs:-n) _joist_none ;;
	logs:--since) _joist_none ;;
	logs:--until) _joist_none ;;
	events:--since) _joist_none ;;
	events:--until) _joist_none ;;
	exec:--env|exec:-e) _joist_none ;;
	exec:--env-file) _joist_file ;;
	exec:--workdir|exec:-w) _joist_file ;;
	exec:--user|exec:-u) _joist_none ;;
	exec:--detach-keys) _joist_none ;;
	attach:--detach-keys) _joist_none ;;
	debug:--port) _joist_none ;;
	debug:--socket) _joist_path ;;
	restore:--name) _joist_machine ;;
	pull:--platform) _joist_none ;;
	pull:--tls-verify) _joist_words 'true false' ;;
	pull:--cert-dir) _joist_file ;;
	pull:--creds) _joist_none ;;
	push:--platform) _joist_none ;;
	push:--tls-verify) _joist_words 'true false' ;;
	push:--cert-dir) _joist_file ;;
	push:--creds) _joist_none ;;
	import:--change|import:-c) _joist_none ;;
	import:--message|import:-m) _joist_none ;;
	import:--platform) _joist_none ;;
	export:--output|export:-o) _joist_file ;;
	export:--format) _joist_words 'oci docker oci-dir' ;;
	disk\ new:--format|disk\ new:-f) _joist_words 'raw qcow2' ;;
	disk\ new:--backing|disk\ new:-b) _joist_file ;;
	disk\ new:--backing-format|disk\ new:-F) _joist_words 'raw qcow2' ;;
	disk\ new:--option|disk\ new:-o) _joist_none ;;
	disk\ info:--format|disk\ info:-f) _joist_words 'raw qcow2' ;;
	disk\ info:--output) _joist_words 'human json' ;;
	disk\ convert:--format|disk\ convert:-f) _joist_words 'raw qcow2' ;;
	disk\ convert:--output-format|disk\ convert:-O) _joist_words 'raw qcow2' ;;
	disk\ convert:--backing|disk\ convert:-B) _joist_file ;;
	disk\ convert:--backing-format|disk\ convert:-F) _joist_words 'raw qcow2' ;;
	disk\ convert:--option|disk\ convert:-o) _joist_none ;;
	disk\ convert:--sparse|disk\ convert:-S) _joist_none ;;
	disk\ convert:--snapshot|disk\ convert:-l) _joist_machine ;;
	disk\ check:--format|disk\ check:-f) _joist_words 'raw qcow2' ;;
	disk\ check:--repair|disk\ check:-r) _joist_words 'leaks all' ;;
	disk\ check:--output) _joist_words 'human json' ;;
	disk\ snapshot:--format|disk\ snapshot:-f) _joist_words 'raw qcow2' ;;
	disk\ snapshot:--create|disk\ snapshot:-c) _joist_machine ;;
	disk\ snapshot:--apply|disk\ snapshot:-a) _joist_machine ;;
	disk\ snapshot:--delete|disk\ snapshot:-d) _joist_machine ;;
	disk\ resize:--format|disk\ resize:-f) _joist_words 'raw qcow2' ;;
	*) return 1 ;;
	esac
}

_joist_argument() {
	case $1 in
	run) _joist_artifact ;;
	create) _joist_artifact ;;
	start) _joist_machine ;;
	stop) _joist_machine ;;
	kill) _joist_machine ;;
	rm) _joist_machine ;;
	pause) _joist_machine ;;
	resume) _joist_machine ;;
	restart) _joist_machine ;;
	wait) _joist_machine ;;
	ps) _joist_machine ;;
	inspect) _joist_any ;;
	logs) _joist_machine ;;
	top) _joist_machine ;;
	screenshot) _joist_machine ;;
	events) _joist_machine ;;
	what) _joist_file ;;
	doctor) _joist_none ;;
	exec) _joist_machine ;;
	attach) _joist_machine ;;
	cp) _joist_path ;;
	debug) _joist_machine ;;
	snapshot) _joist_machine ;;
	restore) _joist_machine ;;
	snaps) _joist_machine ;;
	pull) _joist_image ;;
	push) _joist_image ;;
	images) _joist_image ;;
	rmi) _joist_image ;;
	import) _joist_file ;;
	export) _joist_any ;;
	disk\ new) _joist_file ;;
	disk\ info) _joist_file ;;
	disk\ convert) _joist_file ;;
	disk\ check) _joist_file ;;
	disk\ snapshot) _joist_file ;;
	disk\ resize) _joist_file ;;
	version) _joist_none ;;
	help) _joist_verb ;;
	esac
}

_joist() {
	local cur prev verb='' words i w
	cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	for ((i = 1; i < COMP_CWORD; i++)); do
		w=${COMP_WORDS[i]}
		case $w in
		--root) i=$((i + 1)) ;;
		-*) ;;
		*)
			verb=$w words=$(_joist_second "$w")
			[ -n "$words" ] || break
			[ $((i + 1)) -lt "$COMP_CWORD" ] || { _joist_words "$words"; return; }
			verb="$w ${COMP_WORDS[i + 1]}"
			break ;;
		esac
	done
	if [ -z "$verb" ]; then
		case $prev:$cur in
		--root:*) _joist_file ;;
		*:-*) _joist_words "$_joist_global" ;;
		*) _joist_verb ;;
		esac
		return
	fi
	_joist_value "$verb" "$prev" && return
	case $cur in
	-*) _joist_words "$(_joist_flags "$verb")" ;;
	*) _joist_argument "$verb" ;;
	esac
}
complete -F _joist joist
