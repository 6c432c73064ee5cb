# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The picture: for every workload the share of the limit that each one reaches, Nacre filled, its peers as marks."""
import os

from harness.report import summary

OURS, EDGE = "#fed7aa", "#c2410c"  # pale, so that the marks on it can be told apart
# Colours and marks that differ for those who see few colours, too.
PEERS = {
    "onnxruntime": ("#1d4ed8", "o"),
    "onnxruntime-fused": ("#1d4ed8", "D"),
    "openvino": ("#7c3aed", "s"),
    "pytorch": ("#111827", "^"),
    "torch-compile": ("#111827", "v"),
    "onednn": ("#0891b2", "P"),
    "iree": ("#15803d", "X"),
    "tvm": ("#a16207", "<"),
    "ctranslate2": ("#be185d", ">"),
    "llama-cpp": ("#b91c1c", "*"),
}
ROW = 0.3  # inches


def save(folder, results):
    """peers.svg and peers.png."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update({"font.family": "sans-serif", "font.size": 9, "svg.hashsalt": "nacre"})
    from matplotlib import pyplot, ticker

    rows = [(result, {line["peer"]: line for line in summary(result)}) for result in results]
    several = len({result["threads"] for result in results}) > 1
    figure, axes = pyplot.subplots(figsize=(9, 1.3 + ROW * max(4, len(rows))), layout="constrained")
    seen = {}
    for place, (result, lines) in enumerate(rows):
        for peer, line in lines.items():
            if peer == "nacre":
                axes.barh(place, line["share"], height=0.62, color=OURS, edgecolor=EDGE, zorder=2, label="Nacre")
                axes.text(0.006, place, f"{line['share']:.0%}", va="center", color=EDGE, fontsize=8, zorder=4)
                continue
            color, mark = PEERS[peer]
            seen[peer] = axes.scatter(
                line["share"], place, s=34, color=color, marker=mark, edgecolors="white", linewidths=0.6, zorder=5
            )
            seen[peer].set_label(line["title"])
        if place and result["family"] != rows[place - 1][0]["family"]:
            axes.axhline(place - 0.5, color="#94a3b8", linewidth=0.8, zorder=1)
    names = [r["workload"] + (f", {r['threads']} thr." if several else "") for r in results]
    axes.set_yticks(range(len(rows)), names)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    most = max([1.0, *(line["share"] for _, lines in rows for line in lines.values())])
    axes.set_xlim(0, 1.05 * min(most, 2))
    axes.xaxis.set_major_locator(ticker.MultipleLocator(0.1 if most < 1.3 else 0.2))
    axes.xaxis.set_major_formatter(ticker.PercentFormatter(1, decimals=0))
    axes.axvline(1, color="#0f172a", linewidth=1, linestyle=(0, (4, 3)), zorder=3)
    axes.grid(axis="x", color="#e2e8f0", zorder=0)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.set_xlabel("share of what the probe of the same round says the cores can do; further right is faster")
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(sorted(zip(labels, handles), key=lambda pair: pair[0] != "Nacre"))
    figure.legend(unique.values(), unique, loc="outside upper center", ncols=5, frameon=False)
    for form in ("svg", "png"):
        partial = folder / f"partial.{form}"
        # The date would make two pictures of the same numbers differ.
        figure.savefig(partial, dpi=150, metadata={"Date": None} if form == "svg" else None)
        os.replace(partial, folder / f"peers.{form}")
    pyplot.close(figure)
