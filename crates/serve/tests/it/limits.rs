//! What is refused for its size or number, and that the rest goes on.

use std::num::NonZeroUsize;
use std::time::Duration;

use insta::assert_snapshot;
use serve::render::{Config, limits::BODY_BYTES_MAX};

use crate::client::Service;

#[tokio::test]
async fn too_large() {
    let service = Service::start(Config::default()).await;
    assert_snapshot!(service.draw("/render?img_size=9000", "good").await.line(), @r#"413 {"error":"img_size 9000, our limits are 1 and 4096"}"#);
    assert_snapshot!(service.draw("/render/grid?gap=100000", "good").await.line(), @r#"413 {"error":"10208273296 pixels in all, our limit is 67108864"}"#);
    assert_snapshot!(service.post("/render", &" ".repeat(BODY_BYTES_MAX + 1)).await.line(), @r#"413 {"error":"the body has more than 6356992 bytes, which is our limit"}"#);
    let long = format!("good {}", "x".repeat(1 << 20));
    assert_eq!(service.draw("/render?thetas=0&img_size=8", &long).await.status, 200, "1 MiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_so() {
    let service = Service::start(Config { waiting_max: 1, ..Config::default() }).await;
    let path = "/render?thetas=0&img_size=8";
    let ask = |source: &'static str| service.draw(path, source);
    let (one, two, three, four) =
        tokio::join!(ask("slow 1"), ask("slow 2"), ask("slow 3"), ask("slow 4"));
    let mut replies = [one, two, three, four];
    replies.sort_by_key(|reply| reply.status);
    assert_eq!(replies.each_ref().map(|reply| reply.status), [200, 200, 503, 503]);
    assert_snapshot!(replies[3].text(), @r#"{"error":"1 requests are waiting already"}"#);
    assert!(replies[3].head.contains("retry-after: 2"), "{}", replies[3].head);
    assert_eq!(ask("good").await.status, 200, "it goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_render_that_takes_too_long() {
    let config = Config { render_timeout: Duration::from_millis(1), ..Config::default() };
    let service = Service::start(config).await;
    let reply = service.draw("/render?thetas=0,0,0,0,0,0,0,0&img_size=2048", "good").await;
    assert_snapshot!(reply.line(), @r#"500 {"error":"render timed out after 1ms"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_run_side_by_side() {
    let two = NonZeroUsize::new(2).expect("not zero");
    let service = Service::start(Config { checks: two, ..Config::default() }).await;
    let path = "/render?thetas=0&img_size=8";
    let (one, two, bad) = tokio::join!(
        service.draw(path, "slow a"),
        service.draw(path, "slow b"),
        service.draw(path, "panics"),
    );
    assert_eq!([one.status, two.status, bad.status], [200, 200, 500]);
}
