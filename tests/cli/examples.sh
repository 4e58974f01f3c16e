# SPDX-License-Identifier: MIT
# Each configuration of examples/ trains on the shipped sample: a step where that is quick.
. "$(dirname "$0")/common.bash"
need_yaml
n=0
for file in "$HG_SAMPLE"/../examples/*.yaml; do
    name=$(basename "$file" .yaml) rows=$train options=
    case $name in tabular | anomaly) rows=$table options='--drop-non-numeric' ;; esac
    # The settings of nets that take seconds a step are checked to the first step.
    case $name in
        conv-* | denoise-* | hinton-* | keras-conv | iwae) options="$options --dry-run" ;;
        *) options="$options --epochs 1 --limit 256" ;;
    esac
    # shellcheck disable=SC2086
    hourglass train "$rows" --config "$file" $options -q -o "$name.safetensors" >said 2>&1 ||
        fail "$name: $(cat said)"
    grep -q "examples/$name.yaml" "$file" || fail "$name: its first lines name another file"
    n=$((n + 1))
done
[ $n -ge 18 ] || fail "only $n examples"
