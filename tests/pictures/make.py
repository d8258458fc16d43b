#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes the small pictures of this folder, and beside each, as a PNG, what Pillow reads in it: the oracle of
tests/unit/test_data_image_forms.c. Debian's python3-pil 9.4."""
from PIL import Image
import os

os.chdir(os.path.dirname(os.path.abspath(__file__)))
W, H = 24, 16


def pattern(channels, step=1):
    """Smooth ramps and one hard edge; the last channel reaches 0 and 255."""
    rows = bytearray()
    for y in range(H):
        for x in range(W):
            for c in range(channels):
                v = (x * 11 * (c + 1) + y * (17 - 3 * c) + step * 40) % 256
                if c == 3:
                    v = min(255, max(0, x * 255 // (W - 4) - y))
                rows.append(v if x < W // 2 or c == 3 else 255 - v)
    return bytes(rows)


def over_white(picture):
    rgba = picture.convert("RGBA").tobytes()
    out = bytearray()
    for i in range(0, len(rgba), 4):
        a = rgba[i + 3]
        out += bytes((v * a + 255 * (255 - a) + 127) // 255 for v in rgba[i : i + 3])
    return Image.frombytes("RGB", picture.size, bytes(out))


def expect(name, picture):
    picture.save(name + ".png", optimize=True)


def exif(orientation):
    e = Image.Exif()
    e[0x0112] = orientation
    return e.tobytes()


rgb, rgba = Image.frombytes("RGB", (W, H), pattern(3)), Image.frombytes("RGBA", (W, H), pattern(4))
rgb.save("colour.jpg", quality=85)
expect("colour.jpg", Image.open("colour.jpg"))
rgb.save("progressive.jpg", quality=60, progressive=True, exif=exif(8))
expect("progressive.jpg", Image.open("progressive.jpg").transpose(Image.Transpose.ROTATE_90))
rgb.convert("L").save("grey.jpg", quality=75)
expect("grey.jpg", Image.open("grey.jpg").convert("RGB"))
Image.frombytes("CMYK", (W, H), pattern(4)).save("cmyk.jpg", quality=90)
expect("cmyk.jpg", Image.open("cmyk.jpg").convert("RGB"))
rgb.save("lossy.webp", quality=80)
expect("lossy.webp", Image.open("lossy.webp").convert("RGB"))
rgb.save("lossless.webp", lossless=True)
expect("lossless.webp", rgb)
rgba.save("alpha.webp", quality=80)
expect("alpha.webp", over_white(Image.open("alpha.webp")))
rgba.save("alpha-lossless.webp", lossless=True, exact=True)
expect("alpha-lossless.webp", over_white(rgba))
rgb.save("turned.webp", lossless=True, exif=exif(6))
expect("turned.webp", rgb.transpose(Image.Transpose.ROTATE_270))
# An animation whose first frame has holes.
others = [Image.frombytes("RGBA", (W, H), pattern(4, step)) for step in (2, 3)]
rgba.save("animated.webp", save_all=True, append_images=others, lossless=True, exact=True, duration=50)
expect("animated.webp", over_white(rgba))
