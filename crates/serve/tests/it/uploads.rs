//! The routes of the Python services: status, body and picture of what is uploaded. Facts: rendering specification §E.2.

use std::time::Duration;

use asset::{ShDegree, Splats, SplatsParts};
use insta::assert_snapshot;
use serve::render::Config;

use crate::client::{Reply, Service, square};

/// A square that faces +Z.
fn glb() -> Vec<u8> {
    let mut file = Vec::new();
    asset::glb::write(&square(), &mut file).expect("a sound scene");
    file
}

/// Eight splats at the corners of a box.
fn ply() -> Vec<u8> {
    let corner = |i: u8| [0, 1, 2].map(|axis| if i >> axis & 1 == 0 { -0.5 } else { 0.5 });
    let parts = SplatsParts {
        positions: (0..8).map(corner).collect(),
        log_scales: vec![[-2.5; 3]; 8],
        rotations: vec![[1.0, 0.0, 0.0, 0.0]; 8],
        raw_opacities: vec![4.0; 8],
        sh_dc: vec![[1.0, -1.0, -1.0]; 8],
        sh_degree: ShDegree::ZERO,
        sh_rest: vec![],
    };
    let mut file = Vec::new();
    asset::ply::write(&Splats::new(parts).expect("eight of each"), &mut file).expect("memory");
    file
}

/// The picture of an answer, and the number of its pixels that are neither white nor black.
fn picture(reply: &Reply) -> (u32, u32, usize) {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.head.contains("content-type: image/png"), "{}", reply.head);
    let picture = image::load_from_memory(&reply.body).expect("a PNG").into_rgb8();
    let shown = picture.pixels().filter(|p| !matches!(p.0, [255, 255, 255] | [0, 0, 0])).count();
    (picture.width(), picture.height(), shown)
}

#[tokio::test]
async fn pictures() {
    let service = Service::start(Config::default()).await;
    let (width, height, shown) =
        picture(&service.upload("/render_glb", "content.glb", &glb()).await);
    assert_eq!([width, height], [1041, 1041]);
    assert!(shown > 20_000, "{shown} pixels");
    let of_e2 = service.upload("/render_ply?device=cuda", "A.PLY", &ply()).await;
    let (width, height, shown) = picture(&of_e2);
    assert_eq!([width, height], [1041, 1041]);
    assert!(shown > 20_000, "{shown} pixels");
    let of_e1 = service.upload("/render", "content.ply", &ply()).await;
    assert!(of_e1.body == of_e2.body, "the route of the first competition draws the same");
    assert!(service.get("/metrics").await.text().contains("/render_glb"));
}

#[tokio::test]
async fn what_the_request_lacks() {
    let service = Service::start(Config::default()).await;
    assert_snapshot!(service.post("/render_ply", "").await.line(), @r#"422 {"detail":[{"type":"missing","loc":["body","file"],"msg":"Field required","input":null}]}"#);
    assert_snapshot!(service.post("/render_ply?device=tpu", "").await.line(), @r#"422 {"detail":[{"type":"literal_error","loc":["query","device"],"msg":"Input should be 'cuda' or 'cpu'","input":"tpu","ctx":{"expected":"'cuda' or 'cpu'"}},{"type":"missing","loc":["body","file"],"msg":"Field required","input":null}]}"#);
    assert_snapshot!(service.form("/render_glb", &[("form-data; name=\"other\"; filename=\"a.glb\"", b"x")]).await.line(), @r#"422 {"detail":[{"type":"missing","loc":["body","file"],"msg":"Field required","input":null}]}"#);
    assert_snapshot!(service.form("/render_glb", &[("form-data; name=\"file\"", b"text")]).await.line(), @r#"422 {"detail":[{"type":"value_error","loc":["body","file"],"msg":"Value error, Expected UploadFile, received: <class 'str'>","input":"text","ctx":{"error":{}}}]}"#);
    assert_snapshot!(service.upload("/render_glb", "a.ply", b"x").await.line(), @r#"400 {"detail":"Only .glb files are supported on /render_glb"}"#);
    assert_snapshot!(service.upload("/render_ply", "a.glb", b"x").await.line(), @r#"400 {"detail":"Only .ply files are supported"}"#);
    assert_snapshot!(service.upload("/render?device=", "a.txt", b"x").await.line(), @r#"422 {"detail":[{"type":"literal_error","loc":["query","device"],"msg":"Input should be 'cuda' or 'cpu'","input":"","ctx":{"expected":"'cuda' or 'cpu'"}}]}"#);
    let broken = "POST /render_ply HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 9\r\n\r\n--b\r\nnope";
    assert_snapshot!(service.send(broken).await.line(), @r#"400 {"detail":"There was an error parsing the body"}"#);
    let unbound = broken.replace("; boundary=b", "");
    assert_snapshot!(service.send(&unbound).await.line(), @r#"400 {"detail":"Missing boundary in multipart."}"#);
    assert_snapshot!(service.get("/render_glb").await.line(), @r#"404 {"error":"not found"}"#);
    assert_snapshot!(service.post("/render", "{}").await.line(), @r#"500 {"error":"Provide \"source\" or \"url\" in the JSON body"}"#);
}

#[tokio::test]
async fn the_last_file_counts() {
    let service = Service::start(Config::default()).await;
    let (first, last) = (
        "form-data; name=\"file\"; filename=\"a.txt\"",
        "form-data; name=\"file\"; filename=\"b.glb\"",
    );
    let file = glb();
    picture(
        &service
            .form("/render_glb", &[(first, b"x"), ("form-data; name=\"y\"", b"z"), (last, &file)])
            .await,
    );
}

#[tokio::test]
async fn files_that_are_refused() {
    let service = Service::start(Config::default()).await;
    let mut two = square();
    two.geometries.push(two.geometries[0].clone());
    let mut second = two.nodes[0].clone();
    second.drawable.as_mut().expect("drawn").geometry = asset::scene::GeometryId(1);
    second.parent = Some(asset::scene::NodeId(0));
    two.nodes.push(second);
    let mut file = Vec::new();
    asset::glb::write(&two, &mut file).expect("a sound scene");
    assert_snapshot!(service.upload("/render_glb", "a.glb", &file).await.line(), @r#"400 {"detail":"GLB file contains 2 objects (expected 1)"}"#);

    let mut large = square();
    let position = large.geometries[0].position.as_mut().expect("there");
    position.values[0] = -0.7;
    let mut file = Vec::new();
    asset::glb::write(&large, &mut file).expect("a sound scene");
    assert_snapshot!(service.upload("/render_glb", "a.glb", &file).await.line(), @r#"400 {"detail":"Model exceeds unit cube size constraint"}"#);

    let sound = glb();
    assert_snapshot!(service.upload("/render_glb", "a.glb", b"").await.line(), @r#"500 {"detail":"Failed to render uploaded file: glb: 0 bytes, a header has 20"}"#);
    assert_snapshot!(service.upload("/render_glb", "a.glb", b"not a GLB, but long enough for one").await.line(), @r#"400 {"detail":"glb, byte 0: not a GLB file"}"#);
    let mut old = sound.clone();
    old[4] = 1;
    assert_snapshot!(service.upload("/render_glb", "a.glb", &old).await.line(), @r#"500 {"detail":"Failed to render uploaded file: glb, byte 4: version 1, 2 is needed"}"#);
    assert_snapshot!(service.upload("/render_ply", "a.ply", b"").await.line(), @r#"400 {"detail":"Empty PLY payload"}"#);
    let wrong = service.upload("/render_ply", "a.ply", &sound).await.line();
    let expected =
        r#"400 {"detail":"ply header, line 1: the first line must be \"ply\", found \"glTF"#;
    assert!(wrong.starts_with(expected), "{wrong}");
    let cut = ply();
    assert_snapshot!(service.upload("/render_ply", "a.ply", &cut[..cut.len() - 1]).await.line(), @r#"400 {"detail":"ply: the file ends at byte 954, in record 7 of 8 of element vertex"}"#);
    let lacking = String::from_utf8_lossy(&cut).replace("opacity", "opacitz");
    assert_snapshot!(service.upload("/render_ply", "a.ply", lacking.as_bytes()).await.line(), @r#"500 {"detail":"Failed to render uploaded file: ply header, line 3: element vertex has no property opacity"}"#);
}

/// What the original drew white.
#[tokio::test]
async fn splats_in_one_place_show_nothing() {
    let service = Service::start(Config::default()).await;
    let text = "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\nproperty float z\nproperty float f_dc_0\nproperty float f_dc_1\nproperty float f_dc_2\nproperty float opacity\nproperty float scale_0\nproperty float scale_1\nproperty float scale_2\nproperty float rot_0\nproperty float rot_1\nproperty float rot_2\nproperty float rot_3\nend_header\n0 0 0 1 1 1 5 -1 -1 -1 1 0 0 0\n";
    let (_, _, shown) = picture(&service.upload("/render_ply", "a.ply", text.as_bytes()).await);
    assert_eq!(shown, 0);
}

#[tokio::test]
async fn too_large() {
    let service = Service::start(Config::default()).await;
    let head = format!(
        "POST /render_glb HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: {}\r\n\r\n--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.glb\"\r\n\r\n",
        300 << 20
    );
    let mut request = head.into_bytes();
    request.resize(request.len() + (201 << 20), b'x');
    assert_snapshot!(service.send_bytes(&request).await.line(), @r#"413 {"detail":"File too large. Maximum size is 200MB"}"#);
    // The same without an end of the part's head: nothing is held that is not counted.
    let mut request = request.split_off(0);
    let end = request.windows(4).position(|four| four == b"a.gl").expect("the name");
    request[end + 4..].fill(b'y');
    assert_snapshot!(service.send_bytes(&request).await.line(), @r#"413 {"detail":"File too large. Maximum size is 200MB"}"#);
    picture(&service.upload("/render_glb", "content.glb", &glb()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn time_is_limited() {
    let config = Config { render_timeout: Duration::from_millis(1), ..Config::default() };
    let service = Service::start(config).await;
    assert_snapshot!(service.upload("/render_glb", "a.glb", &glb()).await.line(), @r#"500 {"detail":"Failed to render uploaded file: render timed out after 1ms"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_change_of_a_file_gets_an_answer() {
    let service = Service::start(Config::default()).await;
    let (glb, ply) = (glb(), ply());
    let mut state = 1_u32;
    let mut random = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    for round in 0..12 {
        let (path, name, file) = if round % 2 == 0 {
            ("/render_glb", "a.glb", &glb)
        } else {
            ("/render_ply", "a.ply", &ply)
        };
        let mut file = file.clone();
        for _ in 0..=random(3) {
            let at = random(file.len());
            file[at] = random(256) as u8;
        }
        if random(3) == 0 {
            file.truncate(random(file.len()));
        }
        let reply = service.upload(path, name, &file).await;
        let is_known = [200, 400, 500].contains(&reply.status);
        let is_panic = reply.text().contains("render failed");
        assert!(is_known && !is_panic, "round {round}: {}", reply.line());
    }
}
