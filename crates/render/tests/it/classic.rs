//! The set-up of the mesh competition, on models made by hand. Facts: rendering specification part C.

use image::RgbaImage;
use proptest::prelude::*;
use render::classic::{self, Material, Model, ModelError, ModelParts, Texture};
use render::{Lens, View};

const FRONT: View = View { theta_deg: 0.0, phi_deg: 0.0 };

/// A square across the z axis, as wide as `half` to each side, seen from +Z.
fn square(half: f32, z: f32) -> ModelParts {
    ModelParts {
        positions: vec![[-half, -half, z], [half, -half, z], [half, half, z], [-half, half, z]],
        triangles: vec![[0, 1, 2], [0, 2, 3]],
        ..ModelParts::default()
    }
}

fn joined(first: ModelParts, second: ModelParts) -> ModelParts {
    let mut joined = first;
    let offset = joined.positions.len() as u32;
    joined.positions.extend(second.positions);
    joined.triangles.extend(second.triangles.iter().map(|t| t.map(|v| v + offset)));
    joined
}

fn draw(parts: ModelParts, size: u32) -> RgbaImage {
    let model = Model::new(parts).unwrap();
    classic::draw(&model, FRONT, Lens::competition(size), [255; 3], &|| false).unwrap()
}

fn middle(picture: &RgbaImage) -> [u8; 3] {
    let [r, g, b, _] = picture.get_pixel(picture.width() / 2, picture.height() / 2).0;
    [r, g, b]
}

/// Light from everywhere and the lamp on a rough surface without metal, by the formulas of §C.4 in double precision.
#[test]
fn a_plain_surface_is_as_bright_as_the_formulas_say() {
    let (base, roughness, metallic) = (0.3_f64, 0.8_f64, 0.2_f64);
    let eye = [0.0, 0.0, 2.0_f64];
    let to_light = [1.0, 1.0, 2.0].map(|c| c / 6.0_f64.sqrt());
    let half = {
        let sum = [to_light[0], to_light[1], to_light[2] + 1.0];
        let length = sum.iter().map(|c| c * c).sum::<f64>().sqrt();
        sum.map(|c| c / length)
    };
    let (nl, nv, nh, vh) = (to_light[2], 1.0, half[2], half[2]);
    let f0 = 0.04 * (1.0 - metallic) + base * metallic;
    let away = 1.0 - vh;
    let fresnel = f0 + (1.0 - f0) * away * away * away * away * away;
    let k = (roughness + 1.0) * (roughness + 1.0) / 8.0;
    let shadow = nv / (nv * (1.0 - k) + k) * nl / (nl * (1.0 - k) + k);
    let a2 = roughness * roughness * roughness * roughness;
    let spread = nh * nh * (a2 - 1.0) + 1.0;
    let facets = a2 / (std::f64::consts::PI * spread * spread);
    let diffuse = (1.0 - fresnel) * base * 0.96 * (1.0 - metallic) / std::f64::consts::PI;
    let specular = fresnel * shadow * facets / (4.0 * nl * nv + 0.001);
    let light = nl * 6.0 * (diffuse + specular) + 0.3 * base;
    let expected = libm::pow(light, 1.0 / 2.2) * 255.0;
    assert_eq!(eye[2], Lens::RADIUS);
    let found = f64::from(middle(&draw(square(0.4, 0.0), 64))[0]);
    assert!((found - expected).abs() < 0.6, "{found} is not {expected}");
}

#[test]
fn only_fronts_are_seen_and_the_nearer_one_wins() {
    let back = ModelParts { triangles: vec![[0, 2, 1], [0, 3, 2]], ..square(0.4, 0.0) };
    assert_eq!(middle(&draw(back, 32)), [255; 3]);
    let tinted = |parts: ModelParts, rows: [[u8; 4]; 2]| {
        let colours = rows.iter().flat_map(|c| [*c; 4]).collect();
        let material = Material { base: [1.0; 4], metallic: 0.0, ..Material::default() };
        ModelParts { colours: Some(colours), material, ..parts }
    };
    let (near, far) = (square(0.3, 0.2), square(0.3, -0.2));
    let (red, green) = ([255, 0, 0, 255], [0, 255, 0, 255]);
    for parts in [
        tinted(joined(near.clone(), far.clone()), [red, green]),
        tinted(joined(far, near), [green, red]),
    ] {
        let [r, g, _] = middle(&draw(parts, 32));
        assert!(r > 150 && g == 0, "{r}, {g}");
    }
}

/// Nothing is sorted: what is drawn first and is nearer hides what comes later, however clear it is.
#[test]
fn clear_surfaces_are_blended_in_the_order_of_the_file() {
    let clear = [0, 0, 0, 128];
    let parts = |first: ModelParts, second: ModelParts| ModelParts {
        colours: Some(vec![clear; 8]),
        material: Material { base: [1.0; 4], ..Material::default() },
        ..joined(first, second)
    };
    let (near, far) = (square(0.3, 0.2), square(0.3, -0.2));
    let one = middle(&draw(parts(near.clone(), far.clone()), 32))[0];
    let both = middle(&draw(parts(far, near), 32))[0];
    assert_eq!([one, both], [127, 63]);
}

#[test]
fn textures_are_repeated_and_decoded() {
    let uvs = vec![[0.0, 3.0], [2.0, 3.0], [2.0, 1.0], [0.0, 1.0]];
    let glow = Texture::new(1, 1, vec![[188, 0, 255, 255]]);
    let material = Material {
        base: [0.0, 0.0, 0.0, 1.0],
        metallic: 1.0,
        emissive: [1.0, 1.0, 0.5],
        emissive_texture: glow,
        ..Material::default()
    };
    let [r, g, b] = middle(&draw(ModelParts { uvs: Some(uvs), material, ..square(0.4, 0.0) }, 32));
    // 188 is half of the light, the factor 0.5 counts as 0.25; metal without colour only adds its glint at the edge.
    assert!(r.abs_diff(186) <= 1 && g <= 12 && b.abs_diff(136) <= 1, "{r}, {g}, {b}");
}

#[test]
fn what_does_not_hold_together_is_refused() {
    let refused = |parts| Model::new(parts).unwrap_err();
    assert_eq!(refused(square(0.6, 0.0)), ModelError::TooLarge);
    assert!(Model::new(square(0.599_999_96, 0.0)).is_ok());
    let beyond = ModelParts { triangles: vec![[0, 1, 4]], ..square(0.4, 0.0) };
    assert_eq!(refused(beyond).to_string(), "triangle 0: vertex 4 of 4");
    let few = ModelParts { normals: Some(vec![[0.0; 3]]), ..square(0.4, 0.0) };
    assert_eq!(refused(few).to_string(), "1 normals for 4 vertices");
    let base_texture = Texture::new(1, 1, vec![[255; 4]]);
    let material = Material { base_texture, ..Material::default() };
    assert_eq!(refused(ModelParts { material, ..square(0.4, 0.0) }), ModelError::NoTexcoords);
}

/// Many triangles in all directions, some clear.
fn heap(alpha: f32) -> ModelParts {
    let mut state = 7_u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    let positions: Vec<_> = (0..900).map(|_| [random(), random(), random()]).collect();
    let triangles = (0..300).map(|i| [3 * i, 3 * i + 1, 3 * i + 2]).collect();
    let material = Material { base: [0.7, 0.5, 0.2, alpha], ..Material::default() };
    ModelParts { positions, triangles, material, ..ModelParts::default() }
}

#[test]
fn the_number_of_threads_does_not_show() {
    for alpha in [1.0, 0.5] {
        let model = Model::new(heap(alpha)).unwrap();
        let draw = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let lens = Lens::competition(150);
            pool.install(|| {
                classic::draw(&model, View::GRID[1], lens, [255; 3], &|| false).unwrap()
            })
        };
        let expected = draw(1);
        assert!(expected.pixels().any(|pixel| pixel.0[0] < 250), "something is seen");
        for threads in [2, 5] {
            assert!(draw(threads) == expected, "alpha {alpha}, {threads} threads");
        }
    }
}

#[test]
fn a_picture_larger_than_a_band_is_the_same() {
    let model = Model::new(heap(0.5)).unwrap();
    let draw = |size| {
        let lens = Lens::competition(size);
        classic::draw(&model, FRONT, lens, [255; 3], &|| false).unwrap()
    };
    // 2 × 800 px need two bands; each of its cells of 4 × 4 px has the mean of what the small picture shows there.
    let (large, small) = (draw(800), draw(200));
    let mut error = 0_u64;
    for (x, y, pixel) in small.enumerate_pixels() {
        let cells = (0..16).map(|i| large.get_pixel(4 * x + i % 4, 4 * y + i / 4).0);
        let mean = cells.map(|cell| u64::from(cell[0])).sum::<u64>() / 16;
        error += mean.abs_diff(u64::from(pixel.0[0]));
    }
    assert!(error < 2 * 200 * 200, "mean difference {}", error as f64 / 40_000.0);
}

#[test]
fn it_can_be_stopped() {
    let model = Model::new(heap(1.0)).unwrap();
    assert!(classic::grid(&model, &|| true).is_err());
}

#[test]
fn nothing_is_white_and_the_grid_is_1041_wide() {
    let grid = classic::grid(&Model::new(ModelParts::default()).unwrap(), &|| false).unwrap();
    assert_eq!(grid.dimensions(), (1041, 1041));
    assert!(grid.pixels().all(|pixel| matches!(pixel.0, [255, 255, 255, 255] | [0, 0, 0, 255])));
}

fn any_float() -> impl Strategy<Value = f32> {
    prop_oneof![4 => -0.6_f32..0.6, 1 => any::<f32>(), 1 => Just(f32::NAN), 1 => Just(0.0)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever the numbers are, there is a model or a reason, and a picture of the model.
    #[test]
    fn any_numbers_are_drawn(
        positions in prop::collection::vec(prop::array::uniform3(any_float()), 6),
        normals in prop::collection::vec(prop::array::uniform3(any_float()), 6),
        uvs in prop::collection::vec(prop::array::uniform2(any_float()), 6),
        corners in prop::collection::vec(0_u32..6, 12),
        numbers in prop::array::uniform4(any_float()),
        texel: [u8; 4],
    ) {
        let [a, b, c, d] = numbers;
        let texture = Texture::new(1, 2, vec![texel, [128, 128, 255, 255]]);
        let material = Material {
            base: [a, b, c, d],
            metallic: b,
            roughness: c,
            emissive: [d, a, b],
            base_texture: texture.clone(),
            normal_texture: texture.clone(),
            metallic_roughness_texture: texture.clone(),
            occlusion_texture: texture.clone(),
            emissive_texture: texture,
        };
        let parts = ModelParts {
            positions,
            normals: Some(normals),
            uvs: Some(uvs),
            colours: None,
            triangles: corners.as_chunks().0.to_vec(),
            material,
        };
        if let Ok(model) = Model::new(parts) {
            let lens = Lens { radius: 0.4 + f64::from(texel[0]) / 100.0, ..Lens::competition(40) };
            let picture = classic::draw(&model, FRONT, lens, [255; 3], &|| false).unwrap();
            prop_assert_eq!(picture.dimensions(), (40, 40));
        }
    }
}
