//! Dockerfiles keep to what competitions ask of images, and to what we ask: port, pinned bases, no root, no secrets.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

/// Words in the name of a variable that holds a secret.
const SECRET_WORDS: [&str; 6] = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "KEY", "CREDENTIAL"];

fn root() -> PathBuf {
    std::path::absolute("../..").unwrap()
}

fn read(name: &str) -> String {
    fs_err::read_to_string(root().join(name)).unwrap()
}

/// One stage: its last USER, HEALTHCHECK, ENTRYPOINT and CMD, and all of EXPOSE, those of the stage below it included.
#[derive(Debug, Clone, Default)]
struct Stage(BTreeMap<String, String>);

impl Stage {
    fn get(&self, instruction: &str) -> &str {
        self.0.get(instruction).map_or("", String::as_str)
    }
}

/// Instructions with their arguments; lines that go on are joined, comments left out.
fn instructions(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let text = lines.map(|line| line.strip_suffix('\\').map_or(format!("{line}\n"), str::to_owned));
    let joined: String = text.collect();
    let words = joined.lines().filter_map(|line| line.trim().split_once(' '));
    words.map(|(word, rest)| (word.to_uppercase(), rest.trim().to_owned())).collect()
}

/// A tag with a full version (two dots, or a Debian point release), or a digest.
fn is_pinned(image: &str) -> bool {
    if let Some((_, digest)) = image.split_once("@sha256:") {
        return digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    let Some((name, tag)) = image.rsplit_once(':') else { return false };
    let version = tag.split('-').next().unwrap_or_default();
    let parts: Vec<&str> = version.split('.').collect();
    let least = if name.ends_with("debian") { 2 } else { 3 };
    parts.len() >= least && parts.iter().all(|part| part.parse::<u32>().is_ok())
}

fn words(json: &str) -> Option<Vec<String>> {
    let Value::Array(items) = serde_json::from_str(json).ok()? else { return None };
    items.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

/// Everything that is wrong. `services`: stages that answer requests; the last one is an empty name.
fn faults(text: &str, services: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut stages = BTreeMap::<String, Stage>::new();
    let mut stage = Stage::default();
    let mut name = String::new();
    for (instruction, rest) in instructions(text) {
        match instruction.as_str() {
            "FROM" => {
                let image = rest.split(' ').find(|word| !word.starts_with("--")).unwrap();
                stage = stages.get(image).cloned().unwrap_or_else(|| {
                    if !is_pinned(image) {
                        faults.push(format!("{image} is not pinned"));
                    }
                    Stage::default()
                });
                name = rest.rsplit_once(" AS ").map_or(String::new(), |(_, name)| name.to_owned());
            }
            "ENTRYPOINT" | "CMD" if words(&rest).is_none() => {
                faults.push(format!("{instruction} {rest} is not in exec form"));
            }
            "HEALTHCHECK" if rest != "NONE" => {
                let command = rest.split_once("CMD ").map_or("", |(_, command)| command);
                if words(command).is_none() {
                    faults.push(format!("HEALTHCHECK {rest} is not in exec form"));
                }
            }
            "ENV" | "ARG" => {
                let names = rest.split(' ').filter_map(|word| word.split('=').next());
                for name in names.filter(|name| SECRET_WORDS.iter().any(|word| name.contains(word)))
                {
                    faults.push(format!("{instruction} {name} puts a secret into the image"));
                }
            }
            "ADD" => faults.push(format!("ADD {rest}: COPY what is in the context")),
            "RUN" if rest.contains("pip install") && !rest.contains("--requirement") => {
                faults.push(format!("RUN {rest}: pin packages in a file of requirements"));
            }
            _ => {}
        }
        stage.0.insert(instruction, rest);
        stages.insert(name.clone(), stage.clone());
    }
    // What is built without a name is the last stage.
    stages.insert(String::new(), stage);
    for name in services {
        let service = &stages[*name];
        let port = pod::wire::PORT.to_string();
        if service.get("EXPOSE") != port {
            faults.push(format!("stage {name:?}: EXPOSE {:?}, not {port}", service.get("EXPOSE")));
        }
        if service.get("HEALTHCHECK").is_empty() {
            faults.push(format!("stage {name:?}: no HEALTHCHECK"));
        }
        let command = words(service.get("CMD")).unwrap_or_default();
        if !["0.0.0.0", port.as_str()].iter().all(|word| command.iter().any(|had| had == word)) {
            faults.push(format!("stage {name:?}: CMD does not listen on 0.0.0.0:{port}"));
        }
    }
    for (name, stage) in stages.iter().filter(|(_, stage)| !stage.get("ENTRYPOINT").is_empty()) {
        let user = stage.get("USER").split(':').next().unwrap_or_default().parse::<u32>();
        if !user.is_ok_and(|user| user != 0) {
            faults.push(format!("stage {name:?}: USER {:?} may be root", stage.get("USER")));
        }
    }
    faults
}

const GOOD: &str = "\
FROM rust:1.95.0-slim-bookworm AS build
RUN cargo build \\
    --release
FROM debian:13.1-slim
COPY --from=build /target/release/crucible /usr/bin/crucible
USER 10001:10001
EXPOSE 10006
HEALTHCHECK --interval=10s CMD [\"healthy\"]
ENTRYPOINT [\"crucible\"]
CMD [\"serve\", \"pod\", \"--bind\", \"0.0.0.0\", \"--port\", \"10006\"]
";

#[test]
fn each_fault_is_found() {
    assert_eq!(faults(GOOD, &[""]), [""; 0]);
    let digest = format!("debian:trixie@sha256:{}", "a".repeat(64));
    assert_eq!(faults(&GOOD.replace("debian:13.1-slim", &digest), &[""]), [""; 0]);
    for (good, bad, fault) in [
        ("debian:13.1-slim", "debian", "debian is not pinned"),
        ("debian:13.1-slim", "debian:latest", "debian:latest is not pinned"),
        ("debian:13.1-slim", "debian:trixie-slim", "debian:trixie-slim is not pinned"),
        ("debian:13.1-slim", "debian@sha256:12", "debian@sha256:12 is not pinned"),
        ("rust:1.95.0-slim", "rust:1.95-slim", "rust:1.95-slim-bookworm is not pinned"),
        ("USER 10001:10001", "", "stage \"\": USER \"\" may be root"),
        ("USER 10001:10001", "USER 0", "stage \"\": USER \"0\" may be root"),
        ("USER 10001:10001", "USER app", "stage \"\": USER \"app\" may be root"),
        ("EXPOSE 10006", "EXPOSE 8000", "stage \"\": EXPOSE \"8000\", not 10006"),
        ("0.0.0.0", "127.0.0.1", "stage \"\": CMD does not listen on 0.0.0.0:10006"),
        ("[\"crucible\"]", "crucible", "ENTRYPOINT crucible is not in exec form"),
        ("[\"healthy\"]", "healthy", "HEALTHCHECK --interval=10s CMD healthy is not in exec form"),
        ("HEALTHCHECK --interval=10s CMD [\"healthy\"]\n", "", "stage \"\": no HEALTHCHECK"),
        ("EXPOSE", "ARG HF_TOKEN\nEXPOSE", "ARG HF_TOKEN puts a secret into the image"),
        ("EXPOSE", "ENV A=b API_KEY=1\nEXPOSE", "ENV API_KEY puts a secret into the image"),
        ("COPY", "ADD a.tar /\nCOPY", "ADD a.tar /: COPY what is in the context"),
        (
            "COPY",
            "RUN pip install torch\nCOPY",
            "RUN pip install torch: pin packages in a file of requirements",
        ),
    ] {
        assert!(GOOD.contains(good), "{good}");
        assert_eq!(faults(&GOOD.replace(good, bad), &[""]), [fault], "{bad}");
    }
}

#[test]
fn our_images_have_none() {
    assert_eq!(faults(&read("docker/Dockerfile"), &["generator", "pod", ""]), [""; 0]);
    assert_eq!(faults(&read("docker/template/docker/Dockerfile"), &[""]), [""; 0]);
}

#[test]
fn images_are_built_with_what_the_project_is_built_with() {
    let [ours, miners] = ["docker/Dockerfile", "docker/template/docker/Dockerfile"].map(read);
    let build = |text: &str| {
        let start = text.find("FROM rust:").unwrap();
        let from = text[start..].find("ENV CRUCIBLE_THREE_DIR").unwrap() + start;
        let end = text[from..].find("\n\n").unwrap() + from;
        let base = text[start..].split([' ', '\n']).nth(1).unwrap();
        (base.to_owned(), text[from..end].to_owned())
    };
    assert_eq!(build(&ours), build(&miners), "both build Crucible in the same way");
    let rust = format!("FROM rust:{}.", env!("CARGO_PKG_RUST_VERSION"));
    assert!(ours.contains(&rust), "{rust}");
    let three = read("crates/threejs/build.rs");
    let three = three.split('"').find(|word| word.starts_with("three@")).unwrap();
    for text in [&ours, &miners] {
        assert!(text.contains(&format!("npm pack --silent {three} ")), "{three}");
    }
}

#[test]
fn contexts_name_what_they_hold_and_packages_their_versions() {
    for name in [".dockerignore", "docker/template/.dockerignore"] {
        let text = read(name);
        let mut patterns = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        assert_eq!(patterns.next(), Some("*"), "{name}: first everything is left out");
        assert!(patterns.all(|line| !line.starts_with("!.git") && !line.starts_with("!.env")));
    }
    for line in read("docker/template/generator/requirements.txt").lines() {
        assert!(line.starts_with('#') || line.contains("=="), "{line}");
    }
    let compose = read("docker/compose.yaml");
    let published: Vec<&str> = compose.lines().filter(|line| line.ends_with(":10006'")).collect();
    assert!(published.iter().all(|line| line.contains("'127.0.0.1:")), "{published:?}");
    assert_eq!(published.len(), 2);
}
