//! Every rule that is checked: its code, what is expected, and what a miner does when it is broken.

use serde::Serialize;

/// Which of the two contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Contract {
    /// Competitions 0 and 1: one picture in, one model out.
    SingleShot,
    /// Competition 2: a list of picture URLs in, a ZIP of modules out.
    Batch,
}

impl Contract {
    /// The name in reports and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SingleShot => "single-shot",
            Self::Batch => "batch",
        }
    }
}

/// One rule of a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Stable name, for scripts: `S` single-shot, `B` batch.
    pub code: &'static str,
    /// The contract it belongs to.
    pub contract: Contract,
    /// What is looked at.
    pub title: &'static str,
    /// What a service that keeps to the contract does.
    pub expected: &'static str,
    /// What to do when it does not.
    pub advice: &'static str,
}

macro_rules! rules {
    ($($name:ident $code:literal $contract:ident $title:literal, $expected:literal, $advice:literal;)*) => {
        $(
            #[doc = $title]
            pub const $name: Rule = Rule {
                code: $code,
                contract: Contract::$contract,
                title: $title,
                expected: $expected,
                advice: $advice,
            };
        )*
        /// Every rule, in the order of reports.
        pub const TABLE: &[Rule] = &[$($name),*];
    };
}

rules! {
    S_READY "S1a" SingleShot "health says ready",
        "GET /health answers 200 once the models are loaded, within the warm-up limit",
        "Answer 200 on /health as soon as a generation would start, on 0.0.0.0:10006; see the service's own log.";
    S_HONEST "S1b" SingleShot "health is not early",
        "the first generation after the first 200 of /health succeeds",
        "Do not answer 200 on /health before the models are loaded: there is no other sign of being ready.";
    S_JPEG "S2a" SingleShot "a JPEG",
        "2xx and a model for a form with prompt_image_file (a JPEG) and seed",
        "Take multipart/form-data with a file part prompt_image_file and a field seed at POST /generate, without redirects.";
    S_PNG "S2b" SingleShot "a PNG called prompt.jpg",
        "2xx and a model: every picture is sent as prompt.jpg of type image/jpeg",
        "Decode pictures by their content, not by their name or type.";
    S_RGBA "S2c" SingleShot "a PNG with alpha",
        "2xx and a model",
        "Convert to the channels your model needs after decoding; the alpha channel is the object's mask.";
    S_BIG "S2d" SingleShot "a picture of 12 megapixels",
        "2xx and a model",
        "Scale large pictures down yourself; raise the limit on uploads if it is below 8 MB.";
    S_SEED_ZERO "S3a" SingleShot "seed 0",
        "2xx and a model",
        "Take 0 as a seed like any other; it does not mean \"none\".";
    S_SEED_MAX "S3b" SingleShot "seed 4294967295",
        "2xx and a model: seeds of rounds have 32 bits without sign",
        "Parse the seed as a 64-bit integer.";
    S_SEED_NEGATIVE "S3c" SingleShot "seed -1",
        "2xx and a model",
        "Parse the seed as a signed integer; map it to what your generator takes, for example modulo 2^32.";
    S_HEADERS "S4a" SingleShot "headers when the outcome is known",
        "status and headers come when the model exists; the body follows at once",
        "Generate first, then send status and headers: clients stop the clock there and cannot see a later failure.";
    S_MODEL "S4b" SingleShot "the body is a model",
        "a PLY of splats or a GLB that can be read",
        "Write the whole file before answering and read it back once with `crucible inspect`.";
    S_LENGTH "S4c" SingleShot "length of the body",
        "as many bytes as Content-Length says, or chunks to the last one",
        "Set Content-Length from the bytes you send, or leave it out and let the server send chunks.";
    S_TYPE "S4d" SingleShot "type of the body",
        "Content-Type: application/octet-stream",
        "Send the model as application/octet-stream.";
    S_NEXT "S5" SingleShot "the next request while a body still streams",
        "a request sent when the headers of the last one came is worked on although nobody reads the last one's body",
        "Free the generator when the model exists, not when its body has been sent.";
    S_TWO "S6a" SingleShot "two requests at once",
        "both are answered 2xx: the second one waits its turn",
        "Queue requests in the order they came instead of answering 429 or 503.";
    S_MIXED "S6b" SingleShot "answers belong to their requests",
        "two requests at once with two pictures get two models, each its own",
        "Keep nothing of a request in variables that requests share.";
    S_HEALTH_BUSY "S7" SingleShot "health during a generation",
        "GET /health answers 200 within 1 s at any time of a generation",
        "Run the generator in a thread or process of its own, away from the one that answers /health.";
    S_GARBAGE "S8a" SingleShot "what is not a picture",
        "4xx or 5xx",
        "Decode the picture before anything else and answer 422 when that fails.";
    S_ODD "S8b" SingleShot "odd pictures",
        "an answer of any status: 16 bits, CMYK, animated, cut off, 100 megapixels, empty",
        "Limit the pixels before decoding; turn errors of decoding into an answer.";
    S_FORM "S8c" SingleShot "forms that are wrong",
        "4xx for no picture, a seed that is no number, a body that is no form",
        "Answer 422 for fields that are missing or malformed.";
    S_ALIVE "S8d" SingleShot "life after bad input",
        "the next good request succeeds",
        "An error of one request must not end the worker; catch it there, and free what it held.";
    S_SAME "S9" SingleShot "same picture and seed, same model",
        "the same bytes, or pictures of both models within a distance of 0.1",
        "Seed every source of randomness with the given seed, on the CPU, before each generation.";
    S_RULES "S10a" SingleShot "the model keeps to its competition's rules",
        "splats: a readable, visible object; mesh: one mesh within ±0.6 of the origin",
        "Run `crucible validate` on what your generator writes.";
    S_SIZE "S10b" SingleShot "size of the file",
        "at most 200 MiB",
        "Fewer splats or triangles, smaller textures.";
    S_HEADERS_EXTRA "S11" SingleShot "headers that are not asked for",
        "Authorization and unknown headers make no difference",
        "Do not look at Authorization: some providers' proxies send one.";
    S_LEFT "S12" SingleShot "a client that leaves early",
        "the next request succeeds, and soon",
        "Drop queued work whose client has gone, and outlive a closed connection.";
    S_SLOW "S13" SingleShot "a client that sends slowly",
        "others are answered while one upload stands still",
        "Read uploads in the server's event loop; take the generator only when the whole form is there.";
    S_TIME "S14" SingleShot "time of a generation",
        "splats: 30 s; mesh: a median of 90 s, never above 180 s, on the competition's GPU",
        "Faster sampling, a smaller model, fewer steps; on another machine than the competition's take it as a hint.";

    B_HEALTH "B1a" Batch "health",
        "GET /health answers 200 as soon as the server listens, before the models are loaded",
        "Start the HTTP server first, then load the models in the background; report warming_up meanwhile.";
    B_HEALTH_BUSY "B1b" Batch "health during a batch",
        "GET /health answers 200 within 1 s",
        "Keep the generators off the thread that answers requests.";
    B_READY "B1c" Batch "ready",
        "/status comes to ready (or complete) within the warm-up limit",
        "See the service's own log for what keeps the models from loading.";
    B_STATUS "B2a" Batch "status, plainly",
        "200 and a JSON object with or without replacements_remaining and Authorization",
        "replacements_remaining is optional (0 when absent); accept any Authorization and ignore it.";
    B_POLLS "B2b" Batch "status, asked often",
        "every answer valid and within 1 s, from 50 connections at once during a batch",
        "Answer /status from memory, without waiting for anything the generators hold.";
    B_STATES "B3a" Batch "states",
        "status is warming_up, ready, generating, complete or replace",
        "Any other word counts as an unreachable pod, and 18 of them in a row as a dead one.";
    B_PROGRESS "B3b" Batch "progress and total",
        "both integers while generating, total = prompts of the batch, progress ≤ total and never going back",
        "Count prompts that are done or given up; set total when the batch is accepted.";
    B_WARMING "B4" Batch "a batch before ready",
        "409 with {\"detail\": \"Cannot accept batch\", \"current_status\": \"warming_up\"}",
        "Refuse batches until warm; keep the body flat, with these two keys only.";
    B_ACCEPT "B5a" Batch "a batch is accepted",
        "exactly 200 and {\"accepted\": N} with the number of prompts",
        "Answer 200 (not 201 or 202) at once, and generate in the background.";
    B_AT_ONCE "B5b" Batch "generating from the 200 on",
        "/status asked right after the 200 says generating",
        "Change the state before the 200 is written: a stale complete makes clients download the last batch.";
    B_AGAIN "B6a" Batch "the same batch again while generating",
        "200 with the same count, and nothing starts over",
        "Compare the set of stems with the running batch; when it is the same, only answer.";
    B_AGAIN_DONE "B6b" Batch "the same batch again when complete",
        "200 with the same count; it stays complete with the same results",
        "Compare the set of stems with the last batch too: clients repeat a request whose answer was lost.";
    B_OTHER "B7" Batch "another batch while generating",
        "409 with {\"detail\": \"Cannot accept batch\", \"current_status\": \"generating\"}",
        "Refuse it and go on; frameworks that nest the body under \"detail\" need a response of your own.";
    B_EARLY "B8" Batch "results before complete",
        "409",
        "Answer 409 unless the state is complete; never an empty or partial archive.";
    B_TYPE "B9a" Batch "type of the results",
        "200 and Content-Type: application/zip",
        "Send the archive as application/zip.";
    B_CHUNKED "B9b" Batch "transfer of the results",
        "chunked, no Content-Length",
        "Stream the archive: proxies limit bodies of known length.";
    B_DEFLATE "B9c" Batch "compression of the results",
        "every entry deflated",
        "Write entries with deflate (ZIP_DEFLATED in Python).";
    B_ONCE "B10a" Batch "every stem once",
        "each stem of the batch is a .js or a key of _failed.json, never both, never neither, never twice",
        "Build the archive from the list of prompts: a result or a reason for each.";
    B_NO_MANIFEST "B10b" Batch "no manifest without failures",
        "_failed.json is there only when something failed, and is an object from stem to reason",
        "Leave _failed.json out when it would be empty.";
    B_STRANGERS "B10c" Batch "nothing else in the archive",
        "only stems of this batch",
        "Clear the results when a batch is accepted.";
    B_STABLE "B11a" Batch "results can be fetched again",
        "the same bytes each time while complete",
        "Build the archive once, at the end of the batch, and keep its bytes.";
    B_BROKEN "B11b" Batch "results after a broken download",
        "a download that was broken off changes nothing",
        "Results end when the next batch is accepted, not when they were sent.";
    B_NEXT "B12" Batch "the next batch",
        "accepted from complete, without loading the models again",
        "Go from complete to generating directly.";
    B_BAD_PICTURE "B13a" Batch "a picture that cannot be had",
        "404, no connection, not a picture: that prompt fails with a reason, the others succeed",
        "Catch errors per prompt and put them into _failed.json.";
    B_ENDLESS "B13b" Batch "a picture that never ends",
        "given up within the time limit; the others succeed",
        "Give every download a limit of bytes and of time as a whole, not only per read.";
    B_FETCHED "B13c" Batch "pictures are fetched",
        "the service fetches image_url of every prompt",
        "Fetch the pictures; if it tried, it could not reach the address: see --serve-prompts.";
    B_ENDS "B14a" Batch "a batch ends",
        "the state comes to complete",
        "Whatever happens in the generation task, end it in complete, with what is there; keep a deadline of your own.";
    B_ALL_FAILED "B14b" Batch "a batch of which nothing succeeds",
        "ends in complete, with a ZIP of only _failed.json",
        "End every batch in complete, whatever happens; an empty archive counts as a failed download.";
    B_STEMS "B15" Batch "bad stems",
        "422 for upper case, punctuation and nothing; the state stays",
        "Check every stem against ^[a-z0-9]+$ before anything else.";
    B_REPLACE "B16" Batch "replace only within the budget",
        "never with replacements_remaining=0; its payload at most 4096 bytes",
        "Report replace only when replacements_remaining is 1 or more.";
    B_SEED "B17" Batch "seed 4294967295",
        "accepted",
        "Parse the seed as a 64-bit integer.";
    B_CAPS "B18" Batch "limits of the archive",
        "ZIP ≤ 64 MiB, ≤ 100 entries, .js ≤ 1 MiB, _failed.json ≤ 16 KiB, readable, nothing encrypted",
        "Check sizes before you build the archive; a module that is too long is a failed prompt.";
    B_ANEW "B19" Batch "an earlier batch sent again",
        "after other batches it is generated anew",
        "Compare stems with the last batch only, and keep no results of earlier ones.";
    B_IDENTITY "B20" Batch "identity of a batch (extension)",
        "a service that echoes batch_id generates the same stems anew under another identity, and not under the same",
        "Keep the identity of the running or last batch and compare it when one is given.";
    B_BODIES "B21" Batch "bodies that are wrong",
        "4xx; the state stays",
        "Check the whole body before changing anything.";
    B_MODULES "B22" Batch "the modules are valid",
        "every module keeps to the rules of the competition",
        "Run `crucible validate` on every module before it goes into the archive.";
    B_SLOW "B23" Batch "a client that stops reading the results",
        "/status and another download are answered meanwhile",
        "Hold no lock while the archive is sent.";
    B_TIME "B24" Batch "time of a batch",
        "128 prompts within 7200 s and 32 within 3600 s, at the pace of the batches seen here",
        "Work on several prompts at once; on another machine than the competition's take it as a hint.";
}

#[cfg(test)]
mod tests {
    use super::TABLE;

    #[test]
    fn codes_are_unique_and_say_their_contract() {
        for (idx, rule) in TABLE.iter().enumerate() {
            assert!(TABLE[..idx].iter().all(|other| other.code != rule.code), "{}", rule.code);
            let letter = if rule.contract == super::Contract::Batch { 'B' } else { 'S' };
            assert!(rule.code.starts_with(letter), "{}", rule.code);
        }
    }
}
