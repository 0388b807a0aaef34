#!/usr/bin/env bash
# Builds Tesseract from Debian's source for this machine's processor, profile-guided and with link-time
# optimisation, and tesserocr on it, into .cache/engine/site: it reads in three fifths of the time of PyPI's build
# for any processor (docs/measured.md). engine.patch lets the compiler make vector code of the network's loops; no
# page is read otherwise for it. Where this cannot be done, says so; pages are then read with PyPI's.
# Says and does nothing where it is there. `make engine` tries again after a failure.
set -euo pipefail
cd "$(dirname "$0")/../.."

setup=$PWD/infra/setup
mkdir -p .cache/engine
engine=$(realpath .cache/engine) # the library stays where it was built
python=$PWD/.venv/bin/python
log=$engine/log
stamp=$engine/made-from
binding=$(sed -n 's/^tesserocr==\([^ ]*\).*/\1/p' requirements.txt)

made_from() {
    echo "$engine tesserocr $binding"
    cat /etc/debian_version
    grep -m1 -E '^(flags|Features)' /proc/cpuinfo
    "$python" --version
    sha256sum "$setup/engine.sh" "$setup/engine.txt" "$setup/engine.patch" "$setup/packages-engine" | cut -d ' ' -f 1
}

exec 9>"$engine/.lock"
flock 9
if [ -f "$stamp" ] && [ "$(made_from)" = "$(cat "$stamp")" ]; then
    exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Only the source is fetched, with package lists of our own: the machine's are left as they are.
fetch() {
    cp -r /etc/apt "$work/apt"
    find "$work/apt" -name '*.sources' -exec sed -i 's/^Types:.*/Types: deb-src/' {} +
    find "$work/apt" -name '*.list' -exec sed -i -E 's/^deb(\s)/deb-src\1/' {} +
    mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/source"
    local own=(-qq -o "Dir::Etc=$work/apt" -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work")
    apt-get "${own[@]}" update
    (cd "$work" && apt-get "${own[@]}" source --download-only tesseract)
    tar -xf "$work"/tesseract_*.orig.tar.* --strip-components 1 -C "$work/source"
    patch --strip 1 --directory "$work/source" <"$setup/engine.patch"
}

# -ffast-math as a whole would also change the arithmetic of every library in the process.
# Lines of a page are passed on as they are, not as PNG.
build() { # with these compiler flags more
    cmake -G Ninja -S "$work/source" -B "$work/build" -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON \
        -DBUILD_TRAINING_TOOLS=OFF -DGRAPHICS_DISABLED=ON -DOPENMP_BUILD=OFF \
        -DDISABLE_CURL=ON -DDISABLE_ARCHIVE=ON -DCMAKE_INSTALL_PREFIX="$engine" -DCMAKE_INSTALL_LIBDIR=lib \
        -DCMAKE_CXX_FLAGS_RELEASE="-O3 -march=${ENGINE_ARCH:-native} -fno-math-errno -fno-trapping-math \
-fno-signed-zeros -fassociative-math -freciprocal-math -fno-semantic-interposition \
-DTESSERACT_IMAGEDATA_AS_PIX -DNDEBUG $1"
    ninja -C "$work/build" install
}

# Where the time goes is learnt from the project's own sample mail, in its four languages.
learn() {
    "$(dirname "$python")/postroom" sample "$work/mail" --batches 4 --seed 1
    local language
    find "$work/mail" -name '*.tif*' | sort | head -n 4 | while read -r scan; do
        for language in eng spa; do
            LD_LIBRARY_PATH=$engine/lib OMP_THREAD_LIMIT=1 "$engine/bin/tesseract" "$scan" - -l $language \
                --tessdata-dir "$(dirname "$(find /usr/share -name eng.traineddata | head -n 1)")" || true
        done
    done
}

bind() {
    "$python" -m venv "$work/venv"
    "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
        --requirement "$setup/engine.txt"
    awk -v name=tesserocr '$0 ~ "^" name "==" { on = 1 } on { print } on && !/\\$/ { exit }' requirements.txt >"$work/tesserocr.txt"
    PKG_CONFIG_PATH=$engine/lib/pkgconfig LD_RUN_PATH=$engine/lib PATH=$work/venv/bin:$PATH \
        "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
        --no-build-isolation --no-cache-dir --no-binary tesserocr --target "$engine/site" --requirement "$work/tesserocr.txt"
    (cd / && PYTHONPATH=$engine/site "$python" -c "import tesserocr; print(tesserocr.tesseract_version())")
}

make_all() {
    bash "$setup/packages.sh" "$setup/packages-engine"
    fetch
    build "-fprofile-generate=$work/profile -fprofile-update=single"
    learn
    build "-flto=auto -fprofile-use=$work/profile -fprofile-correction -Wno-missing-profile"
    bind
}

echo "Building Tesseract for this processor (some 4 minutes, once)"
rm -rf "$engine"/{bin,lib,include,share,site} "$stamp"
# In a shell of its own: what fails inside ends it at once.
if (export -f make_all fetch build learn bind; export setup engine python work; bash -euo pipefail -c make_all) >"$log" 2>&1 9>&-; then
    rm -rf "$engine"/{bin,include}
else
    rm -rf "$engine"/{bin,lib,include,share,site}
    echo "It could not be built (see $log): pages are read with PyPI's, much slower. Try again: make engine" >&2
fi
made_from >"$stamp"
