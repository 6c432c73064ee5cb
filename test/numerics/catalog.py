# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks of the numeric tests by name, small ones and those of full size. No PyTorch here."""
import argparse
import pathlib

import networks_attention2d
import networks_basic
import networks_behaviour
import networks_cached
import networks_clicks
import networks_diffusion
import networks_images
import networks_papers
import networks_pretrained
import networks_recommenders
import networks_sequences
import networks_text
from network import ROOT

__all__ = ["FULL", "ROOT", "SMALL"]

FAMILIES = (
    networks_text,
    networks_images,
    networks_clicks,
    networks_recommenders,
    networks_sequences,
    networks_behaviour,
    networks_basic,
    networks_attention2d,
    networks_diffusion,
    networks_papers,
    networks_pretrained,
    networks_cached,
)

# "odd" sizes are multiples of no vector width and no tile, so every remainder is taken.
SMALL = {n.name: n for family in FAMILIES for n in family.SMALL}
FULL = {n.name: n for family in FAMILIES for n in family.FULL}


def main():
    parser = argparse.ArgumentParser(description="Writes a network's config.json and random weights into a folder.")
    parser.add_argument("network", choices=sorted(SMALL | FULL))
    parser.add_argument("folder", type=pathlib.Path)
    args = parser.parse_args()
    (SMALL | FULL)[args.network].write(args.folder)


if __name__ == "__main__":
    main()
