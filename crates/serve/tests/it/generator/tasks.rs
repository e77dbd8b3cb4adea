//! The routes of the per-task subnet's miners.

use asset::splats::{ShDegree, SplatsParts};
use asset::{Splats, ply};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use generators::Failure;
use image::{ImageFormat, Rgb, RgbImage};
use insta::assert_snapshot;
use serve::generator::{Gate, Paint, limits};
use vision::descriptor::BuiltIn;

use super::{Service, Setting, encoded, png};
use crate::client::Reply;

/// A ball of so many splats of one colour.
fn ball(count: usize, colour: [f32; 3]) -> Bytes {
    let point = |n: usize| {
        // A spiral over the ball's surface.
        let height = 1.0 - 2.0 * (n as f32 + 0.5) / count as f32;
        let ring = (1.0 - height * height).sqrt() * 0.45;
        let (sin, cos) = libm::sincosf(2.399_963_2 * n as f32);
        [ring * cos, 0.45 * height, ring * sin]
    };
    let splats = Splats::new(SplatsParts {
        positions: (0..count).map(point).collect(),
        log_scales: vec![[-4.0; 3]; count],
        rotations: vec![[0.9, 0.1, 0.2, 0.3]; count],
        raw_opacities: vec![4.0; count],
        sh_dc: vec![colour.map(|c| (c - 0.5) / asset::splats::SH_C0); count],
        sh_degree: ShDegree::default(),
        sh_rest: Vec::new(),
    });
    let mut bytes = Vec::new();
    ply::write(&splats.expect("they belong together"), &mut bytes).expect("memory");
    bytes.into()
}

const RED: [f32; 3] = [0.8, 0.1, 0.1];

/// A red disc on white: what a red ball looks like.
fn disc() -> Vec<u8> {
    let picture = RgbImage::from_fn(128, 128, |x, y| {
        let [x, y] = [x, y].map(|at| at as f32 - 63.5);
        Rgb(if x * x + y * y < 1024.0 { [204, 25, 25] } else { [255; 3] })
    });
    encoded(picture, ImageFormat::Png)
}

/// Makes red balls, of 8000 splats or as many as the seed says.
fn balls() -> Setting {
    Setting::making(|request| match request.seed.bits() as usize {
        5 => Err(Failure::Failed("out of\nmemory".to_owned())),
        6 => Ok(b"ply\nnot really".to_vec().into()),
        count @ 100.. if count < 10_000 => Ok(ball(count, RED)),
        _ => Ok(ball(8000, RED)),
    })
}

async fn url_encoded(service: &Service, fields: &str) -> Reply {
    let length = fields.len();
    let request = format!(
        "POST /generate/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{fields}"
    );
    service.client.send(&request).await
}

async fn prompt(service: &Service, fields: &[(&str, &str)]) -> Reply {
    let heads: Vec<String> =
        fields.iter().map(|(name, _)| format!("form-data; name=\"{name}\"")).collect();
    let parts: Vec<(&str, &[u8])> = std::iter::zip(&heads, fields)
        .map(|(head, (_, value))| (head.as_str(), value.as_bytes()))
        .collect();
    service.client.form("/generate/", &parts).await
}

/// The status, the heads that the contract has, and how the body begins.
fn told(reply: &Reply) -> String {
    let mut lines: Vec<String> = reply
        .head
        .lines()
        .map(str::to_ascii_lowercase)
        .filter(|line| line.starts_with("x-") || line.starts_with("retry-after"))
        .filter(|line| !line.starts_with("x-request-id"))
        .map(|line| {
            if line.starts_with("x-generation-time") {
                "x-generation-time: …".to_owned()
            } else {
                line
            }
        })
        .collect();
    lines.sort();
    let start = String::from_utf8_lossy(&reply.body[..reply.body.len().min(100)]).into_owned();
    let start = start.lines().next().unwrap_or_default().to_owned();
    format!("{} {start} [{}]", reply.status, lines.join(" | "))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_in_base64() {
    let service = balls().start().await;
    let digits = STANDARD.encode(disc());
    let expected = ball(8000, RED);
    let reply = prompt(&service, &[("prompt", &digits)]).await;
    assert_snapshot!(told(&reply), @"200 ply [x-clip-score: n/a | x-generation-time: … | x-validation-mode: structure]");
    assert!(reply.body == expected);
    let escaped = digits.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    for fields in [
        format!("prompt={escaped}"),
        // As clients that forget to escape.
        format!("prompt={digits}"),
        format!("seed=4&prompt=data%3Aimage%2Fpng%3Bbase64%2C{escaped}"),
    ] {
        let reply = url_encoded(&service, &fields).await;
        assert!(reply.status == 200 && reply.body == expected, "{}", told(&reply));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_as_a_file_or_in_json() {
    let service = balls().start().await;
    let image = r#"form-data; name="image"; filename="x.png""#;
    let other = r#"form-data; name="prompt""#;
    let parts: [(&str, &[u8]); 2] = [(image, &disc()), (other, b"a red ball")];
    let reply = service.client.form("/generate_from_image/", &parts).await;
    assert!(reply.body == ball(8000, RED), "{}", told(&reply));
    let json = async |body: serde_json::Value| {
        let body = body.to_string();
        let length = body.len();
        let request = format!(
            "POST /generate_from_image/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        service.client.send(&request).await
    };
    let digits = STANDARD.encode(disc());
    let reply = json(serde_json::json!({"image_base64": digits, "seed": -3})).await;
    assert!(reply.body == ball(8000, RED), "{}", told(&reply));
    let mut lines = String::new();
    for body in [
        serde_json::json!({}),
        serde_json::json!([]),
        serde_json::json!({"image_base64": "%"}),
        serde_json::json!({"image_base64": "AAAA"}),
        serde_json::json!({"image_base64": {"x": 1}}),
        serde_json::json!({"image_base64": digits, "seed": 1.5}),
        serde_json::json!({"image_base64": digits, "format": "obj"}),
    ] {
        lines += &format!("{}\n", told(&json(body).await));
    }
    lines += &told(&service.client.form("/generate_from_image/", &[(image, b"GIF89a")]).await);
    assert_snapshot!(lines, @r#"
    422 {"detail":"image: field required"} [x-error: image: field required]
    400 {"detail":"not a JSON object"} [x-error: not a json object]
    400 {"detail":"picture: not base64: Invalid symbol 37, offset 0."} [x-error: picture: not base64: invalid symbol 37, offset 0.]
    400 {"detail":"picture: neither PNG, JPEG nor WebP"} [x-error: picture: neither png, jpeg nor webp]
    422 {"detail":"image_base64: neither a text nor a number"} [x-error: image_base64: neither a text nor a number]
    422 {"detail":"seed \"1.5\" is not an integer"} [x-error: seed "1.5" is not an integer]
    422 {"detail":"format: not ply, spz or splat"} [x-error: format: not ply, spz or splat]
    400 {"detail":"picture: neither PNG, JPEG nor WebP"} [x-error: picture: neither png, jpeg nor webp]
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_prompt() {
    let service = balls().start().await;
    let mut lines = String::new();
    let long = "é".repeat(limits::PROMPT_CHARS_MAX + 1);
    let half = STANDARD.encode(&png()[..60]);
    for fields in [
        vec![],
        vec![("prompt", "")],
        vec![("prompt", " \n")],
        vec![("prompt", "a red cube")],
        vec![("prompt", &long)],
        vec![("prompt", &half)],
        vec![("prompt", "data:image/png;base64,????")],
        vec![("prompt", "a"), ("prompt", "b")],
    ] {
        lines += &format!("{}\n", told(&prompt(&service, &fields).await));
    }
    assert_snapshot!(lines, @r#"
    422 {"detail":"prompt: field required"} [x-error: prompt: field required]
    422 {"detail":"prompt: field required"} [x-error: prompt: field required]
    422 {"detail":"prompt: field required"} [x-error: prompt: field required]
    501 {"detail":"a text needs a text-to-image endpoint, and none is configured: send a picture"} [x-error: a text needs a text-to-image endpoint, and none is configured: send a picture]
    422 {"detail":"prompt: more than 1024 characters"} [x-error: prompt: more than 1024 characters]
    200 ply [x-clip-score: n/a | x-generation-time: … | x-validation-mode: structure]
    400 {"detail":"picture: not base64: Invalid symbol 63, offset 0."} [x-error: picture: not base64: invalid symbol 63, offset 0.]
    422 {"detail":"prompt: given more than once"} [x-error: prompt: given more than once]
    "#);
    let reply = url_encoded(&service, "").await;
    assert_snapshot!(told(&reply), @r#"422 {"detail":"prompt: field required"} [x-error: prompt: field required]"#);
    let reply = service.client.post("/generate/", "{\"prompt\":\"a red cube\"}").await;
    assert_snapshot!(told(&reply), @r#"415 {"detail":"the body has to be multipart/form-data or application/x-www-form-urlencoded"} [x-error: the body has to be multipart/form-data or application/x-www-form-urlencoded]"#);
    let long = STANDARD.encode(vec![0x89; limits::TASK_PICTURE_BYTES_MAX + 3]);
    let reply = url_encoded(&service, &format!("prompt=data:;base64,{long}")).await;
    assert_snapshot!(told(&reply), @r#"413 {"detail":"picture: more than 10485760 bytes, which is our limit"} [x-error: picture: more than 10485760 bytes, which is our limit]"#);
    assert_eq!(prompt(&service, &[("prompt", &STANDARD.encode(disc()))]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_in_the_head() {
    let service = balls().start().await;
    let digits = STANDARD.encode(disc());
    let mut lines = String::new();
    for seed in ["5", "6", "300", "x"] {
        let fields = [("prompt", digits.as_str()), ("seed", seed)];
        lines += &format!("{}\n", told(&prompt(&service, &fields).await));
    }
    assert_snapshot!(lines, @r#"
    500  [x-generation-error: out of memory]
    500  [x-generation-error: the model made breaks the rules: ply header: the file ends at byte 14, before end_header]
    200  [x-clip-score: n/a | x-generation-time: … | x-validation-failed: true | x-validation-mode: structure]
    422 {"detail":"seed \"x\" is not an integer"} [x-error: seed "x" is not an integer]
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_formats() {
    let service = balls().start().await;
    let digits = STANDARD.encode(disc());
    let of = async |format: &str| {
        prompt(&service, &[("prompt", &digits), ("format", format)]).await.body
    };
    assert!(of("ply").await == ball(8000, RED));
    let spz = asset::spz::read(of("spz").await.as_slice(), None).expect("SPZ");
    assert_eq!(spz.len(), 8000);
    let splat = of("splat").await;
    assert_eq!(splat.len(), 8000 * 32);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_is_not_good_enough() {
    let gate = |threshold| Gate { descriptor: Box::new(BuiltIn), threshold };
    let service = Setting { gate: Some(gate(0.6)), ..balls() }.start().await;
    let good = prompt(&service, &[("prompt", &STANDARD.encode(disc()))]).await;
    let bad = prompt(&service, &[("prompt", &STANDARD.encode(blue()))]).await;
    let few = prompt(&service, &[("prompt", &STANDARD.encode(disc())), ("seed", "300")]).await;
    let score = |reply: &Reply| {
        let head = reply.head.to_ascii_lowercase();
        let line = head.lines().find_map(|line| line.strip_prefix("x-clip-score: "));
        line.expect("a score").parse::<f64>().expect("a number")
    };
    assert!(score(&good) >= 0.6 && good.body == ball(8000, RED), "{}", told(&good));
    assert!(score(&bad) < 0.6, "{}", told(&bad));
    assert_eq!(score(&few), 0.0);
    for reply in [bad, few] {
        assert_eq!((reply.status, reply.body.as_slice()), (200, b"".as_slice()));
        let head = reply.head.to_ascii_lowercase();
        assert!(head.contains("\r\nx-validation-failed: true\r\n"), "{head}");
        assert!(head.contains("\r\nx-validation-mode: structure, builtin-1\r\n"), "{head}");
    }
    let health = service.client.get("/health").await.text();
    assert!(health.contains(r#""validation_threshold":0.6"#), "{health}");
    assert_eq!(service.stats().await["counters"]["withheld"], 2);
}

/// Blue stripes.
fn blue() -> Vec<u8> {
    let picture = RgbImage::from_fn(128, 128, |x, _| Rgb([0, 30 * (x / 16 % 2) as u8, 220]));
    encoded(picture, ImageFormat::Png)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_with_something_that_paints() {
    let paint: Paint = Box::new(|text, seed| {
        Box::pin(async move {
            match text.as_str() {
                "a red ball" => Ok(disc().into()),
                "noise" => Ok(b"no picture".to_vec().into()),
                _ => Err(Failure::Transient(format!("{text:?} and {seed}: overloaded"))),
            }
        })
    });
    let service = Setting { paint: Some(paint), ..balls() }.start().await;
    let reply = prompt(&service, &[("prompt", "a red ball")]).await;
    assert!(reply.body == ball(8000, RED), "{}", told(&reply));
    let mut lines = String::new();
    for text in ["noise", "a hat"] {
        lines += &format!("{}\n", told(&prompt(&service, &[("prompt", text)]).await));
    }
    assert_snapshot!(lines, @r#"
    500  [x-generation-error: of the text: picture: neither png, jpeg nor webp]
    500  [retry-after: 5 | x-generation-error: "a hat" and -1: overloaded]
    "#);
    let health = service.client.get("/health").await.text();
    assert!(health.contains(r#""flux":true"#), "{health}");
}
