//! The vertex stage: from the calls of a pass to batches of primitives, in order and of bounded size.
//! Source: three r183, `project_vertex`, `defaultnormal_vertex`, `displacementmap_vertex`, `points`.

use asset::scene::Side;
use glam::{DMat3, DMat4, Mat3, Mat4, Vec2, Vec3, Vec4};

use super::blend::Blend;
use super::eye::Eye;
use super::mesh::Mesh;
use super::prepare::{Object, Prepared};
use super::prim::{Corner, Prim, Projected, Screen, Weights, area};
use super::program::{Joined, Kind, Layout, Program, Shader};
use super::{Stop, Stopped};

/// Corner places a batch holds at most, and its floats of varyings: some 20 MB each.
const PRIMS_MAX: usize = 1 << 16;
const VARYINGS_MAX: usize = 1 << 22;
/// Elements processed between looks at the limits.
const CHUNK: usize = 3 << 13;

/// One draw call of a pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    pub(super) object: usize,
    pub(super) part: usize,
    /// Of the pass: transparent double-sided objects are drawn as two.
    pub(super) side: Side,
    /// `None` where blending is off.
    pub(super) blend: Option<Blend>,
}

/// What all primitives of a call share, or of one instance if those have colours.
#[derive(Debug)]
pub(super) struct Draw {
    pub(super) program: usize,
    pub(super) side: Side,
    pub(super) blend: Option<Blend>,
    pub(super) kind: Kind,
    /// The material's colour × the instance's.
    pub(super) colour: Vec3,
    pub(super) normal_matrix: Mat3,
    /// Lengths of the axes of the world matrix, for transmission.
    pub(super) scale: Mat3,
}

/// Primitives in the order they are drawn.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) draws: Vec<Draw>,
    pub(super) prims: Vec<Prim>,
    pub(super) varyings: Vec<f32>,
}

impl Batch {
    fn clear(&mut self) {
        self.draws.clear();
        self.prims.clear();
        self.varyings.clear();
    }

    fn is_full(&self) -> bool {
        self.prims.len() >= PRIMS_MAX || self.varyings.len() >= VARYINGS_MAX
    }
}

/// Where a pass has got to.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    prepared: &'a Prepared,
    eye: &'a Eye,
    screen: Screen,
    calls: &'a [Call],
    call: usize,
    instance: usize,
    element: usize,
    vertices: Vertices,
}

/// Vertices of a chunk, after the vertex stage.
#[derive(Debug, Default)]
struct Vertices {
    /// Vertex (or element, if each has its own) of the first corner.
    first: usize,
    per_element: bool,
    corners: Vec<Corner>,
    /// Diameter in pixels, of points.
    sizes: Vec<f32>,
}

impl<'a> Stage<'a> {
    pub(super) fn new(prepared: &'a Prepared, eye: &'a Eye, calls: &'a [Call]) -> Self {
        let screen = Screen::new(eye.size_px);
        let vertices = Vertices::default();
        Self { prepared, eye, screen, calls, call: 0, instance: 0, element: 0, vertices }
    }

    /// Fills a batch; false when there is nothing left after it.
    pub(super) fn fill(&mut self, batch: &mut Batch, stop: Stop<'_>) -> Result<bool, Stopped> {
        batch.clear();
        let calls = self.calls;
        while let Some(call) = calls.get(self.call) {
            let object = &self.prepared.objects[call.object];
            let Some(mesh) = &self.prepared.meshes[object.mesh] else {
                self.call += 1;
                continue;
            };
            let part = &object.parts[call.part];
            let program = &self.prepared.programs[part.program];
            let instances = object.copies.as_ref().map_or(1, |copies| copies.matrices.len());
            let has_colours = object.copies.as_ref().is_some_and(|c| c.colours.is_some());
            let matrices = Matrices::new(object, self.eye);
            let factor = if program.joined == Joined::Wireframe { 2 } else { 1 };
            let (start, end) = (part.range.start * factor, part.range.end * factor);
            let mut has_draw = false;
            while self.instance < instances {
                if batch.is_full() {
                    return Ok(true);
                }
                if stop() {
                    return Err(Stopped);
                }
                if has_colours || !has_draw {
                    batch.draws.push(draw(
                        call,
                        object,
                        program,
                        part.program,
                        &matrices,
                        self.instance,
                    ));
                    has_draw = true;
                }
                let instance = object.copies.as_ref().map(|copies| copies.matrices[self.instance]);
                let matrices = matrices.of_instance(instance);
                let front_is_clockwise = object.mirrored;
                while start + self.element < end {
                    if batch.is_full() {
                        return Ok(true);
                    }
                    if stop() {
                        return Err(Stopped);
                    }
                    let from = start + self.element;
                    let to = end.min(from + CHUNK);
                    let mut emit = Emit {
                        screen: &self.screen,
                        program,
                        side: call.side,
                        front_is_clockwise,
                        prepared: self.prepared,
                        batch,
                    };
                    emit.chunk(mesh, &matrices, &mut self.vertices, from..to, end);
                    self.element += CHUNK;
                }
                self.element = 0;
                self.instance += 1;
            }
            self.instance = 0;
            self.call += 1;
        }
        Ok(false)
    }
}

fn draw(
    call: &Call,
    object: &Object,
    program: &Program,
    program_idx: usize,
    matrices: &Matrices,
    instance: usize,
) -> Draw {
    let tint = object.copies.as_ref().and_then(|copies| copies.colours.as_ref()?.get(instance));
    Draw {
        program: program_idx,
        side: call.side,
        blend: call.blend,
        kind: program.kind(call.blend.is_some()),
        colour: program.colour * tint.copied().unwrap_or(Vec3::ONE),
        normal_matrix: matrices.normal,
        scale: Mat3::from_mat4(object.world.as_mat4()),
    }
}

/// Matrices of an object in a view, as uniforms: f32, made in double precision.
#[derive(Debug, Clone, Copy)]
struct Matrices {
    model_view: Mat4,
    normal: Mat3,
    projection: Mat4,
    instance: Option<Mat4>,
    size_px: [u32; 2],
}

impl Matrices {
    fn new(object: &Object, eye: &Eye) -> Self {
        let model_view: DMat4 = eye.view * object.world;
        let linear = DMat3::from_mat4(model_view);
        let normal = if linear.determinant() == 0.0 {
            Mat3::ZERO
        } else {
            linear.inverse().transpose().as_mat3()
        };
        Self {
            model_view: model_view.as_mat4(),
            normal,
            projection: eye.projection_f32,
            instance: None,
            size_px: eye.size_px,
        }
    }

    fn of_instance(&self, instance: Option<Mat4>) -> Self {
        Self { instance, ..*self }
    }

    fn normal(&self, normal: Vec3) -> Vec3 {
        let Some(instance) = &self.instance else { return self.normal * normal };
        let m = Mat3::from_mat4(*instance);
        let lengths = Vec3::new(
            m.x_axis.length_squared(),
            m.y_axis.length_squared(),
            m.z_axis.length_squared(),
        );
        self.normal * (m * (normal / lengths))
    }

    fn direction(&self, direction: Vec3) -> Vec3 {
        let direction = match &self.instance {
            Some(instance) => Mat3::from_mat4(*instance) * direction,
            None => direction,
        };
        Mat3::from_mat4(self.model_view) * direction
    }
}

/// Unit length. What has no direction is not a number, and spoils the whole primitive as it does in the original: light
/// has no direction there either.
fn unit(v: Vec3) -> Vec3 {
    v / v.length()
}

/// Appends to a batch.
struct Emit<'a> {
    screen: &'a Screen,
    program: &'a Program,
    side: Side,
    front_is_clockwise: bool,
    prepared: &'a Prepared,
    batch: &'a mut Batch,
}

impl Emit<'_> {
    /// Elements `range` of one instance; `end` is that of the part (a strip's last line reaches into the next chunk).
    fn chunk(
        &mut self,
        mesh: &Mesh,
        matrices: &Matrices,
        vertices: &mut Vertices,
        range: std::ops::Range<usize>,
        end: usize,
    ) {
        let joined = self.program.joined;
        // One more for strips.
        let reach = if joined == Joined::LineStrip { (range.end + 1).min(end) } else { range.end };
        self.transform(mesh, matrices, vertices, range.start..reach);
        let corner = |element: usize| vertices.corner(mesh, joined, element);
        let draw = (self.batch.draws.len() - 1) as u32;
        match joined {
            Joined::Triangles => {
                for first in range.step_by(3).filter(|first| first + 3 <= end) {
                    let corners = [corner(first), corner(first + 1), corner(first + 2)];
                    if let [Some(a), Some(b), Some(c)] = corners {
                        self.triangle([a, b, c], draw);
                    }
                }
            }
            Joined::Wireframe | Joined::Lines => {
                for first in range.step_by(2).filter(|first| first + 2 <= end) {
                    if let (Some(a), Some(b)) = (corner(first), corner(first + 1)) {
                        self.line(a, b, draw);
                    }
                }
            }
            Joined::LineStrip => {
                for first in range.filter(|first| first + 2 <= end) {
                    if let (Some(a), Some(b)) = (corner(first), corner(first + 1)) {
                        self.line(a, b, draw);
                    }
                }
            }
            Joined::Points => {
                for element in range {
                    if let Some(at) = corner(element) {
                        self.point(at, vertices.size(mesh, element), draw);
                    }
                }
            }
        }
    }

    /// Runs the vertex stage: over the span of vertices if the chunk is dense in it, else once per element.
    fn transform(
        &mut self,
        mesh: &Mesh,
        matrices: &Matrices,
        vertices: &mut Vertices,
        range: std::ops::Range<usize>,
    ) {
        vertices.corners.clear();
        vertices.sizes.clear();
        let joined = self.program.joined;
        let (mut low, mut high) = (usize::MAX, 0);
        for vertex in range.clone().filter_map(|element| mesh.vertex(element_of(joined, element))) {
            low = low.min(vertex);
            high = high.max(vertex + 1);
        }
        vertices.per_element = high.saturating_sub(low) > 2 * range.len();
        if vertices.per_element {
            vertices.first = range.start;
            for element in range {
                let vertex = mesh.vertex(element_of(joined, element)).unwrap_or(usize::MAX);
                self.vertex(mesh, matrices, vertices, vertex);
            }
        } else {
            vertices.first = low;
            for vertex in low..high {
                self.vertex(mesh, matrices, vertices, vertex);
            }
        }
    }

    fn vertex(&mut self, mesh: &Mesh, matrices: &Matrices, vertices: &mut Vertices, vertex: usize) {
        let program = self.program;
        let layout = &program.layout;
        let object = mesh.positions.get(vertex).copied().unwrap_or(Vec3::NAN);
        let mut position = object;
        let normal = mesh.normals.as_ref().and_then(|n| n.get(vertex)).copied().unwrap_or_default();
        let uv = |channel: usize| {
            mesh.uvs[channel].as_ref().and_then(|uv| uv.get(vertex)).copied().unwrap_or_default()
        };
        if let Some((map, scale, bias)) = &program.displacement {
            let at = map.point(uv(map.channel));
            let texture = &self.prepared.textures[map.texture];
            let height = texture.sample_level(&map.sampler, map.sampler.magnify, at, 0).x;
            position += normal / normal.length() * (height * scale + bias);
        }
        let local = position.extend(1.0);
        let placed = matrices.instance.map_or(local, |instance| instance * local);
        let seen = matrices.model_view * placed;
        let clip = matrices.projection * seen;
        let start = self.batch.varyings.len();
        let mut values = [0.0_f32; Layout::MAX];
        let mut put = |at: Option<usize>, from: &[f32]| {
            if let Some(at) = at {
                values[at..at + from.len()].copy_from_slice(from);
            }
        };
        let flip = if self.side == Side::Back { -1.0 } else { 1.0 };
        if layout.normal.is_some() {
            let n = unit(matrices.normal(normal) * flip);
            put(layout.normal, &n.to_array());
            if layout.tangent.is_some() {
                let tangent = mesh.tangents.as_ref().and_then(|t| t.get(vertex)).copied();
                let tangent = tangent.unwrap_or(Vec4::W);
                let t = unit(matrices.direction(tangent.truncate()) * flip);
                let b = unit(n.cross(t) * tangent.w);
                put(layout.tangent, &[t.x, t.y, t.z, b.x, b.y, b.z]);
            }
        }
        if let Shader::Basic(unlit) = &program.shader
            && let Some((mirror, _)) = &unlit.mirror
        {
            let n = unit(matrices.normal(normal) * flip);
            put(layout.mirrored, &mirror.direction(unit(seen.truncate()), n).to_array());
        }
        put(layout.position, &seen.truncate().to_array());
        for channel in 0..4 {
            if layout.uvs[channel].is_some() {
                put(layout.uvs[channel], &uv(channel).to_array());
            }
        }
        if layout.colour.is_some() {
            let colour = mesh.colours.as_ref().and_then(|c| c.get(vertex)).copied();
            put(layout.colour, &colour.unwrap_or(Vec4::W).to_array());
        }
        put(layout.object, &object.to_array());
        if layout.distance.is_some() {
            let distance = mesh.line_distances.as_ref().and_then(|d| d.get(vertex)).copied();
            let scale = if let Shader::Dashed { scale, .. } = program.shader { scale } else { 1.0 };
            put(layout.distance, &[scale * distance.unwrap_or_default()]);
        }
        self.batch.varyings.extend_from_slice(&values[..layout.len]);
        vertices.corners.push(Corner { clip, varyings: start as u32 });
        if program.joined == Joined::Points {
            vertices.sizes.push(match program.point_size {
                Some((size, true)) => size * (matrices.size_px[1] as f32 * 0.5 / -seen.z),
                Some((size, false)) => size,
                None => 1.0,
            });
        }
    }

    fn triangle(&mut self, corners: [Corner; 3], draw: u32) {
        let clipped = Clipped::new(&corners, self.program.layout.len, &mut self.batch.varyings);
        let Some(clipped) = clipped else { return };
        let (projected, count) = clipped.projected(self.screen);
        for i in 1..count.saturating_sub(1) {
            let triangle = [&projected[0], &projected[i], &projected[i + 1]];
            let turn = self.screen.area_f32(triangle);
            // Where rounding turns a sliver over, the original finds nothing inside of it.
            if turn == 0.0 || (turn < 0.0) != (area(triangle) < 0) {
                continue;
            }
            let is_front = (turn < 0.0) != self.front_is_clockwise;
            let is_culled = match self.side {
                Side::Front => !is_front,
                Side::Back => is_front,
                Side::Double => false,
            };
            if is_culled {
                continue;
            }
            let mut weights = Weights::of_triangle(triangle);
            if let Some(offset) = self.program.depth.offset {
                let farthest =
                    triangle.iter().map(|corner| corner.depth * 0.5 + 0.5).fold(0.0, f32::max);
                weights.offset_depth(offset.factor, offset.units, farthest);
            }
            let corners = triangle.map(|corner| *corner);
            self.batch.prims.extend(Prim::new(self.screen, &corners, weights, draw, is_front));
        }
    }

    /// A quad of width 1 px around the line, with its ends square.
    fn line(&mut self, mut from: Corner, mut to: Corner, draw: u32) {
        if !from.clip.is_finite() || !to.clip.is_finite() {
            return;
        }
        // What lies before the near plane has no place on the screen.
        let near = |corner: &Corner| corner.clip.z + corner.clip.w;
        let (a, b) = (near(&from), near(&to));
        if a < 0.0 && b < 0.0 {
            return;
        }
        let len = self.program.layout.len;
        if a < 0.0 {
            from = between(&from, &to, a, b, len, &mut self.batch.varyings);
        } else if b < 0.0 {
            to = between(&to, &from, b, a, len, &mut self.batch.varyings);
        }
        let half = 0.5 * self.screen.size();
        let place =
            |corner: &Corner| Vec2::new(corner.clip.x, corner.clip.y) / corner.clip.w * half;
        let along = place(&to) - place(&from);
        let length = along.length();
        if length == 0.0 || !length.is_finite() {
            return;
        }
        let across = Vec2::new(-along.y, along.x) * (0.5 / length) / half;
        let shifted = |corner: &Corner, sign: f32| {
            let by = across * corner.clip.w * sign;
            Corner { clip: corner.clip + Vec4::new(by.x, by.y, 0.0, 0.0), ..*corner }
        };
        let quad =
            [shifted(&from, 1.0), shifted(&to, 1.0), shifted(&to, -1.0), shifted(&from, -1.0)];
        let ends = [from, to].map(|corner| self.screen.project(&corner));
        let weights = Weights::of_line(&ends[0], &ends[1]);
        self.quad(&quad, weights, draw);
    }

    /// A square of some pixels around the point.
    fn point(&mut self, at: Corner, size: f32, draw: u32) {
        if !at.clip.is_finite() || at.clip.w <= 0.0 {
            return;
        }
        let size = size.max(1.0).min(1023.0);
        let size_px = self.screen.size();
        let reach = Vec2::splat(size) / size_px * at.clip.w;
        let shifted = |x: f32, y: f32| {
            let by = reach * Vec2::new(x, y);
            Corner { clip: at.clip + Vec4::new(by.x, by.y, 0.0, 0.0), ..at }
        };
        let quad = [shifted(-1.0, 1.0), shifted(1.0, 1.0), shifted(1.0, -1.0), shifted(-1.0, -1.0)];
        let centre = self.screen.project(&at);
        let weights = Weights::of_point(&centre, size);
        self.quad(&quad, weights, draw);
    }

    fn quad(&mut self, quad: &[Corner; 4], weights: Weights, draw: u32) {
        // Weights are those of the whole, so that no new values are needed where it is cut.
        let Some(clipped) = Clipped::new(quad, 0, &mut self.batch.varyings) else { return };
        let (projected, count) = clipped.projected(self.screen);
        if count == 4 {
            let corners = &projected[..4];
            self.batch.prims.extend(Prim::new(self.screen, corners, weights, draw, true));
            return;
        }
        for i in 1..count.saturating_sub(1) {
            let triangle = [projected[0], projected[i], projected[i + 1]];
            self.batch.prims.extend(Prim::new(self.screen, &triangle, weights, draw, true));
        }
    }
}

/// The element of the geometry behind one of the wireframe's: three lines a triangle.
fn element_of(joined: Joined, element: usize) -> usize {
    if joined == Joined::Wireframe {
        element / 6 * 3 + [0, 1, 1, 2, 2, 0][element % 6]
    } else {
        element
    }
}

impl Vertices {
    fn slot(&self, mesh: &Mesh, joined: Joined, element: usize) -> Option<usize> {
        let key =
            if self.per_element { element } else { mesh.vertex(element_of(joined, element))? };
        key.checked_sub(self.first)
    }

    fn corner(&self, mesh: &Mesh, joined: Joined, element: usize) -> Option<Corner> {
        self.corners.get(self.slot(mesh, joined, element)?).copied()
    }

    fn size(&self, mesh: &Mesh, element: usize) -> f32 {
        let slot = self.slot(mesh, Joined::Points, element);
        slot.and_then(|slot| self.sizes.get(slot)).copied().unwrap_or(1.0)
    }
}

/// A convex polygon inside the frustum.
struct Clipped {
    corners: [Corner; Self::MAX],
    len: usize,
}

impl Clipped {
    /// Four corners and one more for each plane.
    const MAX: usize = 10;
    /// Inside where the sum with these factors is not negative. Near and far first, as in the original.
    const PLANES: [Vec4; 6] = [
        Vec4::new(0.0, 0.0, 1.0, 1.0),
        Vec4::new(0.0, 0.0, -1.0, 1.0),
        Vec4::new(1.0, 0.0, 0.0, 1.0),
        Vec4::new(-1.0, 0.0, 0.0, 1.0),
        Vec4::new(0.0, -1.0, 0.0, 1.0),
        Vec4::new(0.0, 1.0, 0.0, 1.0),
    ];

    /// Cuts a polygon; new corners get `len` values between those of their neighbours.
    fn new(corners: &[Corner], len: usize, varyings: &mut Vec<f32>) -> Option<Self> {
        let (mut all, mut any) = (u8::MAX, 0);
        for corner in corners {
            if !corner.clip.is_finite() {
                return None;
            }
            let c = corner.clip;
            let code = u8::from(c.z < -c.w)
                | u8::from(c.z > c.w) << 1
                | u8::from(c.x < -c.w) << 2
                | u8::from(c.x > c.w) << 3
                | u8::from(c.y > c.w) << 4
                | u8::from(c.y < -c.w) << 5;
            all &= code;
            any |= code;
        }
        if all != 0 {
            return None;
        }
        let mut polygon = Self { corners: [corners[0]; Self::MAX], len: corners.len() };
        polygon.corners[..corners.len()].copy_from_slice(corners);
        for (bit, plane) in Self::PLANES.iter().enumerate() {
            if any & (1 << bit) != 0 {
                polygon = polygon.cut(*plane, len, varyings);
            }
        }
        let is_sound = polygon.corners().iter().all(|c| c.clip.w > 0.0 && c.clip.is_finite());
        (polygon.len >= 3 && is_sound).then_some(polygon)
    }

    fn corners(&self) -> &[Corner] {
        &self.corners[..self.len]
    }

    /// The corners on the screen, and how many there are.
    fn projected(&self, screen: &Screen) -> ([Projected; Self::MAX], usize) {
        let mut out = [screen.project(&self.corners[0]); Self::MAX];
        for (out, corner) in out.iter_mut().zip(self.corners()).skip(1) {
            *out = screen.project(corner);
        }
        (out, self.len)
    }

    fn cut(&self, plane: Vec4, len: usize, varyings: &mut Vec<f32>) -> Self {
        let mut out = Self { corners: self.corners, len: 0 };
        for i in 0..self.len {
            let (here, next) = (&self.corners[i], &self.corners[(i + 1) % self.len]);
            let (a, b) = (plane.dot(here.clip), plane.dot(next.clip));
            if a >= 0.0 {
                out.push(*here);
                if b < 0.0 {
                    out.push(between(next, here, b, a, len, varyings));
                }
            } else if b >= 0.0 {
                out.push(between(here, next, a, b, len, varyings));
            }
        }
        out
    }

    fn push(&mut self, corner: Corner) {
        // A convex polygon gains at most one corner a plane; rounding cannot make it more than the array holds.
        if let Some(slot) = self.corners.get_mut(self.len) {
            *slot = corner;
            self.len += 1;
        }
    }
}

/// The corner where a plane is crossed, between distances `a` < 0 (outside) and `b` ≥ 0.
fn between(
    outside: &Corner,
    inside: &Corner,
    a: f32,
    b: f32,
    len: usize,
    varyings: &mut Vec<f32>,
) -> Corner {
    let t = a / (a - b);
    let clip = outside.clip + (inside.clip - outside.clip) * t;
    let start = varyings.len();
    for i in 0..len {
        let (p, q) =
            (varyings[outside.varyings as usize + i], varyings[inside.varyings as usize + i]);
        varyings.push(p + (q - p) * t);
    }
    Corner { clip, varyings: start as u32 }
}
