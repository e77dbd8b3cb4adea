"""The GLB files that the mesh pictures are drawn of, one matter each.

    python models.py FOLDER
"""

import io
import json
import math
import struct
import sys

import numpy as np
from PIL import Image

RANDOM = np.random.default_rng(5)
U8, U32, F32 = 5121, 5125, 5126


class Glb:
    def __init__(self):
        self.binary = b""
        self.json = {
            "asset": {"version": "2.0"},
            "bufferViews": [],
            "accessors": [],
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            "nodes": [{"mesh": 0}],
        }

    def view(self, data):
        self.binary += b"\0" * (-len(self.binary) % 4)
        self.json["bufferViews"].append({"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)})
        self.binary += data
        return len(self.json["bufferViews"]) - 1

    def accessor(self, values, kind, component, **more):
        values = np.ascontiguousarray(values)
        entry = {"bufferView": self.view(values.tobytes()), "componentType": component, "count": len(values), "type": kind}
        self.json["accessors"].append(entry | more)
        return len(self.json["accessors"]) - 1

    def texture(self, picture):
        data = io.BytesIO()
        picture.save(data, "PNG")
        images = self.json.setdefault("images", [])
        images.append({"bufferView": self.view(data.getvalue()), "mimeType": "image/png"})
        self.json.setdefault("textures", []).append({"source": len(images) - 1})
        return {"index": len(images) - 1}

    def primitive(self, positions, normals=None, uvs=None, triangles=None, colours=None, material=None, mode=4):
        bounds = {"min": positions.min(0).tolist(), "max": positions.max(0).tolist()}
        attributes = {"POSITION": self.accessor(positions, "VEC3", F32, **bounds)}
        if normals is not None:
            attributes["NORMAL"] = self.accessor(normals, "VEC3", F32)
        if uvs is not None:
            attributes["TEXCOORD_0"] = self.accessor(uvs, "VEC2", F32)
        if colours is not None:
            attributes["COLOR_0"] = self.accessor(colours, "VEC4", U8, normalized=True)
        primitive = {"attributes": attributes, "mode": mode}
        if triangles is not None:
            primitive["indices"] = self.accessor(triangles.reshape(-1), "SCALAR", U32)
        if material is not None:
            self.json["materials"] = [material]
            primitive["material"] = 0
        self.json["meshes"] = [{"primitives": [primitive]}]

    def save(self, path):
        self.json["buffers"] = [{"byteLength": len(self.binary)}]
        text = json.dumps(self.json, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        binary = self.binary + b"\0" * (-len(self.binary) % 4)
        with open(path, "wb") as file:
            file.write(struct.pack("<4sII", b"glTF", 2, 28 + len(text) + len(binary)))
            for kind, chunk in ((b"JSON", text), (b"BIN\0", binary)):
                file.write(struct.pack("<I4s", len(chunk), kind) + chunk)


def torus(ring=0.3, tube=0.15, n=32, m=16):
    positions, normals, uvs, triangles = [], [], [], []
    for i in range(n + 1):
        a = 2 * math.pi * i / n
        for j in range(m + 1):
            b = 2 * math.pi * j / m
            normal = (math.cos(a) * math.cos(b), math.sin(b), math.sin(a) * math.cos(b))
            positions.append((ring * math.cos(a) + tube * normal[0], tube * normal[1], ring * math.sin(a) + tube * normal[2]))
            normals.append(normal)
            uvs.append((3 * i / n, 2 * j / m))
    for i in range(n):
        for j in range(m):
            a = i * (m + 1) + j
            triangles += [(a, a + 1, a + m + 2), (a, a + m + 2, a + m + 1)]
    return np.array(positions, "f4"), np.array(normals, "f4"), np.array(uvs, "f4"), np.array(triangles, "u4")


def box(half=0.4):
    positions, normals, uvs, triangles = [], [], [], []
    for axis in range(3):
        for sign in (-1, 1):
            normal, u = np.zeros(3), np.zeros(3)
            normal[axis], u[(axis + 1) % 3] = sign, sign
            v, first = np.cross(normal, u), len(positions)
            for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                positions.append(half * (normal + x * u + y * v))
                normals.append(normal)
                uvs.append(((x + 1) / 2, (1 - y) / 2))
            triangles += [(first, first + 1, first + 2), (first, first + 2, first + 3)]
    return np.array(positions, "f4"), np.array(normals, "f4"), np.array(uvs, "f4"), np.array(triangles, "u4")


def noise(side, channels, low=0, high=255):
    values = RANDOM.integers(low, high + 1, (8, 8, channels), dtype=np.uint8)
    picture = Image.fromarray(values.squeeze() if channels == 1 else values)
    return picture.resize((side, side), Image.BICUBIC)


def factors(glb):
    """Metal, emission (squared), a node that moves (ignored), a base colour between two bytes."""
    positions, normals, _, triangles = torus()
    pbr = {"baseColorFactor": [0.8, 0.31, 0.17, 1], "metallicFactor": 0.9, "roughnessFactor": 0.35}
    glb.primitive(positions, normals, None, triangles, material={"pbrMetallicRoughness": pbr, "emissiveFactor": [0.3, 0.2, 0]})
    glb.json["nodes"][0]["translation"] = [5, 0, 0]


def colours(glb):
    """Vertex colours without material, and normals that have to be made."""
    positions, _, _, triangles = torus()
    values = np.concatenate([RANDOM.random((len(positions), 3)) * 255, np.full((len(positions), 1), 255)], 1).astype("u1")
    glb.primitive(positions, None, None, triangles, values)


def textures(glb):
    positions, normals, uvs, triangles = torus()
    pbr = {
        "baseColorTexture": glb.texture(noise(32, 3)),
        "metallicRoughnessTexture": glb.texture(noise(16, 3)),
        "metallicFactor": 0.8,
        "roughnessFactor": 0.9,
    }
    material = {
        "pbrMetallicRoughness": pbr,
        "emissiveTexture": glb.texture(noise(16, 3)),
        "emissiveFactor": [0.6, 0.5, 0.4],
        "occlusionTexture": glb.texture(noise(16, 1, 80)),
    }
    glb.primitive(positions, normals, uvs, triangles, material=material)


def normal_map(glb):
    positions, normals, uvs, triangles = box()
    y, x = np.mgrid[:32, :32] / 32 * 2 * np.pi * 3
    nx, ny = 0.6 * np.cos(x), 0.4 * np.sin(y)
    values = np.stack([nx, ny, np.sqrt(1 - nx**2 - ny**2)], -1)
    picture = Image.fromarray(((values * 0.5 + 0.5) * 255).round().astype("u1"))
    pbr = {"baseColorFactor": [0.6, 0.7, 0.8, 1], "metallicFactor": 0.2, "roughnessFactor": 0.5}
    glb.primitive(positions, normals, uvs, triangles, material={"pbrMetallicRoughness": pbr, "normalTexture": glb.texture(picture)})


def alpha(glb):
    """A box in a torus, both clear: blended in the order of the triangles though the file says neither."""
    (p, n, u, t), (p2, n2, u2, t2) = torus(), box(0.25)
    pbr = {"baseColorFactor": [1, 0.9, 0.8, 0.8], "baseColorTexture": glb.texture(noise(32, 4, 60)), "metallicFactor": 0, "roughnessFactor": 0.6}
    material = {"pbrMetallicRoughness": pbr, "alphaMode": "OPAQUE", "doubleSided": True}
    joined = [np.concatenate(pair) for pair in ((p2, p), (n2, n), (u2, u), (t2, t + len(p2)))]
    glb.primitive(*joined, material=material)


def strip(glb):
    """A strip without indices, normals and material, open at both ends: nothing is seen of its inside."""
    a = np.arange(65) / 64 * 2 * np.pi
    ring = [np.stack([0.5 * np.cos(a), np.full(65, y), 0.5 * np.sin(a)], 1) for y in (0.2, -0.2)]
    glb.primitive(np.stack(ring, 1).reshape(-1, 3).astype("f4"), mode=5)


def slivers(glb):
    """Triangles in all directions, through each other."""
    triangles = RANDOM.integers(0, 200, (120, 3)).astype("u4")
    positions = ((RANDOM.random((200, 3)) - 0.5) * 1.1).astype("f4")
    pbr = {"baseColorFactor": [0.2, 0.6, 0.3, 1], "metallicFactor": 0, "roughnessFactor": 0.8}
    glb.primitive(positions, None, None, triangles, material={"pbrMetallicRoughness": pbr})


for make in (factors, colours, textures, normal_map, alpha, strip, slivers):
    model = Glb()
    make(model)
    model.save(f"{sys.argv[1]}/{make.__name__}.glb")
