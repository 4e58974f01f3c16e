# SPDX-License-Identifier: MIT
# Pictures of codes: points by label, the plane of a code, one value at a time; what is
# wrong is said.
. "$(dirname "$0")/common.bash"
need_cairo
small_model
labels=data/fashion/t10k-labels-idx1-ubyte.gz
hourglass train $test --preset vae --epochs 1 -q -o vae.safetensors 2>/dev/null
hourglass plot latent vae.safetensors $test --labels $labels -o latent.svg
hourglass plot latent model.safetensors $test -o latent.png --dark --items 50
hourglass plot manifold vae.safetensors -o plane.pdf --across 5
hourglass plot traversal vae.safetensors $test --row 3 -o way.png
hourglass plot traversal model.safetensors $test --row 3 --items 2 --across 5 -o way4.png
for f in latent.svg latent.png plane.pdf way.png way4.png; do test -s $f; done
hourglass plot traversal model.safetensors $test --row 3 --items 2 --across 5 -o again.png \
    --threads 1
cmp way4.png again.png
try hourglass plot latent vae.safetensors $test --labels $test -o x.png
try hourglass plot latent vae.safetensors $test --limit 7 --label-column a -o x.png
try hourglass plot latent vae.safetensors $test --limit 50 --labels $labels -o fifty.png
try hourglass plot manifold model.safetensors -o x.png
try hourglass plot traversal model.safetensors $test --row 201 -o x.png
try hourglass plot manifold vae.safetensors -o x.gif
try hourglass plot latent vae.safetensors
