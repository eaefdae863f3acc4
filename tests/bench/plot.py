#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws tests/bench/plots/*.svg from what the benchmarks measured; needs python3-matplotlib.

Debian's matplotlib belongs to /usr/bin/python3.

build/tests/bench/bench >bench.txt
tests/bench/load.py --json load.json
tests/bench/plot.py --bench bench.txt --load load.json

A plot whose figures are not given stays as it is. The same figures give the same bytes.
"""

import argparse
import json
import re
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator  # noqa: E402

PLOTS = Path(__file__).resolve().parent / "plots"
FONTS = "'Segoe UI', 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif"

PAPER, INK, SOFT, GRID = "#fdfcfa", "#23272b", "#6b7280", "#e4e2dd"
WEIR = "#d9480f"
FLOOR = "#b9bdc3"  # what checks nothing: a copy, the kernel alone
PEERS = {"Boost.Beast": "#5b7a99", "websocketpp": "#8a7a5c", "wslay": "#7d8f7a",
         "wslay frames": "#a9b5a2",
         "libwebsockets": "#8d6f86", "ws (Node)": "#6f8f9b"}
NAMES = {"beast": "Boost.Beast", "Beast": "Boost.Beast", "ws": "ws (Node)",
         "minimal": "kernel alone", "recv-copy": "copy alone", "wslay-event": "wslay",
         "wslay-frame": "wslay frames"}
FLOORS = {"copy alone", "memcpy", "kernel alone"}
UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20}

plt.rcParams.update({
    "svg.fonttype": "none", "svg.hashsalt": "weir", "path.simplify": True,
    "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "font.size": 9,
    "figure.facecolor": PAPER, "axes.facecolor": PAPER, "savefig.facecolor": PAPER,
    "text.color": INK, "axes.labelcolor": SOFT, "axes.edgecolor": GRID,
    "xtick.color": SOFT, "ytick.color": SOFT, "axes.titlecolor": INK,
    "axes.titlesize": 10, "axes.titlelocation": "left", "axes.titlepad": 10,
    "axes.spines.top": False, "axes.spines.right": False, "axes.spines.left": False,
    "axes.grid": True, "axes.grid.axis": "y", "axes.axisbelow": True,
    "grid.color": GRID, "grid.linewidth": 0.8,
    "xtick.major.size": 0, "ytick.major.size": 0,
})


# ---- Figures -------------------------------------------------------------------------------------

def bytes_of(size):
    found = re.fullmatch(r"(\d+)(B|KiB|MiB)", size)
    return int(found[1]) * UNITS[found[2]] if found else None


def size_name(size):
    unit = next(name for name in ("MiB", "KiB", "B") if size % UNITS[name] == 0)
    return f"{size // UNITS[unit]} {unit}"


def read_bench(path):
    """{(area, case): {size: {contestant: value}}} of lines "area case size weir=1ns peer=x:2ns"."""
    cases = {}
    for line in path.read_text().splitlines():
        words = line.split()
        found = re.findall(r"(?:(weir)=|peer=([\w.-]+):)([\d.e+-]+)", line)
        if len(words) < 4 or not found:
            continue
        values = {}
        for weir, peer, value in found:
            name = weir or NAMES.get(peer, peer)
            values[name] = float(value.rstrip("e+-"))
        cases.setdefault((words[0], words[1]), {})[words[2]] = values
    return cases


def shown(name):
    return name == "weir" or name in PEERS or name in FLOORS


def colour(name):
    return WEIR if name == "weir" else PEERS.get(name, FLOOR)


def short(value, digits=2):
    """A number for a label: 0.31, 4.7, 32, 1 200."""
    places = max(0, digits - len(str(int(abs(value))))) if abs(value) >= 1 else digits
    return f"{value:,.{places}f}".replace(",", "\u2009")


# ---- Pieces of a plot ----------------------------------------------------------------------------

def figure(columns, rows=1, width=9.4, height=3.7, **spacing):
    fig, axes = plt.subplots(rows, columns, figsize=(width, height), squeeze=False)
    fig.subplots_adjust(**{"left": 0.06, "right": 0.9, "top": 0.715, "bottom": 0.085, **spacing})
    return fig, axes


def head(fig, title, note):
    height = fig.get_figheight()
    fig.text(0.012, 1 - 0.30 / height, title, size=13, weight="bold", va="center")
    fig.text(0.012, 1 - 0.56 / height, note, size=9, color=SOFT, va="center")


def save(fig, folder, name):
    path = folder / f"{name}.svg"
    fig.savefig(path, metadata={"Date": None, "Creator": None, "Type": None, "Format": None})
    plt.close(fig)
    text = re.sub(r"font: ([^;\"]*?)'DejaVu Sans'[^;\"]*", rf"font: \1{FONTS}", path.read_text())
    text = re.sub(r"[ \t]+$", "", text, flags=re.M)
    path.write_text(text)
    print(f"{path}: {path.stat().st_size} bytes")


def label_ends(fig, ax, ends):
    """Names at the ends of lines, moved apart where they would lie on each other."""
    gap = 11.5 / 72 * fig.dpi
    places = sorted((ax.transData.transform((1, value))[1], name) for name, value in ends.items())
    tops = [place for place, _ in places]
    for _ in range(100):
        for i in range(1, len(tops)):
            lack = gap - (tops[i] - tops[i - 1])
            if lack > 0.1:
                tops[i - 1] -= lack / 2
                tops[i] += lack / 2
    for top, (_, name) in zip(tops, places):
        y = ax.transAxes.inverted().transform((0, top))[1]
        ax.text(1.015, y, name, transform=ax.transAxes, va="center", size=8.5,
                color=colour(name) if name not in FLOORS else "#92979e",
                weight="bold" if name == "weir" else "normal")


def lines(fig, ax, title, sizes, log=True, unit="ns", scale=lambda value, size: value):
    """One line a contestant over the sizes, at even steps."""
    known = [size for size in sizes if bytes_of(size)]
    names = [name for name in next(iter(sizes.values())) if shown(name)]
    ends = {}
    for name in sorted(names, key=lambda name: name == "weir"):
        points = [(at, scale(sizes[size][name], bytes_of(size)))
                  for at, size in enumerate(known) if name in sizes[size]]
        style = {"lw": 2.6, "marker": "o", "ms": 4.5} if name == "weir" else \
            {"lw": 1.2, "ls": (0, (2, 2))} if name in FLOORS else {"lw": 1.6}
        ax.plot(*zip(*points), color=colour(name), solid_capstyle="round",
                clip_on=False, **style)
        ends[name] = points[-1][1]
    ax.set_title(title)
    ax.set_xlim(-0.25, len(known) - 0.95)
    ax.xaxis.set_major_locator(FixedLocator(range(len(known))))
    ax.set_xticklabels([size_name(bytes_of(size)) for size in known])
    if log:
        ax.set_yscale("log")
        ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(
        lambda value, _: f"{value:g} {unit}" if unit != "ns" or value < 1000
        else f"{value / 1e3:g} \u00b5s" if value < 1e6 else f"{value / 1e6:g} ms"))
    return ends


def bars(ax, title, values, unit, digits=2, limit=None):
    """Horizontal bars with their numbers, the least on top. Longer ones than limit are cut."""
    names = sorted((name for name in values if shown(name)), key=lambda name: values[name])
    longest = max(values[name] for name in names)
    for row, name in enumerate(names):
        length = min(values[name], limit or longest)
        ax.barh(row, length, height=0.62, color=colour(name))
        ax.text(length + (limit or longest) * 0.02, row, f"{short(values[name], digits)} {unit}",
                va="center", size=8.5, color=WEIR if name == "weir" else INK,
                weight="bold" if name == "weir" else "normal")
    ax.set_yticks(range(len(names)), names)
    for tick, name in zip(ax.get_yticklabels(), names):
        tick.set_color(WEIR if name == "weir" else INK)
        tick.set_weight("bold" if name == "weir" else "normal")
    ax.set_xlim(0, (limit or longest) * 1.3)
    ax.set_ylim(len(names) - 0.45, -0.6)
    ax.xaxis.set_visible(False)
    ax.spines["bottom"].set_visible(False)
    ax.grid(False)
    ax.set_title(title)


def line_plot(folder, name, title, note, panels, **options):
    """Panels with one scale, each ((title, {size: values}))."""
    panels = [panel for panel in panels if panel[1]]
    if not panels:
        return
    right = {1: 0.84, 2: 0.89, 3: 0.905}[len(panels)]
    fig, axes = figure(len(panels), width={1: 5.4, 2: 8.6, 3: 11}[len(panels)], right=right,
                       left={1: 0.1, 2: 0.075, 3: 0.055}[len(panels)],
                       wspace={1: 0, 2: 0.36, 3: 0.4}[len(panels)])
    ends = [lines(fig, ax, *panel, **options) for ax, panel in zip(axes[0], panels)]
    low = min(ax.get_ylim()[0] for ax in axes[0])
    high = max(ax.get_ylim()[1] for ax in axes[0])
    for ax in axes[0][1:]:
        ax.tick_params(labelleft=False)
    for ax, values in zip(axes[0], ends):
        ax.set_ylim(low if options.get("log", True) else 0, high)
        label_ends(fig, ax, values)
    head(fig, title, note)
    save(fig, folder, name)


# ---- The plots -----------------------------------------------------------------------------------

def draw_bench(cases, folder):
    def case(area, name):
        return cases.get((area, name), {})

    line_plot(folder, "decode", "Receiving a message",
              "Time for each masked message, from reads of 64 KiB to the event; lower is better.",
              [("Binary", case("decode", "binary/65536")),
               ("Text, ASCII", case("decode", "ascii/65536")),
               ("Text of many scripts", case("decode", "mixed/65536"))])
    line_plot(folder, "decode-split", "Receiving in small pieces",
              "Time for each masked message when reads bring 1448 bytes, as from a network;"
              " lower is better.",
              [("Binary", case("decode", "binary/1448")),
               ("Text of many scripts", case("decode", "mixed/1448"))])
    line_plot(folder, "encode", "Sending a message",
              "Time for each message, from the call to bytes for the socket; lower is better.",
              [("Server, one", case("encode", "server/one")),
               ("Server, many together", case("encode", "server/batch")),
               ("Client, many together", case("encode", "client/batch"))])
    line_plot(folder, "utf8", "Checking text",
              "Gigabytes of UTF-8 checked in a second; higher is better.",
              [("ASCII", without_floors(case("utf8", "ascii"))),
               ("Many scripts", without_floors(case("utf8", "mixed")))],
              unit="GB/s", scale=lambda ns, size: size / ns)

    panels = [("Plain", case("memory", "idle-heap").get("plain"), "B"),
              ("With permessage-deflate", case("memory", "idle-heap").get("deflate"), "B")]
    bar_plot(folder, "memory", "Memory of an idle connection",
             "Heap of one open server connection that is doing nothing.", panels)
    panels = [(title, case("handshake", "server").get(size), "ns")
              for title, size in (("Plain", "plain"), ("With permessage-deflate", "deflate"))]
    bar_plot(folder, "handshake", "Opening a connection",
             "Time of a server for the request of a browser and its answer, without the kernel.",
             panels)


def without_floors(sizes):
    return {size: {name: value for name, value in values.items() if name not in FLOORS}
            for size, values in sizes.items()}


def bar_plot(folder, name, title, note, panels):
    panels = [panel for panel in panels if panel[1]]
    if not panels:
        return
    rows = max(len([n for n in panel[1] if shown(n)]) for panel in panels)
    height = 1.35 + 0.28 * rows
    fig, axes = figure(len(panels), width=4.4 * len(panels), height=height, left=0.125, right=0.98,
                       top=1 - 1.02 / height, bottom=0.1 / height, wspace=0.36)
    for ax, (label, values, unit) in zip(axes[0], panels):
        bars(ax, label, values, unit, digits=3)
        ax.set_ylim(rows - 0.45, -0.6)
    head(fig, title, note)
    save(fig, folder, name)


def load_values(case, key):
    return {NAMES.get(name, name): figures[key] for name, figures in case["servers"].items()}


def draw_load(load, folder):
    found = {(case["kind"], case["depth"], case["size"]): case for case in load["cases"]}
    connections = load["connections"]

    rows, columns = (1, 16), (20, 1024, 16384)
    if all(("mixed", depth, size) in found for depth in rows for size in columns):
        fig, axes = figure(3, 2, width=11, height=4.7, left=0.105, right=0.985, top=0.775,
                           bottom=0.02, wspace=0.42, hspace=0.34)
        for line, depth in zip(axes, rows):
            for ax, size in zip(line, columns):
                bars(ax, f"{size_name(size)}, " +
                     ("one at a time" if depth == 1 else f"{depth} on the way"),
                     load_values(found["mixed", depth, size], "server_us_per_message"), "\u00b5s")
        head(fig, "An echo server on a real socket",
             f"CPU time for each message, kernel included: text of many scripts,"
             f" {connections} connections; \u201ckernel alone\u201d checks nothing.")
        save(fig, folder, "load")

    panels = [(f"{size_name(size)}, {depth} on the way", found["deflate", depth, size])
              for depth, size in ((16, 20), (16, 1024))
              if ("deflate", depth, size) in found]
    if panels:
        bar_plot(folder, "load-deflate", "An echo server with permessage-deflate",
                 f"CPU time for each message, kernel included, {connections} connections.",
                 [(title, load_values(case, "server_us_per_message"), "\u00b5s")
                  for title, case in panels])

    panels = [(title, found.get(("mixed", depth, 1024)))
              for title, depth in (("1 KiB, one at a time", 1), ("1 KiB, 16 on the way", 16))]
    if all(case for _, case in panels):
        latency_plot(folder, panels, connections)


def latency_plot(folder, panels, connections):
    fig, axes = figure(2, width=8.8, height=3.1, left=0.12, right=0.955, top=0.68, bottom=0.13,
                       wspace=0.4)
    for ax, (title, case) in zip(axes[0], panels):
        p50, p99 = (load_values(case, key) for key in ("p50_us", "p99_us"))
        names = sorted(filter(shown, p50), key=lambda name: p50[name])
        for row, name in enumerate(names):
            ax.plot([p50[name], p99[name]], [row, row], color=colour(name), lw=3 if name == "weir"
                    else 2, solid_capstyle="round")
            ax.plot([p50[name]], [row], "o", color=colour(name), ms=7)
            ax.plot([p99[name]], [row], "|", color=colour(name), ms=10, mew=2)
        ax.set_yticks(range(len(names)), names)
        for tick, name in zip(ax.get_yticklabels(), names):
            tick.set_color(WEIR if name == "weir" else INK)
            tick.set_weight("bold" if name == "weir" else "normal")
        ax.set_ylim(len(names) - 0.45, -0.6)
        ax.set_xscale("log")
        ax.grid(True, axis="x")
        ax.grid(False, axis="y")
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_xlim(100, 100000)
        ax.xaxis.set_major_formatter(FuncFormatter(
            lambda value, _: f"{value / 1000:g} ms" if value >= 1000 else f"{value:g} \u00b5s"))
        ax.set_title(title)
    head(fig, "Time until the echo is back",
         f"The dot is the median, the bar ends at the 99th percentile: {connections} connections,"
         f" all busy all the time.")
    save(fig, folder, "latency")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bench", type=Path, help="what bench printed")
    parser.add_argument("--load", type=Path, help="JSON of load.py")
    parser.add_argument("--out", type=Path, default=PLOTS)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.bench:
        draw_bench(read_bench(options.bench), options.out)
    if options.load:
        draw_load(json.loads(options.load.read_text()), options.out)


main()
