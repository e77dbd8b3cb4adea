//! OBJ, STL and USDZ.

use asset::scene::{Level, MaterialKind, Scene, Texels, Texture, TextureId};
use asset::{obj, stl, usdz};
use insta::assert_snapshot;
use proptest::prelude::*;

use crate::{scene_check, scenes};

fn nothing(_: &str) -> Result<Vec<u8>, String> {
    Err("there is none".to_owned())
}

fn read_obj(text: &str) -> Result<(Scene, Vec<String>), obj::ReadError> {
    obj::read(text.as_bytes(), &mut nothing)
}

fn problem(text: &str) -> String {
    read_obj(text)
        .map_or_else(|error| error.to_string(), |(_, losses)| format!("read, lost: {losses:?}"))
}

#[test]
fn obj_with_everything() {
    let text = "# a comment\nmtllib my wood.mtl\no box\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nvn 0 0 1\n\
        usemtl wood\nf 1/1/1 2/2/1 3/3/1 4/4/1\nf -4 -3 \\\n -2\ng wire\nusemtl none\nl 1 2 3\np 4\nsh 1\n";
    let png = {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image::RgbImage::from_pixel(1, 1, image::Rgb([9, 8, 7]))
            .write_to(&mut bytes, image::ImageFormat::Png)
            .expect("a picture");
        bytes.into_inner()
    };
    let mut asked = Vec::new();
    let mut resolve = |path: &str| {
        asked.push(path.to_owned());
        match path {
            "my wood.mtl" => Ok(b"newmtl wood\nKd 0.5 1 0\nPr 0.25\nNs 900\nPm 1\nd 0.5\nmap_Kd -s 2 2 -clamp on -o 0.5 tex\\wood 1.png\nnorm -bm 0.5 tex/wood 1.png\nmap_Ke gone.png\nnewmtl none\nKd 1 0 0\nXx 1\n".to_vec()),
            "tex/wood 1.png" => Ok(png.clone()),
            _ => Err("there is none".to_owned()),
        }
    };
    let (scene, losses) = obj::read(text.as_bytes(), &mut resolve).expect("a good file");
    assert_snapshot!(asked.join(", "), @"my wood.mtl, tex/wood 1.png, tex/wood 1.png, gone.png");
    assert_snapshot!(losses.join("\n"), @r#"
material statement Xx: 1
picture "gone.png" (there is none): 1
statement sh: 1
"#);
    let shape: Vec<_> = scene
        .nodes
        .iter()
        .map(|node| {
            let drawable = node.drawable.as_ref();
            let kind = drawable.map(|drawable| {
                (
                    format!("{:?}", drawable.primitive),
                    scene.geometry(drawable.geometry).expect("there").index.clone(),
                )
            });
            format!("{:?} {kind:?}", node.name)
        })
        .collect();
    assert_snapshot!(shape.join("\n"), @r#"
"" None
"box" Some(("Mesh", Some([0, 1, 2])))
"box" Some(("Mesh", Some([0, 1, 2, 0, 2, 3])))
"wire" Some(("LineSegments", Some([0, 1, 1, 2])))
"wire" Some(("Points", Some([0])))
"#);
    let wood = &scene.materials[0];
    let standard = wood.standard().expect("lit");
    assert!((wood.color[0] - 0.214_041).abs() < 1e-5, "sRGB becomes linear: {:?}", wood.color);
    assert_eq!(
        (standard.roughness, standard.metalness, wood.opacity, wood.transparent),
        (0.25, 1.0, 0.5, true)
    );
    assert_eq!(standard.normal_scale, [0.5; 2]);
    let map = scene.texture(wood.map.expect("a map")).expect("there");
    assert_eq!((map.uv_matrix, map.flip_y), ([2.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.5, 0.0, 1.0], true));
}

#[test]
fn obj_that_is_wrong() {
    assert_snapshot!(problem(""), @"obj: there is no face, line or point");
    assert_snapshot!(problem("v 0 0\n"), @"obj, line 1: 2 numbers, 3 are needed");
    assert_snapshot!(problem("v 0 0 x\n"), @r#"obj, line 1: "x" is not a number"#);
    assert_snapshot!(problem("v 0 0 0\nf 1 2 3\n"), @"obj, line 2: vertex 2 of 1");
    assert_snapshot!(problem("v 0 0 0\nf 1 1\n"), @"obj, line 2: 2 corners, 3 are needed");
    assert_snapshot!(problem("v 0 0 0\nf 1/1 1/1 1/1\n"), @"obj, line 2: texture vertex 1 of 0");
    assert_snapshot!(problem("mtllib ../../secret.mtl\n"), @r#"obj, line 1: "../../secret.mtl" leads out of the folder of the file"#);
    assert_snapshot!(problem("mtllib /etc/passwd\n"), @r#"obj, line 1: "/etc/passwd" is absolute; only files in the same folder are read"#);
    assert_snapshot!(problem("mtllib http://a/b.mtl\n"), @r#"obj, line 1: "http://a/b.mtl" has a scheme or a drive; only files in the same folder are read"#);
    let mut library = |path: &str| match path {
        "a.mtl" => Ok(b"newmtl a\n\nmap_Kd ../b.png".to_vec()),
        _ => Err("there is none".to_owned()),
    };
    let error = obj::read(b"mtllib a.mtl\n", &mut library).expect_err("out of the folder");
    assert_snapshot!(error, @r#"obj, "a.mtl", line 3: "../b.png" leads out of the folder of the file"#);
}

/// Places, coordinates, colours and materials come back.
#[test]
fn obj_round_trip() {
    let mut scene = scene_check::triangle();
    scene.textures[0].color_space = asset::scene::ColorSpace::Srgb;
    let files = obj::write(&scene, "my scene").expect("a good scene");
    assert_snapshot!(String::from_utf8_lossy(&files.obj), @r#"
# Crucible
mtllib my_scene.mtl
o node_1
usemtl material_0
v 0 0 0
v 0.5 0 0
v 0 0.5 0
f 1 2 3
"#);
    assert_snapshot!(String::from_utf8_lossy(&files.mtl), @r#"
newmtl material_0
Kd 1 1 1
map_Kd -clamp on my_scene_0.png
Pr 1
Pm 0
"#);
    assert_snapshot!(files.losses.join("\n"), @"");
    let mut resolve = |path: &str| {
        let picture = files.pictures.iter().find(|(name, _)| name == path);
        let found =
            picture.map(|(_, bytes)| bytes).or((path == "my_scene.mtl").then_some(&files.mtl));
        found.cloned().ok_or_else(|| format!("no {path}"))
    };
    let (again, losses) = obj::read(&files.obj, &mut resolve).expect("our own file");
    assert!(losses.is_empty(), "{losses:?}");
    let places =
        |scene: &Scene| scene.geometries[0].position.as_ref().map(|list| list.values.clone());
    assert_eq!(places(&again), places(&scene));
    assert_eq!(again.materials[0].color, scene.materials[0].color);
    assert!(again.materials[0].map.is_some());
}

#[test]
fn stl_of_both_kinds() {
    let text = "solid  my part\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1e0 0\nendloop\nendfacet\nfacet normal 0 0 1\n outer loop\n  vertex 1 0 0\n  vertex 1 1 -0\n  vertex 0 1 0\n endloop\nendfacet\nendsolid my part\n";
    let (scene, losses) = stl::read(text.as_bytes()).expect("a good file");
    let geometry = &scene.geometries[0];
    assert_eq!((geometry.name.as_str(), geometry.vertex_count()), ("my part", 4));
    assert_eq!((geometry.index.as_deref(), losses.len()), (Some(&[0, 1, 2, 1, 3, 2][..]), 0));
    let mut file = Vec::new();
    let losses = stl::write(&scene, &mut file).expect("a good scene");
    assert_snapshot!(losses.join("\n"), @"materials: 1");
    assert_eq!(file.len(), 84 + 2 * 50);
    let (again, _) = stl::read(&file).expect("our own file");
    assert_eq!(again.geometries[0].position, geometry.position);
    assert_eq!(again.geometries[0].index, geometry.index);
    // A binary file may start like a text.
    file[..5].copy_from_slice(b"solid");
    assert_eq!(stl::read(&file).expect("binary").0.geometries[0].vertex_count(), 4);
    let ask = |bytes: &[u8]| {
        stl::read(bytes).map_or_else(|error| error.to_string(), |_| "read".to_owned())
    };
    file[0] = b' ';
    assert_snapshot!(ask(&file[..100]), @"stl: 2 triangles announced, 0 are there");
    assert_snapshot!(ask(&file[..20]), @r#"stl: 20 bytes are neither text that starts with "solid" nor a header and triangles of 50 bytes"#);
    assert_snapshot!(ask(b"solid\nfacet\nouter loop\nvertex 0 0\n"), @"stl, line 4: a vertex needs three numbers");
    assert_snapshot!(ask(b"solid\nouter loop\nvertex 0 0 0\nendloop\n"), @"stl, line 4: a loop of 1 corners, 3 are needed");
    assert_snapshot!(ask(b"solid\nouter loop\nvertex 0 0 0\n"), @"stl, line 4: the file ends within a loop");
    assert_snapshot!(ask(b"solid\nnonsense"), @r#"stl, line 2: "nonsense" is no word of STL"#);
}

/// A mirrored place turns triangles over, so that their fronts stay outside.
#[test]
fn stl_of_a_mirrored_node() {
    let mut scene = scene_check::triangle();
    scene.nodes[1].world[0] = -1.0;
    let mut file = Vec::new();
    stl::write(&scene, &mut file).expect("a good scene");
    let number = |at: usize| f32::from_le_bytes(file[at..at + 4].try_into().expect("four bytes"));
    assert_eq!([84, 88, 92].map(number), [0.0, 0.0, 1.0]);
}

/// Files start at multiples of 64 and are stored as they are.
#[test]
fn usdz_packages() {
    let mut scene = scene_check::triangle();
    let physical =
        asset::scene::Physical { clearcoat: 1.0, transmission: 1.0, ..Default::default() };
    scene.materials[0].kind = MaterialKind::Physical(Box::new(physical));
    let level = Level { width: 2, height: 1, texels: Texels::U8(vec![255; 8]) };
    scene.textures.push(Texture { levels: vec![level], ..Texture::default() });
    scene.materials[0].alpha_map = Some(TextureId(1));
    scene.materials[0].transparent = true;
    let mut file = Vec::new();
    let losses = usdz::write(&scene, &mut file).expect("a good scene");
    assert_snapshot!(losses.join("\n"), @"transmission: 1");
    let word = |at: usize, len: usize| {
        file[at..at + len].iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
    };
    let mut at = 0;
    let mut names = Vec::new();
    while word(at, 4) == 0x0403_4b50 {
        let (size, name, extra) = (word(at + 18, 4), word(at + 26, 2), word(at + 28, 2));
        let start = at + 30 + name + extra;
        assert_eq!((start % 64, word(at + 8, 2)), (0, 0));
        names.push(String::from_utf8_lossy(&file[at + 30..at + 30 + name]).into_owned());
        if names.len() == 1 {
            assert_snapshot!(String::from_utf8_lossy(&file[start..start + size]), @r#"
#usda 1.0
(
    customLayerData = {
        string creator = "Crucible"
    }
    defaultPrim = "Scene"
    metersPerUnit = 1
    upAxis = "Y"
)

def Xform "Scene" (
    kind = "component"
)
{
    def Mesh "mesh_0" (
        prepend apiSchemas = ["MaterialBindingAPI"]
    )
    {
        uniform bool doubleSided = 0
        float3[] extent = [(0, 0, 0), (0.5, 0.5, 0)]
        int[] faceVertexCounts = [3]
        int[] faceVertexIndices = [0, 1, 2]
        rel material:binding = </Scene/Materials/material_0>
        point3f[] points = [(0, 0, 0), (0.5, 0, 0), (0, 0.5, 0)]
        uniform token subdivisionScheme = "none"
    }
    def Scope "Materials"
    {
        def Material "material_0"
        {
            token outputs:surface.connect = </Scene/Materials/material_0/Surface.outputs:surface>
            def Shader "Surface"
            {
                uniform token info:id = "UsdPreviewSurface"
                color3f inputs:diffuseColor.connect = </Scene/Materials/material_0/Picture_diffuseColor.outputs:rgb>
                float inputs:opacity.connect = </Scene/Materials/material_0/Picture_opacity.outputs:r>
                float inputs:roughness = 1
                float inputs:metallic = 0
                float inputs:ior = 1.5
                float inputs:clearcoat = 1
                float inputs:clearcoatRoughness = 0
                token outputs:surface
            }
            def Shader "Coordinates"
            {
                uniform token info:id = "UsdPrimvarReader_float2"
                string inputs:varname = "st"
                float2 outputs:result
            }
            def Shader "Picture_diffuseColor"
            {
                uniform token info:id = "UsdUVTexture"
                asset inputs:file = @pictures/0.png@
                float2 inputs:st.connect = </Scene/Materials/material_0/Coordinates.outputs:result>
                token inputs:sourceColorSpace = "sRGB"
                token inputs:wrapS = "clamp"
                token inputs:wrapT = "clamp"
                float4 inputs:scale = (1, 1, 1, 1)
                float3 outputs:rgb
            }
            def Shader "Picture_opacity"
            {
                uniform token info:id = "UsdUVTexture"
                asset inputs:file = @pictures/1.png@
                float2 inputs:st.connect = </Scene/Materials/material_0/Coordinates.outputs:result>
                token inputs:sourceColorSpace = "raw"
                token inputs:wrapS = "clamp"
                token inputs:wrapT = "clamp"
                float4 inputs:scale = (1, 1, 1, 1)
                float outputs:r
            }
        }
    }
}
"#);
        }
        at = start + size;
    }
    assert_snapshot!(names.join(" "), @"scene.usda pictures/0.png pictures/1.png");
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        stl::read(&bytes).ok();
        obj::read(&bytes, &mut nothing).ok();
    }

    /// Texts of the words that these formats know, in any order.
    #[test]
    fn any_words_get_an_answer(words in proptest::collection::vec(proptest::sample::select(vec![
        "v", "vt", "vn", "f", "l", "p", "usemtl", "mtllib", "o", "g", "\n", "\n", " ", " ", "1", "-1", "2/1", "1//1", "0", "1e30", "nan",
        "solid", "vertex", "endloop", "facet", "-s", "-o", "-mm", "-bm", "map_Kd", "newmtl", "Kd", "a.png", "a.mtl", "\\\n",
    ]), 0..120)) {
        let text: Vec<_> = words.into_iter().flat_map(|word| [word, " "]).collect();
        let text = text.concat();
        let library = text.clone().into_bytes();
        let mut resolve = |_: &str| Ok(library.clone());
        if let Ok((scene, _)) = obj::read(text.as_bytes(), &mut resolve) {
            obj::write(&scene, "again").expect("what was read is written");
        }
        if let Ok((scene, _)) = stl::read(text.as_bytes()) {
            stl::write(&scene, Vec::new()).expect("what was read is written");
        }
    }

    #[test]
    fn random_scenes_are_written(seed: u64) {
        for scene in [scenes::random(seed, 8), scenes::plausible(seed, 8)] {
            let files = obj::write(&scene, "scene").expect("a good scene");
            let mut resolve = |path: &str| {
                let found = files.pictures.iter().find(|(name, _)| name == path);
                Ok(found.map_or_else(|| files.mtl.clone(), |(_, bytes)| bytes.clone()))
            };
            match obj::read(&files.obj, &mut resolve) {
                Ok(_) | Err(obj::ReadError::Empty) => {}
                Err(error) => prop_assert!(false, "{error}\n{}", String::from_utf8_lossy(&files.obj)),
            }
            let mut file = Vec::new();
            stl::write(&scene, &mut file).expect("a good scene");
            stl::read(&file).expect("our own file");
            let text = String::from_utf8_lossy(&files.obj).into_owned();
            prop_assert!(!text.contains("NaN") && !text.contains(" inf") && !text.contains("-inf"), "{text}");
            usdz::write(&scene, Vec::new()).expect("a good scene");
        }
    }
}
