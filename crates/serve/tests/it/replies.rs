//! Routes, status codes and JSON, byte for byte. Facts: rendering specification §E.1, Three.js specification §8.2.

use insta::assert_snapshot;
use serve::render::Config;

use crate::client::Service;

#[tokio::test]
async fn routes() {
    let service = Service::start(Config::default()).await;
    assert_snapshot!(service.get("/health").await.line(), @r#"200 {"status":"ok"}"#);
    for path in ["/", "/render", "/render/grid", "/render/", "/health/x", "/Health"] {
        let reply = service.get(path).await;
        assert_eq!(reply.line(), r#"404 {"error":"not found"}"#, "{path}");
        assert!(reply.head.contains("content-type: application/json"), "{}", reply.head);
    }
    assert_eq!(service.post("/health", "").await.status, 404);
    let openapi = service.get("/openapi.json").await.json();
    assert_eq!(openapi["openapi"].as_str().map(|version| &version[..2]), Some("3."));
}

#[tokio::test]
async fn modules_that_break_rules() {
    let service = Service::start(Config::default()).await;
    assert_snapshot!(service.draw("/render", "invalid").await.line(), @r#"422 {"error":"validation_failed","failures":[{"stage":"static_analysis","rule":"FORBIDDEN_IDENTIFIER","detail":"`eval` at line 1:\n\"x\""}]}"#);
    assert_snapshot!(service.draw("/render", "throws").await.line(), @r#"422 {"error":"post_validation_failed","failures":[{"stage":"execution","rule":"EXECUTION_THREW","detail":"boom"}],"metrics":null}"#);
    assert_snapshot!(service.draw("/render", "large").await.line(), @r#"422 {"error":"post_validation_failed","failures":[{"stage":"post_validation","rule":"VERTEX_LIMIT_EXCEEDED","detail":"250001 > 250000"}],"metrics":{"vertices":250001,"drawCalls":2,"depth":1,"instances":null,"textureBytes":16,"bbox":{"min":{"x":-0.05000000074505806,"y":0,"z":0.5},"max":{"x":1e-7,"y":2,"z":null}}}}"#);
    assert_snapshot!(service.draw("/render", "empty").await.line(), @r#"422 {"error":"post_validation_failed","failures":[{"stage":"post_validation","rule":"EMPTY_SCENE","detail":"bounding box is empty"}],"metrics":{"vertices":250001,"drawCalls":2,"depth":1,"instances":0,"textureBytes":16,"bbox":null}}"#);
    for source in ["invalid", "throws", "large", "empty"] {
        let one = service.draw("/render", source).await;
        let all = service.draw("/render/grid", source).await;
        assert_eq!(one.line(), all.line(), "{source}");
    }
}

#[tokio::test]
async fn everything_else_is_a_500() {
    let service = Service::start(Config::default()).await;
    assert_snapshot!(service.post("/render", "").await.line(), @r#"500 {"error":"Unexpected end of JSON input"}"#);
    assert_snapshot!(service.post("/render", "{}").await.line(), @r#"500 {"error":"Provide \"source\" or \"url\" in the JSON body"}"#);
    assert_snapshot!(service.post("/render", "hello").await.line(), @r#"500 {"error":"Unexpected token 'h', \"hello\" is not valid JSON"}"#);
    assert_snapshot!(service.draw("/render", "lost").await.line(), @r#"500 {"error":"the caged process was lost twice"}"#);
    assert_snapshot!(service.draw("/render", "panics").await.line(), @r#"500 {"error":"check failed"}"#);
    assert_snapshot!(service.draw("/render?thetas=0", "good").await.status, @"200");
}

#[tokio::test]
async fn figures() {
    let service = Service::start(Config::default()).await;
    service.draw("/render?thetas=0&img_size=8", "good").await;
    service.draw("/render?thetas=0&img_size=8", "good").await;
    service.draw("/render/grid", "invalid").await;
    let text = service.get("/metrics").await.text();
    let counts = text.lines().filter(|line| {
        line.contains("_total") && !line.starts_with('#') || line.contains("_count{")
    });
    assert_snapshot!(counts.collect::<Vec<_>>().join("\n"), @r#"
    crucible_requests_total{route="/render",status="200"} 2
    crucible_requests_total{route="/render/grid",status="422"} 1
    crucible_stage_seconds_count{stage="check"} 2
    crucible_stage_seconds_count{stage="draw"} 2
    crucible_stage_seconds_count{stage="request"} 3
    crucible_views_total 2
    crucible_scene_hits_total 1
    crucible_scene_misses_total 2
    "#);
    let resident =
        text.lines().find_map(|line| line.strip_prefix("process_resident_memory_bytes "));
    assert!(resident.is_none_or(|bytes| bytes.parse::<u64>().is_ok_and(|bytes| bytes > 1 << 20)));
}
