//! A crash after every system call: what was acknowledged is there, and what was not is there whole or
//! not at all.

use super::tape::{Crash, Disk, Event, Image};
use super::*;

/// What happened to a disk, from when the store was made, and what it should have held after each
/// commit, the first for none.
struct Story {
    start: Image,
    tape: Vec<Event>,
    states: Vec<Model>,
}

/// Some processes, one after the other, with tiny logs, so that they are changed every few commits;
/// some batches are longer than a log. What is moved is moved at once, or when it happens to be.
fn story(seed: u64, settled: bool) -> Story {
    let mut random = fastrand::Rng::with_seed(seed);
    let disk = Disk::default();
    make(&disk, 5);
    let start = disk.image();
    let made = disk.tape().len();
    let mut states = vec![Model::new()];
    for _ in 0..3 {
        let mut store = open(&disk).unwrap();
        disk.note(Event::Opened(store.header().incarnation));
        for _ in 0..random.usize(2..8) {
            let long = random.u8(..6) == 0;
            let batch = if long {
                long_batch(&mut random)
            } else {
                batch(&mut random, 6)
            };
            let mut state = states.last().unwrap().clone();
            state.extend(batch.iter().cloned());
            states.push(state);
            disk.note(Event::Begun);
            store.commit(&batch).unwrap();
            disk.note(Event::Acknowledged);
            if settled {
                store.settle();
            }
        }
    }
    let tape = disk.tape().split_off(made);
    Story {
        start,
        tape,
        states,
    }
}

/// Whether the store on this disk, after these events, is as it must be.
fn check(story: &Story, events: &[Event], image: Image) -> Result<(), String> {
    let begun = events
        .iter()
        .filter(|event| matches!(event, Event::Begun))
        .count();
    let acknowledged = events
        .iter()
        .filter(|event| matches!(event, Event::Acknowledged))
        .count();
    let incarnations = events.iter().filter_map(|event| {
        if let Event::Opened(incarnation) = event {
            Some(*incarnation)
        } else {
            None
        }
    });
    let store = open(&Disk::with(image)).map_err(|error| error.to_string())?;
    let contents = contents(&store).map_err(|error| error.to_string())?;
    if contents != story.states[acknowledged] && contents != story.states[begun] {
        return Err(format!(
            "after {acknowledged} commits of {begun}, it holds something else"
        ));
    }
    if incarnations.max() >= Some(store.header().incarnation) {
        return Err(format!("incarnation {} again", store.header().incarnation));
    }
    Ok(())
}

/// Checks all that can be left after each event of a story; how many disks these were.
fn check_all(story: &Story, seed: u64, lies: [bool; 3]) -> Result<usize, String> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut checked = 0;
    for cut in 0..=story.tape.len() {
        let events = &story.tape[..cut];
        for image in Crash::after(&story.start, events, lies).images(&mut random) {
            check(story, events, image)
                .map_err(|what| format!("seed {seed}, cut {cut}: {what}"))?;
            checked += 1;
        }
    }
    Ok(checked)
}

const HONEST: [bool; 3] = [false; 3];

#[test]
fn what_was_acknowledged_survives_a_crash_at_any_moment() {
    for seed in 0..2 {
        let checked = check_all(&story(seed, true), seed, HONEST).unwrap();
        assert!(checked > 500, "{checked}");
    }
}

#[test]
fn so_it_does_while_a_log_is_moved() {
    for seed in 10..12 {
        check_all(&story(seed, false), seed, HONEST).unwrap();
    }
}

/// What recovery does can be cut short as well: crashes of the opening of what a crash has left, and
/// of the commits after it, which stand beside what is left of a torn one.
#[test]
fn a_crash_after_a_crash_loses_nothing() {
    let mut random = fastrand::Rng::with_seed(20);
    for seed in 20..40 {
        let story = story(seed, true);
        // In the middle of a batch, which is where a torn one comes from.
        let torn = |cut: &usize| matches!(story.tape[cut - 1], Event::Write { file: 0 | 1, .. });
        let cuts: Vec<usize> = (1..=story.tape.len()).filter(torn).collect();
        let before = &story.tape[..random.choice(cuts).unwrap()];
        let images = Crash::after(&story.start, before, HONEST).images(&mut random);
        let start = random.choice(images).unwrap();
        let disk = Disk::with(start.clone());
        let mut store = open(&disk).unwrap();
        let mut states = vec![contents(&store).unwrap()];
        for _ in 0..3 {
            let batch = batch(&mut random, 6);
            let mut state = states.last().unwrap().clone();
            state.extend(batch.iter().cloned());
            states.push(state);
            disk.note(Event::Begun);
            store.commit(&batch).unwrap();
            disk.note(Event::Acknowledged);
        }
        let tape = disk.tape();
        let second = Story {
            start,
            tape,
            states,
        };
        check_all(&second, seed, HONEST).unwrap();
    }
}

#[test]
fn a_disk_that_lies_is_caught_by_this_test() {
    let lie = check_all(&story(0, true), 0, [true; 3]).unwrap_err();
    assert!(lie.contains("seed 0"), "{lie}");
}

#[test]
fn so_is_a_log_that_does_not_flush() {
    for lies in [[true, false, false], [false, true, false]] {
        check_all(&story(0, true), 0, lies).unwrap_err();
    }
}

#[test]
fn so_is_a_home_that_does_not_flush() {
    check_all(&story(0, true), 0, [false, false, true]).unwrap_err();
}
