//! Pictures over HTTP: their form, their size, what they show; and the requests of the original's client.

use std::sync::atomic::Ordering;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::RgbaImage;
use insta::assert_snapshot;
use serve::render::Config;

use crate::client::{Reply, Service};

fn decode(png: &[u8]) -> RgbaImage {
    image::load_from_memory(png).expect("a PNG").into_rgba8()
}

/// Pictures of a JSON reply.
fn list(reply: &Reply) -> Vec<RgbaImage> {
    let json = reply.json();
    let images = json["images"].as_array().expect("a list");
    let bytes = images.iter().map(|text| STANDARD.decode(text.as_str().expect("text")));
    bytes.map(|bytes| decode(&bytes.expect("base64"))).collect()
}

/// Centre and corner of a picture.
fn shown(picture: &RgbaImage) -> String {
    let [width, height] = [picture.width(), picture.height()];
    let [r, g, b, a] = picture.get_pixel(width / 2, height / 2).0;
    let corner = picture.get_pixel(0, 0).0;
    format!("{width}x{height} {r},{g},{b},{a} {corner:?}")
}

#[tokio::test]
async fn one_view_is_a_picture() {
    let service = Service::start(Config::default()).await;
    let reply = service.draw("/render?thetas=0&phis=0&img_size=64&bg_color=0f8", "good").await;
    assert!(reply.head.contains("content-type: image/png"), "{}", reply.head);
    assert_eq!(reply.body[24..29], [8, 6, 0, 0, 0], "8-bit RGBA, not interlaced");
    assert_snapshot!(shown(&decode(&reply.body)), @"64x64 255,0,0,255 [0, 255, 136, 255]");
}

#[tokio::test]
async fn several_views_are_a_list() {
    let service = Service::start(Config::default()).await;
    let reply = service.draw("/render?thetas=0,180,x&phis=0,0&img_size=33", "good").await;
    let text = reply.text();
    assert!(text.starts_with(r#"{"images":["iVBOR"#), "{}", &text[..40]);
    assert!(text.ends_with(r#""],"count":3,"img_size":33}"#), "{}", &text[text.len() - 40..]);
    // The square is seen from the front only; the third camera is no camera.
    assert_snapshot!(list(&reply).iter().map(shown).collect::<Vec<_>>().join("\n"), @"
    33x33 255,0,0,255 [128, 128, 128, 255]
    33x33 128,128,128,255 [128, 128, 128, 255]
    33x33 128,128,128,255 [128, 128, 128, 255]
    ");
}

#[tokio::test]
async fn a_grid_is_one_picture() {
    let service = Service::start(Config::default()).await;
    let reply = service.draw("/render/grid", "good").await;
    let grid = decode(&reply.body);
    assert_eq!(grid.dimensions(), (1041, 1041));
    assert_eq!(grid.get_pixel(520, 20).0, [0, 0, 0, 255], "the gap");
    assert_eq!(grid.get_pixel(259, 259).0, [255, 0, 0, 255], "theta 24 sees the front");
    assert_eq!(grid.get_pixel(782, 259).0, [128, 128, 128, 255], "theta 120 does not");
    let reply = service.draw("/render/grid?thetas=0,0,0&phis=0&gap=0&img_size=16", "good").await;
    let grid = decode(&reply.body);
    assert_eq!((grid.dimensions(), grid.get_pixel(24, 24).0), ((32, 32), [0, 0, 0, 255]));
    let one = service.draw("/render/grid?thetas=0&img_size=16", "good").await;
    assert_eq!(decode(&one.body).dimensions(), (16, 16));
}

/// Three requests at once for every module, as the client of the competition sends them (§E.4): the module runs once.
#[tokio::test(flavor = "multi_thread")]
async fn the_client_of_the_competition() {
    let service = Service::start(Config::default()).await;
    let follow = "lighting=follow&img_size=1024&cam_radius=2.0&cam_fov_deg=49.1";
    let white = format!(
        "/render?{follow}&thetas=30.0,330.0,0.0,0.0,90.0,180.0,270.0,0.0&phis=0.0,0.0,15.0,-30.0,0.0,0.0,0.0,-90.0&bg_color=ffffff"
    );
    let gray = format!(
        "/render?{follow}&thetas=30.0,330.0,0.0,0.0&phis=0.0,0.0,15.0,-30.0&bg_color=808080"
    );
    let (white, gray, grid) = tokio::join!(
        service.draw(&white, "good"),
        service.draw(&gray, "good"),
        service.draw("/render/grid", "good"),
    );
    assert_eq!([white.status, gray.status, grid.status], [200; 3]);
    assert_eq!(service.checked.load(Ordering::SeqCst), 1, "modules run");
    let (white, gray) = (list(&white), list(&gray));
    assert_eq!((white.len(), gray.len()), (8, 4));
    assert!(white.iter().chain(&gray).all(|picture| picture.dimensions() == (1024, 1024)));
    let corners =
        |pictures: &[RgbaImage]| pictures.iter().map(|p| p.get_pixel(0, 0).0).collect::<Vec<_>>();
    assert_eq!(corners(&white), [[255; 4]; 8]);
    assert_eq!(corners(&gray), [[128, 128, 128, 255]; 4]);
    assert_eq!(white[0].get_pixel(512, 512), gray[0].get_pixel(512, 512), "front_left");
    assert_eq!(decode(&grid.body).dimensions(), (1041, 1041));
}
