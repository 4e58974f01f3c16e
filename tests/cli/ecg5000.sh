# SPDX-License-Identifier: MIT
# The preset for series on ECG5000: trained on normal beats, it tells the others apart.
[ -d "$HG_SHARED/ecg5000" ] || { echo "no ECG5000"; exit 77; }
hourglass train "$HG_SHARED/ecg5000/train_data.npy" --preset anomaly-series -q -o m.st
hourglass evaluate m.st "$HG_SHARED/ecg5000/test_data.npy" --labels "$HG_SHARED/ecg5000/test_labels.npy" --json |
    python3 -c 'import json, sys; d = json.load(sys.stdin); auc = d["detection"]["roc_auc"]; auc = auc["value"] if isinstance(auc, dict) else auc; print("at least .988" if auc >= 0.988 else auc)'
