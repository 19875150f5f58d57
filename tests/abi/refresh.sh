#!/bin/sh
# Rewrites what the ABI gate compares with: lib/libflrunner.map, frozen.h and baseline.abi. Review the difference before committing.
# Environment: MAKE, CC, PYTHON.
set -eu
cd "$(dirname "$0")/../.."
. tests/abi/dump.sh

"${PYTHON:-python3}" tests/abi/symbols.py write
"${PYTHON:-python3}" tests/abi/freeze.py write
abi_build .
abi_dump . tests/abi/baseline.abi
echo "rewritten: lib/libflrunner.map tests/abi/frozen.h tests/abi/baseline.abi"
