#!/bin/sh
# Prints the first Python >= 3.11 that can make virtual environments; says what to install if none can.
# A name on PATH is not enough: version managers leave names there that only print an error.
set -u

without_venv=
for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3 python3.14 python; do
    [ -n "$candidate" ] || continue
    "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue
    if "$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        "$candidate" -c 'import sys; print(sys.executable)'
        exit 0
    fi
    [ -n "$without_venv" ] || without_venv=$candidate
done

if [ -n "$without_venv" ]; then
    version=$("$without_venv" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    cat >&2 <<EOF
$without_venv cannot make virtual environments: its modules venv and ensurepip are missing.
  Install them, for instance on Debian and Ubuntu: sudo apt-get install python$version-venv
$without_venv では仮想環境を作成できません（venv / ensurepip モジュールがありません）。
  インストールしてください。例（Debian / Ubuntu）: sudo apt-get install python$version-venv
EOF
else
    cat >&2 <<'EOF'
No Python 3.11 or newer was found (looked for python3.13, python3.12, python3.11, python3, python3.14, python).
  Install one, or name it: make PYTHON=/path/to/python3 demo
Python 3.11 以上が見つかりません（python3.13、python3.12、python3.11、python3、python3.14、python を探しました）。
  インストールするか、場所を指定してください: make PYTHON=/path/to/python3 demo
EOF
fi
exit 1
