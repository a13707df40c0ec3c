#!/bin/sh
# Make .venv hold this package, its tools and an ngspice library. Quick when nothing changed.
#
#   PYTHON=python3.12            which Python to use; the newest suitable one otherwise
#   ANALOGEQ_NGSPICE=auto        auto: use what is found, else install or unpack it (the default)
#                    unpack      unpack Debian's package into .venv even if the system has one
#                    skip        leave ngspice alone
set -eu

cd "$(dirname "$0")/.."
root=$PWD
venv=$root/.venv
ngspice_home=$venv/lib/analogeq-ngspice
stamp=$venv/analogeq-setup.stamp
log=$venv/setup.log
wanted_ngspice=${ANALOGEQ_NGSPICE:-auto}

say() { printf '%-9s %s\n' "$1" "$2"; }

fail() {
    say "$1" "$2" >&2
    exit 1
}

# Run a command with its output in the log; on failure show how the log ends.
logged() {
    printf '\n$ %s\n' "$*" >>"$log"
    if "$@" >>"$log" 2>&1; then return 0; fi
    return 1
}

show_log() { tail -n 20 "$log" | sed 's/^/    /' >&2; }

have() { command -v "$1" >/dev/null 2>&1; }

is_root() { [ "$(id -u)" -eq 0 ]; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" || fail python "PYTHON=$PYTHON is not a Python 3.11 or newer; name one that is"
        printf '%s' "$PYTHON"
        return
    fi
    # The version that constraints.txt was made with comes first: there the packages are the tested ones.
    for candidate in "python$(constraints_minor)" python3 python3.13 python3.12 python3.11 python3.14; do
        if new_enough "$candidate"; then
            printf '%s' "$candidate"
            return
        fi
    done
    seen=$(python3 --version 2>/dev/null || echo "no python3 at all")
    fail python "3.11 or newer is needed, found $seen; install one (Debian 12, Ubuntu 24.04: apt install python3 python3-venv; macOS: brew install python@3.12; conda: conda create -n analogeq python=3.12) or name it: make setup PYTHON=/path/to/python3"
}

constraints_minor() { sed -n 's/^# python //p' constraints.txt 2>/dev/null || true; }

python_minor() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

fingerprint() {
    cat pyproject.toml constraints.txt scripts/setup.sh 2>/dev/null | cksum
    printf '%s\n%s\n' "$root" "$wanted_ngspice"
}

packages_current() {
    [ -f "$stamp" ] && [ -x "$venv/bin/python" ] || return 1
    [ "$(sed '$d' "$stamp")" = "$(fingerprint)" ] || return 1
    "$venv/bin/python" -c 'import analogeq' >/dev/null 2>&1
}

library_current() {
    library=$(tail -n 1 "$stamp")
    case $library in
    none) [ "$wanted_ngspice" = skip ] ;;
    */*) [ -e "$library" ] ;;
    esac # a bare name is one that the system's linker knows
}

apt_install() {
    if [ ! -e "$venv/apt-updated" ]; then
        # A third-party source that does not answer is no reason to stop: the install will tell.
        logged apt-get update || true
        : >"$venv/apt-updated"
    fi
    logged env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

# Unpack Debian packages, and those they need that are not installed, below a folder. Needs no privilege.
apt_unpack() {
    into=$1
    shift
    work=$(mktemp -d)
    if ! apt-cache show "$1" >/dev/null 2>&1; then
        # No package lists on this machine: fetch them into a folder of our own, checked by the system's keys.
        mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial"
        cp -p /var/lib/dpkg/status "$work/state/status" 2>/dev/null || : >"$work/state/status"
        APT_CONFIG=$work/apt.conf
        export APT_CONFIG
        printf 'Dir::State "%s";\nDir::State::status "%s";\nDir::Cache "%s";\n' \
            "$work/state" "$work/state/status" "$work/cache" >"$APT_CONFIG"
        logged apt-get update || true
    fi
    missing=$(apt-get -s --no-install-recommends install "$@" 2>/dev/null | awk '$1 == "Inst" { print $2 }')
    # shellcheck disable=SC2086  # package names, one word each
    names=$(printf '%s\n' "$@" $missing | sort -u)
    # shellcheck disable=SC2086  # as above
    (cd "$work" && logged apt-get download $names) || {
        unset APT_CONFIG
        rm -rf "$work"
        return 1
    }
    unset APT_CONFIG
    mkdir -p "$into"
    for deb in "$work"/*.deb; do
        logged dpkg-deb -x "$deb" "$into" || return 1
    done
    rm -rf "$work"
}

can_unpack() { have apt-get && have dpkg-deb; }

# Put pip into a .venv that was made without it: the one that Debian ships for this very purpose.
bootstrap_pip() {
    can_unpack || return 1
    wheels=$venv/lib/pip-wheels
    apt_unpack "$wheels" python3-pip-whl || return 1
    pip_wheel=$(find "$wheels" -name 'pip-*.whl' | head -n 1)
    [ -n "$pip_wheel" ] || return 1
    logged "$venv/bin/python" "$pip_wheel/pip" install --no-index "$pip_wheel" || return 1
    rm -rf "$wheels"
}

make_venv() {
    python=$1
    if [ -x "$venv/bin/python" ] && new_enough "$venv/bin/python" && "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        return 0
    fi
    rm -rf "$venv"
    mkdir -p "$venv"
    if logged "$python" -m venv "$venv"; then return 0; fi
    if is_root && have apt-get; then
        say python "the venv module is incomplete, installing python3-venv"
        if apt_install python3-venv && logged "$python" -m venv --clear "$venv"; then return 0; fi
        mkdir -p "$venv"
    fi
    if logged "$python" -m venv --without-pip "$venv" && bootstrap_pip; then
        say python "the venv module is incomplete; took pip from Debian's package python3-pip-whl"
        return 0
    fi
    show_log
    fail python "$python cannot make a virtual environment; install its venv module (Debian, Ubuntu: apt install python3-venv) and run make setup again"
}

install_packages() {
    minor=$(python_minor "$venv/bin/python")
    if [ "$minor" = "$(constraints_minor)" ]; then
        set -- -c constraints.txt
        say packages "installing the tested versions (constraints.txt); takes a minute or two"
    else
        set --
        say packages "installing current versions (constraints.txt is for Python $(constraints_minor), this is $minor)"
    fi
    if ! logged "$venv/bin/python" -m pip install --disable-pip-version-check --no-input "$@" -e '.[dev]'; then
        show_log
        fail packages "pip failed; the lines above are the end of .venv/setup.log"
    fi
}

# Let the package itself find the library and start it, so that set-up and engine never disagree.
# Sets $library to its path and $described to what it says about itself; fails if there is none.
find_ngspice() {
    described=$("$venv/bin/python" -c '
from analogeq.engines.ngspice.library import describe_library
found = describe_library()
print(found.path, found.summary, sep="\n")' 2>>"$log") || return 1
    library=$(printf '%s\n' "$described" | head -n 1)
    described=$(printf '%s\n' "$described" | tail -n 1)
}

unpack_ngspice() {
    apt_unpack "$ngspice_home" libngspice0 ngspice || return 1
    libraries=$(dirname "$(find "$ngspice_home" -name 'libngspice.so.0' | head -n 1)")
    binary=$ngspice_home/usr/bin/ngspice
    if [ -x "$binary" ]; then
        # The program's own shared libraries stand beside it, so it needs to be told where.
        cat >"$venv/bin/ngspice" <<END
#!/bin/sh
LD_LIBRARY_PATH="$libraries:$ngspice_home/lib/$(basename "$libraries")\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
SPICE_LIB_DIR="$ngspice_home/usr/share/ngspice"
export LD_LIBRARY_PATH SPICE_LIB_DIR
exec "$binary" "\$@"
END
        chmod +x "$venv/bin/ngspice"
    fi
}

ngspice_advice() {
    if [ -n "${CONDA_PREFIX:-}" ]; then
        echo "conda install -c conda-forge ngspice ngspice-lib"
    elif [ "$(uname)" = Darwin ]; then
        echo "brew install ngspice libngspice"
    elif have dnf; then
        echo "sudo dnf install ngspice libngspice"
    elif have pacman; then
        echo "sudo pacman -S ngspice"
    else
        echo "sudo apt-get install libngspice0 ngspice"
    fi
}

# Sets $library to the path of the library, or to nothing.
install_ngspice() {
    library=
    [ "$wanted_ngspice" != skip ] || {
        say ngspice "left alone (ANALOGEQ_NGSPICE=skip)"
        return 0
    }
    if [ "$wanted_ngspice" = auto ]; then
        if find_ngspice; then
            say ngspice "found $described"
            return 0
        fi
        if [ -z "${CONDA_PREFIX:-}" ] && is_root && have apt-get && apt_install libngspice0 ngspice && find_ngspice; then
            say ngspice "installed $described"
            return 0
        fi
    fi
    if can_unpack && unpack_ngspice && find_ngspice; then
        say ngspice "unpacked Debian's package into .venv/lib/analogeq-ngspice; in use: $described"
        return 0
    fi
    library=
    say ngspice "not found; the native engine works without it. To get it: $(ngspice_advice), then make setup"
}

main() {
    case $wanted_ngspice in
    auto | unpack | skip) ;;
    *) fail ngspice "ANALOGEQ_NGSPICE=$wanted_ngspice is none of auto, unpack, skip" ;;
    esac
    if packages_current; then
        if library_current; then
            say setup "up to date (.venv)"
            return
        fi
    else
        python=$(find_python)
        mkdir -p "$venv"
        : >"$log"
        make_venv "$python"
        say python "$("$venv/bin/python" --version | cut -d ' ' -f 2) in .venv (from $(command -v "$python"))"
        install_packages
    fi
    install_ngspice
    rm -f "$venv/apt-updated"
    {
        fingerprint
        printf '%s\n' "${library:-none}"
    } >"$stamp"
    say setup "done (log: .venv/setup.log)"
}

main
