"""A small generator: the object of a picture as coloured blocks, thick in the middle and thin at the rim.

    blocks.py PICTURE OUTPUT SEED KIND

KIND is what to make: splats (PLY), mesh (GLB) or module (a Three.js module). The same picture and seed give the same
bytes. Exit status 0: OUTPUT is written. 65: the picture is bad. Anything else: it failed; the last words on standard
error say why. It stands for your model: keep the command line, replace what is between `read` and `WRITERS`.
"""

import io
import json
import math
import random
import statistics
import struct
import sys

from PIL import Image, ImageOps

BAD_PICTURE = 65
GRID = 48  # blocks along the longest side
PIXELS_MAX = 64_000_000
SH_C0 = 0.28209479177387814  # constant of spherical harmonics of degree 0

Image.MAX_IMAGE_PIXELS = PIXELS_MAX


def read(path):
    """Colours of the grid's cells by (x, y), y down; cells of the background are left out."""
    with Image.open(path) as image:
        if image.width * image.height > PIXELS_MAX:
            raise ValueError("more than 64 megapixels")
        picture = ImageOps.exif_transpose(image).convert("RGBA")
    picture.thumbnail((8 * GRID, 8 * GRID))
    if picture.getextrema()[3][0] == 255:
        picture.putalpha(mask_of(picture))
    box = picture.getchannel("A").point(lambda alpha: 255 if alpha > 127 else 0).getbbox()
    if box is None:
        raise ValueError("the picture is transparent")
    picture = picture.crop(box)
    scale = GRID / max(picture.size)
    small = picture.resize([max(1, round(side * scale)) for side in picture.size], Image.Resampling.BOX)
    cells = {}
    for y in range(small.height):
        for x in range(small.width):
            *colour, alpha = small.getpixel((x, y))
            if alpha > 127:
                cells[x, y] = tuple(colour)
    # Too thin for a cell: then all of its box is the object.
    return cells or {(x, y): small.getpixel((x, y))[:3] for x in range(small.width) for y in range(small.height)}


def mask_of(picture):
    """Alpha of an opaque picture: what differs from the middle colour of its rim."""
    width, height = picture.size
    rim = [(x, y) for x in range(width) for y in (0, height - 1)]
    rim += [(x, y) for x in (0, width - 1) for y in range(height)]
    middle = [statistics.median_low(picture.getpixel(at)[c] for at in rim) for c in range(3)]
    mask = Image.new("L", picture.size)
    for y in range(height):
        for x in range(width):
            distance = sum(abs(a - b) for a, b in zip(picture.getpixel((x, y)), middle))
            mask.putpixel((x, y), 255 if distance > 60 else 0)
    # Nothing stands out: then everything is the object.
    return mask if mask.getbbox() else Image.new("L", picture.size, 255)


def depths(cells, seed):
    """Half the thickness of each cell, in cells: grows with the way to the rim. The seed says how fast."""
    bulge = random.Random(seed).uniform(0.8, 1.2)
    distance, front, step = {}, set(cells), 0
    while front:
        step += 1
        beside = [(-1, 0), (1, 0), (0, -1), (0, 1)]
        rim = {(x, y) for x, y in front if any((x + i, y + j) not in front for i, j in beside)}
        for at in rim:
            distance[at] = step
        front -= rim
    return {at: max(1, round(bulge * 1.6 * step**0.7)) for at, step in distance.items()}


def blocks(cells, seed):
    """Boxes in metres: lowest corner, highest corner, colour. The longest side of all together is 0.98."""
    thick = depths(cells, seed)
    width, height = (1 + max(at[axis] for at in cells) for axis in (0, 1))
    cell = 0.98 / max(width, height, 2 * max(thick.values()))
    for (x, y), colour in sorted(cells.items()):
        left, top, half = (x - width / 2) * cell, (height / 2 - y) * cell, thick[x, y] * cell
        yield (left, top - cell, -half), (left + cell, top, half), colour


def quads(cells, seed):
    """What is seen of the blocks: a corner, two edges, the way out, a colour."""
    boxes = {}
    for low, high, colour in blocks(cells, seed):
        boxes[round(low[0], 6), round(high[1], 6)] = (low, high, colour)
    for low, high, colour in boxes.values():
        (x, y, back), (right, top, front) = low, high
        cell = right - x
        yield (x, y, front), (cell, 0, 0), (0, cell, 0), (0, 0, 1), colour
        yield (right, y, back), (-cell, 0, 0), (0, cell, 0), (0, 0, -1), colour
        for i, j in [(-1, 0), (1, 0), (0, -1), (0, 1)]:
            beside = boxes.get((round(x + i * cell, 6), round(top + j * cell, 6)))
            reach = beside[1][2] if beside else 0.0
            if reach >= front:
                continue
            # Both parts that stand out beyond the neighbour, or the whole side.
            for near, far in [(reach, front), (back, -reach)] if beside else [(back, front)]:
                depth = (0, 0, far - near)
                if i:
                    corner = (right if i > 0 else x, y, far if i > 0 else near)
                    yield corner, (0, 0, -i * depth[2]), (0, cell, 0), (i, 0, 0), colour
                else:
                    corner = (x, top if j > 0 else y, far if j > 0 else near)
                    yield corner, (cell, 0, 0), (0, 0, -j * depth[2]), (0, j, 0), colour


def splats(cells, seed):
    """3DGS PLY: flat splats on every face."""
    names = "x y z f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3".split()
    rows, step = [], 0.5 * 0.98 / GRID
    for corner, edge, other, out, colour in quads(cells, seed):
        n, m = (max(1, round(sum(map(abs, side)) / step)) for side in (edge, other))
        shade = [(channel / 255 - 0.5) / SH_C0 for channel in colour]
        # Logarithms of standard deviations: thin across the face.
        scales = [-9.2 if axis else -5.0 for axis in out]
        for i in range(n):
            for j in range(m):
                at = [c + e * (i + 0.5) / n + o * (j + 0.5) / m for c, e, o in zip(corner, edge, other)]
                rows.append(struct.pack("<14f", *at, *shade, 4.0, *scales, 1, 0, 0, 0))
    properties = "".join(f"property float {name}\n" for name in names)
    header = f"ply\nformat binary_little_endian 1.0\nelement vertex {len(rows)}\n{properties}end_header\n"
    return header.encode() + b"".join(rows)


def mesh(cells, seed):
    """GLB: one mesh, one texture with a pixel for each colour."""
    faces = list(quads(cells, seed))
    palette = sorted({face[-1] for face in faces})
    side = math.ceil(math.sqrt(len(palette)))
    texture, place = Image.new("RGB", (side, side)), {}
    for idx, colour in enumerate(palette):
        texture.putpixel((idx % side, idx // side), colour)
        place[colour] = ((idx % side + 0.5) / side, (idx // side + 0.5) / side)
    positions, normals, texels, indices = [], [], [], []
    for corner, edge, other, out, colour in faces:
        start = len(positions)
        for u, v in [(0, 0), (1, 0), (1, 1), (0, 1)]:
            positions.append([c + u * e + v * o for c, e, o in zip(corner, edge, other)])
        normals += [out] * 4
        texels += [place[colour]] * 4
        indices += [start + k for k in (0, 1, 2, 0, 2, 3)]
    png = io.BytesIO()
    texture.save(png, "PNG")
    floats = [struct.pack(f"<{len(row)}f", *row) for part in (positions, normals, texels) for row in part]
    n = len(positions)
    sizes = [12 * n, 12 * n, 8 * n, 4 * len(indices), len(png.getvalue())]
    data = b"".join(floats) + struct.pack(f"<{len(indices)}I", *indices) + png.getvalue()
    data += b"\0" * (-len(data) % 4)
    starts = [sum(sizes[:k]) for k in range(5)]
    single = [struct.unpack("<3f", struct.pack("<3f", *row)) for row in positions]
    bounds = {"min": [min(c) for c in zip(*single)], "max": [max(c) for c in zip(*single)]}
    parts = [(5126, n, "VEC3", bounds), (5126, n, "VEC3", {}), (5126, n, "VEC2", {}), (5125, len(indices), "SCALAR", {})]
    shine = {"baseColorTexture": {"index": 0}, "metallicFactor": 0, "roughnessFactor": 0.9}
    attributes = {"POSITION": 0, "NORMAL": 1, "TEXCOORD_0": 2}
    document = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": attributes, "indices": 3, "material": 0}]}],
        "materials": [{"pbrMetallicRoughness": shine}],
        "textures": [{"source": 0, "sampler": 0}],
        "samplers": [{"magFilter": 9728, "minFilter": 9728}],
        "images": [{"bufferView": 4, "mimeType": "image/png"}],
        "accessors": [
            {"bufferView": k, "componentType": word, "count": count, "type": shape, **more}
            for k, (word, count, shape, more) in enumerate(parts)
        ],
        "bufferViews": [{"buffer": 0, "byteOffset": at, "byteLength": size} for at, size in zip(starts, sizes)],
        "buffers": [{"byteLength": len(data)}],
    }
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(data), 0x004E4942) + data
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


MODULE = """\
// Blocks in the shape and colours of a picture: each is x, y, half the thickness, colour.
export default function (THREE) {
  const blocks = '@BLOCKS@'.split(' ');
  const cell = @CELL@;
  const material = new THREE.MeshStandardMaterial({ roughness: 0.9 });
  const mesh = new THREE.InstancedMesh(new THREE.BoxGeometry(1, 1, 1), material, blocks.length);
  const matrix = new THREE.Matrix4();
  const colour = new THREE.Color();
  for (let i = 0; i < blocks.length; i++) {
    const [x, y, half] = [0, 2, 4].map((at) => parseInt(blocks[i].slice(at, at + 2), 36));
    matrix.makeScale(cell, cell, 2 * half * cell);
    matrix.setPosition((x + 0.5) * cell - @LEFT@, @TOP@ - (y + 0.5) * cell, 0);
    mesh.setMatrixAt(i, matrix);
    mesh.setColorAt(i, colour.setHex(parseInt(blocks[i].slice(6), 16)));
  }
  return mesh;
}
"""


def module(cells, seed):
    """A Three.js module: one instanced box."""
    thick = depths(cells, seed)
    width, height = (1 + max(at[axis] for at in cells) for axis in (0, 1))
    cell = 0.98 / max(width, height, 2 * max(thick.values()))
    packed = " ".join(
        base36(x) + base36(y) + base36(thick[x, y]) + "".join(f"{c:02x}" for c in colour)
        for (x, y), colour in sorted(cells.items())
    )
    places = {"BLOCKS": packed, "CELL": cell, "LEFT": width / 2 * cell, "TOP": height / 2 * cell}
    text = MODULE
    for name, value in places.items():
        text = text.replace(f"@{name}@", str(value))
    return text.encode()


def base36(number):
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return digits[number // 36] + digits[number % 36]


WRITERS = {"splats": splats, "mesh": mesh, "module": module}


def main(picture, output, seed, kind):
    try:
        cells = read(picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        print(error, file=sys.stderr)
        return BAD_PICTURE
    print("progress 0.5 blocks are placed", file=sys.stderr, flush=True)
    model = WRITERS[kind](cells, int(seed))
    with open(output, "wb") as file:
        file.write(model)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
