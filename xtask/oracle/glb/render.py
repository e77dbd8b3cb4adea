"""Reference pictures of GLB files: trimesh and pyrender, set up as the mesh service of competition 1 did.

    PYOPENGL_PLATFORM=egl python render.py OUT.png IN.glb [--view THETA]

Source of the set-up: rendering specification, part C. Without --view the picture is the grid of four views.
"""

import io
import math
import sys

import numpy as np

if not hasattr(np, "infty"):
    np.infty = np.inf  # pyrender 0.1.45 is older than numpy 2

import pyrender
import trimesh
from OpenGL import GL
from PIL import Image

SIZE = 518
GAP = 5
THETAS = [24, 120, 216, 312]
PHI = -15
RADIUS = 2.0
FOV = 49.1
LIMIT = 0.6


def load(data):
    """The only mesh of the file, checked."""
    scene = trimesh.load(io.BytesIO(data), file_type="glb")
    parts = list(scene.geometry.values())
    if len(parts) != 1:
        raise ValueError(f"GLB file contains {len(parts)} objects (expected 1)")
    if not isinstance(parts[0], trimesh.Trimesh):
        raise ValueError(f"GLB file contains non-mesh object: {parts[0]}")
    if parts[0].vertices.max() > LIMIT or parts[0].vertices.min() < -LIMIT:
        raise ValueError("Model exceeds unit cube size constraint")
    return parts[0]


def prepare(part):
    mesh = pyrender.Mesh.from_trimesh(part)
    for primitive in mesh.primitives:
        material = primitive.material
        material.doubleSided = False
        material.alphaMode = "BLEND"
        names = ["baseColorTexture", "metallicRoughnessTexture", "normalTexture",
                 "occlusionTexture", "emissiveTexture"]
        for name in names:
            texture = getattr(material, name)
            if texture is not None:
                texture.sampler.minFilter = GL.GL_LINEAR
                texture.sampler.magFilter = GL.GL_LINEAR
                texture.sampler.wrapS = GL.GL_REPEAT
                texture.sampler.wrapT = GL.GL_REPEAT
    return mesh


def pose(eye):
    """Camera to world, looking from `eye` at the origin."""
    back = eye / np.linalg.norm(eye)
    right = np.cross([0.0, 1.0, 0.0], back)
    right /= np.linalg.norm(right)
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2] = right, np.cross(back, right), back
    matrix[:3, 3] = eye
    return matrix


def view(mesh, theta, raw=False):
    theta, phi = math.radians(theta), math.radians(PHI)
    eye = RADIUS * np.array([math.cos(phi) * math.sin(theta), -math.sin(phi), math.cos(phi) * math.cos(theta)])
    scene = pyrender.Scene(bg_color=[1.0, 1.0, 1.0], ambient_light=[0.3, 0.3, 0.3])
    scene.add(mesh)
    scene.add(pyrender.PerspectiveCamera(yfov=math.radians(FOV), aspectRatio=1.0, znear=0.05), pose=pose(eye))
    scene.add(pyrender.DirectionalLight(color=np.ones(3), intensity=6.0), pose=pose(eye + np.array([1.0, 1.0, 0.0])))
    renderer = pyrender.OffscreenRenderer(2 * SIZE, 2 * SIZE)
    try:
        colour, _ = renderer.render(scene)
    finally:
        renderer.delete()
    picture = Image.fromarray(colour)
    return picture if raw else picture.resize((SIZE, SIZE), Image.LANCZOS)


def main():
    out, source, *rest = sys.argv[1:]
    with open(source, "rb") as file:
        mesh = prepare(load(file.read()))
    if rest[:1] == ["--raw"]:
        view(mesh, float(rest[1]), raw=True).save(out)
    elif rest[:1] == ["--view"]:
        view(mesh, float(rest[1])).save(out)
    else:
        side = 2 * SIZE + GAP
        grid = Image.new("RGB", (side, side))
        for cell, theta in enumerate(THETAS):
            row, column = divmod(cell, 2)
            grid.paste(view(mesh, theta), (column * (SIZE + GAP), row * (SIZE + GAP)))
        grid.save(out)


main()
