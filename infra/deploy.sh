# Building, and putting what was built where a node looks for it. Sourced after lib.sh by infra/up and infra/package, never run.
# shellcheck shell=bash

# shellcheck disable=SC2034 # for those that source this
modules=(framework login administration calc mvda bridge saw)
nodes=(gxp-node nongxp-node)
profile=${profile:-release}
deploy=$DCP_HOME/deploy bin=$DCP_HOME/bin

build() {
    step "Looking for what this machine lacks"
    local path; path=$("$root/infra/install") || fail "infra/install failed; see above"
    path=$(tail -n 1 <<<"$path")
    [ -z "$path" ] || export PATH="$path:$PATH"

    step "Building the programs (cargo, $profile)"
    local flags=(--workspace --bins)
    [ $profile = debug ] || flags+=(--release)
    (cd "$root" && cargo build "${flags[@]}" >&2) || fail "the build failed; see above"

    step "Building the portal"
    "$root/shell-ui/build" >&2 || fail "the portal's build failed; see above"
}

# put FROM TO: replaces TO in one step when it differs; true when it did.
put() {
    ! cmp -s "$1" "$2" || return 1
    mkdir -p "$(dirname "$2")"
    cp "$1" "$2.new" && mv -f "$2.new" "$2"
}

# put_folder FROM TO LAST...: files that are named by others come last. Old chunks stay for tabs that are still open.
put_folder() {
    local from=$1 to=$2 changed=1 file; shift 2
    local last=" $* "
    while IFS= read -r -d '' file; do
        [[ $last == *" $file "* ]] || ! put "$from/$file" "$to/$file" || changed=0
    done < <(cd "$from" && find . -type f ! -name '.*' -printf '%P\0')
    for file in "$@"; do [ ! -f "$from/$file" ] || ! put "$from/$file" "$to/$file" || changed=0; done
    return $changed
}

# Modules whose program or manifest changed, programs that changed, nodes whose settings changed.
changed=() replaced=() configured=()

deploy_module() {
    local name=$1 source=$root/modules/$1 to=$deploy/$1 new=
    # A crate without a manifest is no module yet.
    [ -f "$source/module.toml" ] && [ -x "$target/$profile/$name" ] || return 0
    ! put "$target/$profile/$name" "$to/$name" || new=yes
    if [ "$name" = calc ]; then ! put "$target/$profile/calc-worker" "$to/calc-worker" || new=yes; fi
    [ ! -d "$source/R" ] || ! put_folder "$source/R" "$to/R" || new=yes
    ! put "$source/module.toml" "$to/module.toml" || new=yes
    [ ! -d "$source/ui/dist" ] || ! put_folder "$source/ui/dist" "$to/ui" main.js main.mjs || step "  new micro-frontend: $name"
    [ -z "$new" ] || { changed+=("$name"); step "  new: $name"; }
}

# deploy_all PROGRAM...: all modules, the portal, and these programs.
deploy_all() {
    step "Deploying into $DCP_HOME"
    local name
    for name in "${modules[@]}"; do deploy_module "$name"; done
    if [ -d "$root/shell-ui/dist" ]; then
        ! put_folder "$root/shell-ui/dist" "$deploy/shell" importmap.json index.html || step "  new: the portal's shell"
    fi
    for name in "$@"; do
        ! put "$target/$profile/$name" "$bin/$name" || { replaced+=("$name"); step "  new: $name"; }
    done
}
