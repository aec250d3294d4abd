#!/usr/bin/env bash
# Everything a fresh Debian, Ubuntu or Colab machine needs; safe to run again at any time.
#   ./setup.sh          what a user needs
#   ./setup.sh --dev    and what the tests need
set -euo pipefail
cd "$(dirname "$0")"

dev=no
for option in "$@"; do
    case "$option" in
        --dev) dev=yes ;;
        -h | --help) sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) echo "setup.sh: unknown option $option (there is --dev)" >&2; exit 2 ;;
    esac
done

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }
fail() { printf 'setup.sh: %s\n' "$*" >&2; exit 1; }

# Debian's package manager, with sudo where we are not root; quiet unless it fails.
apt_install() {
    command -v apt-get >/dev/null || return 1
    local root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || return 1
        root=(sudo)
    fi
    local log
    log=$(mktemp)
    if ! { "${root[@]}" apt-get update -qq && DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install \
        -y -qq --no-install-recommends "$@"; } >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

# -- Python ---------------------------------------------------------------------------------------
good_python() { command -v "$1" >/dev/null && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
python=
for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
    if [ -n "$candidate" ] && good_python "$candidate"; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
    say "Python 3.11 or newer"
    apt_install python3 python3-venv && good_python python3 || fail "needs Python 3.11 or newer (set PYTHON=/path/to/python)"
    python=python3
fi

if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    say "Virtual environment .venv ($("$python" --version))"
    rm -rf .venv
    "$python" -m venv .venv 2>/dev/null || {
        rm -rf .venv
        apt_install python3-venv || true
        "$python" -m venv .venv || fail "can't create .venv: install python3-venv"
    }
fi
pip() { .venv/bin/python -m pip --disable-pip-version-check "$@"; }

# older resolvers stumble over the lock
pip install -qq "pip>=24"

# -- PyTorch: the CPU build unless there is a GPU ---------------------------------------------------
torch=$(sed -n 's/^torch==\([0-9.]*\).*/\1/p' requirements.txt)
have_torch() { .venv/bin/python -c "import sys, torch; sys.exit(torch.__version__.split('+')[0] != '$torch')" 2>/dev/null; }
if ! have_torch; then
    if command -v nvidia-smi >/dev/null && nvidia-smi >/dev/null 2>&1; then
        say "PyTorch $torch for the GPU"
        pip install -qq "torch==$torch"
    else
        say "PyTorch $torch, CPU build"
        # +cpu names the small build, wherever pip is told to look; PyTorch's own index is the fallback
        pip install -qq "torch==$torch+cpu" 2>/dev/null ||
            pip install -qq "torch==$torch" --index-url https://download.pytorch.org/whl/cpu ||
            fail "PyTorch $torch can't be installed"
    fi
fi

# -- Everything else, pinned ------------------------------------------------------------------------
say "Python packages"
if [ "$dev" = yes ]; then
    pip install -qq -r requirements.txt -r requirements-dev.txt
else
    pip install -qq -r requirements.txt
fi
# a path instead of an import hook, and bytecode at once: `mm write` starts in half the time
pip install -qq --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
.venv/bin/python -m compileall -q miniature_memory

# -- A C compiler, for the fast runtime (without one numpy does the work) ---------------------------
if ! command -v cc >/dev/null && ! command -v gcc >/dev/null && ! command -v clang >/dev/null; then
    say "C compiler"
    apt_install gcc libc6-dev || echo "No C compiler: generation will be slower (numpy)."
fi

# -- A browser that passes a real launch ------------------------------------------------------------
launches() {
    .venv/bin/python -c 'import sys
from miniature_memory.scraper.fetch.browser import find_browser
sys.exit(find_browser() is None)' 2>/dev/null
}
if ! launches; then
    say "Browser"
    apt_install chromium-headless-shell || true
    if ! launches; then
        .venv/bin/python -m playwright install --with-deps --only-shell chromium >/dev/null 2>&1 || true
    fi
    launches || echo "No browser could be installed: pages built by JavaScript will be left out (see: mm doctor)."
fi

say "Ready. Next: .venv/bin/python run.py"
