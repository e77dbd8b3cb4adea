//! Odd things that honest repositories of the original have: none is called broken.

use serde_json::{Value, json};

use super::eras::{modules, splats};
use super::mended::{alone, squashed};
use super::variations::meshes;
use super::world::{Era, World, findings, hotkey};

const ALL: [fn() -> World; 3] = [modules, meshes, splats];

/// With its history, without, and as one commit.
fn all_sound(world: &World, what: &str) {
    assert_eq!(findings(&world.verify()), [""; 0], "{what}");
    assert_eq!(findings(&alone(&world.files)), [""; 0], "{what}, alone");
    assert_eq!(findings(&squashed(&world.files)), [""; 0], "{what}, squashed");
}

/// Every file whose name ends like this is written anew.
fn rewrite(world: &mut World, end: &str, change: impl Fn(&str) -> String) {
    let paths: Vec<String> =
        world.files.keys().filter(|path| path.ends_with(end)).cloned().collect();
    assert!(!paths.is_empty(), "{end}");
    for path in paths {
        let text = change(&world.files[&path]);
        world.put(&path, text);
    }
    world.commit("by hand");
}

fn rewrite_json(world: &mut World, end: &str, change: impl Fn(&mut Value)) {
    rewrite(world, end, |text| {
        let mut value: Value = serde_json::from_str(text).unwrap();
        change(&mut value);
        value.to_string()
    });
}

#[test]
fn texts_that_were_edited() {
    for world in ALL {
        let mut world = world();
        rewrite(&mut world, "/seed.json", |text| text.replace(": ", ": \"").replace('}', "\"}"));
        all_sound(&world, "seeds as texts");
        rewrite(&mut world, "/prompts.txt", |text| {
            format!("{}  \r\n\r\n", text.replace('\n', " \n"))
        });
        all_sound(&world, "spaces behind prompts");
        rewrite(&mut world, "leader.json", |text| {
            text.replace("1.0", "1").replace("21600", "21600.0")
        });
        all_sound(&world, "numbers of leaders");
        if world.era != Era::Splats {
            rewrite(&mut world, "matches_matrix.csv", |text| {
                let mut lines: Vec<String> =
                    text.lines().map(|line| format!("{line} \r")).collect();
                lines[1..].reverse();
                lines.join("\n") + "\n\n"
            });
            all_sound(&world, "rows of a matrix turned");
        }
    }
}

#[test]
fn members_in_other_orders_and_unknown_ones() {
    for world in ALL {
        let mut world = world();
        let end = if world.era == Era::Splats { "/duels.json" } else { "/duels_leader.json" };
        rewrite_json(&mut world, end, |value| {
            // Sorted by name, and something new.
            for duel in value["duels"].as_array_mut().unwrap() {
                let mut members: Vec<_> = duel.as_object().unwrap().clone().into_iter().collect();
                members.sort_by(|a, b| b.0.cmp(&a.0));
                members.push(("confidence".to_owned(), json!({"low": [0.1]})));
                *duel = Value::Object(members.into_iter().collect());
            }
        });
        rewrite_json(&mut world, "state.json", |value| value["note"] = json!("by hand"));
        rewrite_json(&mut world, "/schedule.json", |value| value["why"] = json!(null));
        all_sound(&world, "members");
    }
}

#[test]
fn pools_that_are_empty_or_gone_later() {
    for world in ALL {
        let mut world = world();
        world.put("prompts.txt", String::new());
        world.commit("over");
        all_sound(&world, "an empty pool");
        world.remove("prompts.txt");
        world.commit("gone");
        all_sound(&world, "no pool");
    }
}

#[test]
fn a_round_that_was_begun_again_from_another_pool() {
    for era in [Era::Modules, Era::Meshes, Era::Splats] {
        let mut world = World::new(era, 40, 10);
        world.begin(&["Anna"], 42);
        world.state(world.opening());
        let pool = format!("https://pictures.example/new.png\n{}", world.files["prompts.txt"]);
        world.put("prompts.txt", pool);
        world.commit("these prompts were no good");
        world.urls.clear();
        world.begin(&["Anna", "Bert"], 43);
        assert_eq!(findings(&world.verify()), [""; 0], "{era:?}");
        assert_eq!(findings(&alone(&world.files)), [""; 0], "{era:?}");
    }
}

#[test]
fn miners_who_left_and_stages_by_hand() {
    for world in [modules as fn() -> World, meshes] {
        let mut world = world();
        for stage in ["paused", "finished", "finalizing", "open"] {
            world.state(stage);
            world.commit("by hand");
            all_sound(&world, stage);
        }
        // Cleo lost, and was struck off.
        rewrite_json(&mut world, "rounds/0/submissions.json", |value| {
            value.as_object_mut().unwrap().remove(&hotkey("Cleo"));
        });
        all_sound(&world, "somebody who left");
    }
}
