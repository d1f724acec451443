"""The reference program: thumbnails with Pillow in a ProcessPoolExecutor.

Reads lines from stdin, each a JSON list of photos; makes the thumbnails of them all, and answers each line with the
ids of the processes that had a part in it, as a JSON list on stdout. The executor stays warm between the lines.
Usage: reference.py WORKERS QUALITY BOX...
"""
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from PIL import Image, ImageFile

# With optimize, Pillow encodes into one buffer and fails when a photo's metadata doesn't fit in it.
ImageFile.MAXBLOCK = 16 * 1024 * 1024


def make_thumbnails(boxes, quality, photo):
    photo = Path(photo)
    for box in boxes:
        folder = photo.parent / "thumbnails" / f"{box}x{box}"
        folder.mkdir(parents=True, exist_ok=True)
        with Image.open(photo) as image:
            image.thumbnail((box, box))
            image.save(
                folder / photo.name,
                "JPEG",
                quality=quality,
                optimize=True,
                icc_profile=image.info.get("icc_profile"),
                exif=image.info.get("exif", b""),
            )
    return os.getpid()


def main(workers, quality, *boxes):
    work = partial(make_thumbnails, [int(box) for box in boxes], int(quality))
    with ProcessPoolExecutor(max_workers=int(workers)) as executor:
        for line in sys.stdin:
            processes = set(executor.map(work, json.loads(line)))
            print(json.dumps(sorted(processes)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
