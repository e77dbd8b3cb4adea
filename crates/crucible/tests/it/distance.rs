//! `crucible distance`, `eval descriptor` and `serve distance`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::thread;

use image::{Rgba, RgbaImage};
use insta::assert_snapshot;
use serde_json::{Value, json};
use vision::descriptor::npz;

use crate::workplace::Workplace;

/// A model with random weights, as `transformers` saves it.
fn model() -> String {
    let folder = "../vision/tests/data/dinov3/plain";
    Path::new(folder).canonicalize().unwrap().display().to_string()
}

fn disc(colour: [u8; 3]) -> Vec<u8> {
    let picture = RgbaImage::from_fn(120, 120, |x, y| {
        let (dx, dy) = (x as f32 - 60.0, y as f32 - 55.0);
        let [r, g, b] = if dx * dx + 1.4 * dy * dy < 1500.0 { colour } else { [255; 3] };
        Rgba([r, g, b, 255])
    });
    render::png::encode(&picture)
}

#[test]
fn distances_for_people_and_for_programs() {
    let place = Workplace::new();
    place.write("red.png", disc([200, 40, 30]));
    place.write("pink.png", disc([205, 50, 42]));
    place.write("blue.png", disc([30, 50, 190]));
    assert_snapshot!(place.ok("distance red.png red.png").trim_start_matches('-'), @"0.0000");
    let lines = place.ok("distance red.png pink.png blue.png --npz all.npz");
    let away: Vec<(f64, &str)> = lines
        .lines()
        .map(|line| {
            let (distance, name) = line.split_once("  ").unwrap();
            (distance.parse().unwrap(), name)
        })
        .collect();
    assert_eq!([away[0].1, away[1].1], ["pink.png", "blue.png"]);
    assert!(away[0].0 < 0.1 && away[1].0 > 0.3, "{lines}");

    let arrays = npz::read(&place.read("all.npz")).unwrap();
    let names: Vec<_> = arrays.iter().map(|(name, vector)| (name.as_str(), vector.len())).collect();
    assert_eq!(names, [("prompt", 384), ("view_pink", 384), ("view_blue", 384)]);

    let report: Value =
        serde_json::from_str(&place.ok("distance red.png blue.png --json")).unwrap();
    assert_eq!([&report["descriptor"], &report["first"]], ["builtin-1", "red.png"]);
    let distance = report["distances"][0]["distance"].as_f64().unwrap();
    assert_eq!(format!("{distance:.4}"), format!("{:.4}", away[1].0));
    let with_model = format!("distance red.png blue.png --json --model {}", model());
    let report: Value = serde_json::from_str(&place.ok(&with_model)).unwrap();
    assert_snapshot!(report["descriptor"], @r#""dinov3:925dcf02b944ed5f""#);
}

#[test]
fn what_cannot_be_compared_is_told_in_one_line() {
    let place = Workplace::new();
    place.write("red.png", disc([200, 40, 30]));
    place.write("text.png", "text");
    std::fs::create_dir(place.path("model")).unwrap();
    place.write("model/config.json", "{}");
    let said = |args: &str| {
        let run = place.run(args);
        assert_eq!(run.code, 2, "{args}");
        run.stderr
    };
    assert_snapshot!(said("distance red.png text.png"), @"error: text.png: picture: neither PNG, JPEG nor WebP");
    assert!(said("distance red.png").contains("required"), "one picture has no distance");
    assert!(said("distance red.png red.png --model nowhere").contains("nowhere/config.json"));
    assert!(said("distance red.png red.png --model model").contains("model/model.safetensors"));
    place.write("model/model.safetensors", "");
    assert_snapshot!(said("distance red.png red.png --model model"), @"error: model: config.json, model_type: missing; we run dinov3_vit");
    assert_snapshot!(said("distance red.png red.png red.png --npz x.npz"), @"error: x.npz: npz: two arrays are called view_red");
}

/// What the built-in descriptor is for, on the objects that the project makes.
#[test]
fn one_object_is_told_from_others() {
    let report = Workplace::new().ok("eval descriptor --seeds 1 --view-size 96 --json");
    let report: Value = serde_json::from_str(&report).unwrap();
    let figure = |name: &str| report[name].as_f64().unwrap();
    assert_eq!([figure("objects"), figure("pictures")], [18.0, 144.0]);
    assert!(figure("top1_object") > 0.9, "nearest from another side: {report}");
    assert!(figure("auc") > 0.93, "one object against others: {report}");
    let median = |of: &Value| of["median"].as_f64().unwrap();
    assert!(median(&report["other_objects"]) > 0.75, "unrelated pictures are near: {report}");
    for change in report["changes"].as_array().unwrap() {
        assert!(change["found"].as_f64().unwrap() > 0.9, "{change}");
        // So small a picture is hardly shrunk, which would average noise away, and a blur takes much of it.
        assert!(median(&change["distance"]) < 0.15, "{change}");
    }
}

/// Answers any request with a red disc, or 404 where its path says so; twice.
fn pictures() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 1024];
            let read = stream.read(&mut request).unwrap();
            let is_missing = String::from_utf8_lossy(&request[..read]).starts_with("GET /missing");
            let (status, body) = if is_missing {
                ("404 Not Found", vec![])
            } else {
                ("200 OK", disc([200, 40, 30]))
            };
            write!(
                stream,
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            )
            .unwrap();
            stream.write_all(&body).unwrap();
        }
    });
    format!("http://{address}")
}

#[test]
fn what_the_client_of_the_competition_asks() {
    let place = Workplace::new();
    let mut command = place.command("serve distance --port 0 --allow-private-urls");
    command.env("LOG_LEVEL", "WARNING").env("HOST", "127.0.0.1");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
    let ask = |body: Value| {
        let mut stream = TcpStream::connect(&address).unwrap();
        let body = body.to_string();
        write!(stream, "POST /distance HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply.split_once("\r\n\r\n").unwrap().1.to_owned()
    };
    let at = pictures();
    let near = ask(json!({"url_a": format!("{at}/a.png"), "url_b": format!("{at}/b.png")}));
    let near: Value = serde_json::from_str(&near).unwrap();
    assert!(near["distance"].as_f64().unwrap().abs() < 1e-6, "{near}");
    assert_eq!(near["error"], Value::Null);
    let missing =
        ask(json!({"url_a": format!("{at}/a.png"), "url_b": format!("{at}/missing?key=secret")}));
    assert_snapshot!(missing, @r#"{"distance":null,"error":"file_not_found"}"#);
    std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert_snapshot!(log, @"WARNING url_b at 127.0.0.1: 404");
}

#[test]
fn settings_of_the_original_are_understood_or_refused() {
    let place = Workplace::new();
    let mut command = place.command("serve distance");
    let run = command.env("MODEL_ID", "facebook/dinov3-vits16-pretrain-lvd1689m").output().unwrap();
    assert_eq!(run.status.code(), Some(2));
    assert_snapshot!(String::from_utf8_lossy(&run.stderr), @"error: MODEL_ID is facebook/dinov3-vits16-pretrain-lvd1689m: models are not downloaded here; name the folder of its weights with --model, or unset MODEL_ID to use the built-in descriptor, whose distances are others");
    let help = place.ok("serve distance --help");
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for variable in ["HOST", "PORT", "DOWNLOAD_TIMEOUT", "LOG_LEVEL"] {
        assert!(help.contains(&format!("[env: {variable}=")), "{variable} is not in:\n{help}");
    }
}
