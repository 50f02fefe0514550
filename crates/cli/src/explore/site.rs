//! The explorer's answers: a page, a file or data for each request.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use checker::Limits;
use model::properties::Known;
use serde::Serialize;
use tiny_http::Method;

use super::catalogue::Catalogue;
use super::front;
use super::open::Open;
use super::place::Place;
use super::route::{Lost, Route, route};
use super::shown::{Sought, seek};
use crate::error::Error;

/// How many worlds are kept open: those that were asked for last.
const OPEN_MAX: usize = 8;

/// How many found paths are remembered.
const LINKS_MAX: usize = 256;

/// How many requests may wait for a path to be found, so that the others go on being answered.
const SEEKERS_MAX: usize = 4;

/// A search that somebody waits for before a browser ends here.
const SEEK_STATES_MAX: u64 = 2_000_000;
const SEEK_TIME_MAX: Duration = Duration::from_secs(60);

/// All that is served.
pub(crate) struct Site {
    catalogue: Catalogue,
    /// The one that was asked for last comes last.
    opened: Mutex<Vec<Arc<Open>>>,
    /// Where the paths end that were found, by world and property.
    links: Mutex<Vec<(Place, &'static str, String)>>,
    /// How many look for one or wait to; one at a time does.
    seekers: AtomicUsize,
    seeking: Mutex<()>,
    /// Whether stateright's checker runs.
    checking: Arc<AtomicBool>,
    /// Set when the explorer is to end.
    interrupt: Arc<AtomicBool>,
}

/// An answer to a request.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The type of the body; of one that is elsewhere, where that is.
    pub(crate) head: Head,
    pub(crate) body: String,
}

pub(crate) enum Head {
    Type(&'static str),
    Location(String),
}

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const SVG: &str = "image/svg+xml; charset=utf-8";

impl Answer {
    fn ok(kind: &'static str, body: impl Into<String>) -> Answer {
        Answer {
            status: 200,
            head: Head::Type(kind),
            body: body.into(),
        }
    }

    fn json(value: &impl Serialize) -> Result<Answer, Lost> {
        let text = serde_json::to_string(value);
        let text = text.map_err(|error| Lost::new(500, error.to_string()))?;
        Ok(Answer::ok(JSON, text))
    }

    fn elsewhere(address: String) -> Answer {
        Answer {
            status: 302,
            head: Head::Location(address),
            body: String::new(),
        }
    }

    /// That there is no answer, as a page that leads home; to a program as a line.
    pub(crate) fn lost(lost: &Lost) -> Answer {
        let (kind, body) = match lost.is_for_program {
            true => (TEXT, format!("{}\n", lost.what)),
            false => (HTML, front::lost(lost)),
        };
        Answer {
            status: lost.status,
            head: Head::Type(kind),
            body,
        }
    }
}

impl Site {
    pub(crate) fn new(catalogue: Catalogue, interrupt: Arc<AtomicBool>) -> Site {
        Site {
            catalogue,
            opened: Mutex::default(),
            links: Mutex::default(),
            seekers: AtomicUsize::new(0),
            seeking: Mutex::new(()),
            checking: Arc::default(),
            interrupt,
        }
    }

    /// Answers a request.
    pub(crate) fn answer(&self, method: &Method, url: &str) -> Answer {
        let answer = route(&self.catalogue, method, url).and_then(|route| self.give(route));
        answer.unwrap_or_else(|lost| Answer::lost(&lost))
    }

    fn give(&self, route: Route) -> Result<Answer, Lost> {
        let no_path = |what: String| Lost {
            is_for_program: true,
            ..Lost::new(404, what)
        };
        match route {
            Route::Front => Ok(Answer::ok(HTML, front::front(&self.catalogue))),
            Route::File(text, kind) => Ok(Answer::ok(kind, text)),
            Route::Elsewhere(address) => Ok(Answer::elsewhere(address)),
            Route::Explorer(place) => {
                self.open(&place)?;
                Ok(Answer::ok(HTML, include_str!("ui/index.htm")))
            }
            Route::Status(place) => Answer::json(&self.open(&place)?.status()),
            Route::Next(place, path) => {
                Answer::json(&self.open(&place)?.next(&path).map_err(no_path)?)
            }
            Route::Picture(place, path) => {
                let picture = self.open(&place)?.picture(&path);
                Ok(Answer::ok(SVG, picture.map_err(no_path)?))
            }
            Route::Why(place, path) => {
                Answer::json(&self.open(&place)?.why(&path).map_err(no_path)?)
            }
            Route::Complete(place) => {
                let ran = self.open(&place)?.run_to_completion(&self.checking);
                let busy = |what: String| Lost {
                    is_for_program: true,
                    ..Lost::new(409, what)
                };
                ran.map_err(busy)?;
                Ok(Answer::ok(TEXT, ""))
            }
            Route::At(place, known) => Ok(Answer::elsewhere(self.link(&place, known)?)),
        }
    }

    /// The world of a place, opened if it is not yet.
    fn open(&self, place: &Place) -> Result<Arc<Open>, Lost> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let found = opened.iter().position(|one| one.place == *place);
        let open = match found {
            Some(at) => opened.remove(at),
            None => {
                let world = self.catalogue.world(place);
                let world = world.map_err(|error| Lost::new(400, error.to_string()))?;
                Arc::new(Open::new(place.clone(), world))
            }
        };
        opened.push(Arc::clone(&open));
        if opened.len() > OPEN_MAX {
            opened.remove(0);
        }
        Ok(open)
    }

    /// Where the shortest path that shows a property ends.
    fn link(&self, place: &Place, known: &'static Known) -> Result<String, Lost> {
        if let Some(link) = self.remembered(place, known) {
            return Ok(link);
        }
        let world = self.open(place)?;
        let without_limit = format!(
            "`paxos explore {} --at {}` searches without a limit",
            place.arguments(),
            known.name
        );
        let loaded = self.catalogue.scenario(&place.scenario);
        if loaded.is_some_and(Catalogue::is_too_large) {
            let what = format!("`{}` is too large to be searched here", place.scenario);
            return Err(Lost::new(503, format!("{what}; {without_limit}")));
        }
        let _seeker = Seeker::new(&self.seekers)?;
        let _one_at_a_time = self.seeking.lock().unwrap_or_else(PoisonError::into_inner);
        // Another one may have found it meanwhile.
        if let Some(link) = self.remembered(place, known) {
            return Ok(link);
        }
        let limits = Limits {
            threads: std::thread::available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN),
            max_states: Some(SEEK_STATES_MAX),
            timeout: Some(SEEK_TIME_MAX),
            interrupt: Arc::clone(&self.interrupt),
            ..Limits::default()
        };
        let sought = seek(&world.world, known, &limits, &|_| {});
        let shown = match sought.map_err(|error| broken(&error))? {
            Sought::Found(shown) => shown,
            Sought::Nothing(why) => {
                return Err(Lost::new(404, format!("there is nothing to open: {why}")));
            }
            Sought::Cut(cut) => {
                let what = format!(
                    "no path to `{}` was found before the search was {cut}",
                    known.name
                );
                return Err(Lost::new(503, format!("{what}; {without_limit}")));
            }
        };
        let path = shown.stem.as_ref().unwrap_or(&shown.whole);
        let link = format!("{}#/steps/{}", place.address(), path.encode(&*world.world));
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        if links.len() == LINKS_MAX {
            links.remove(0);
        }
        links.push((place.clone(), known.name, link.clone()));
        Ok(link)
    }

    fn remembered(&self, place: &Place, known: &Known) -> Option<String> {
        let links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        let mut links = links.iter();
        let found = links.find(|(of, name, _)| of == place && *name == known.name);
        found.map(|(_, _, link)| link.clone())
    }
}

/// A search that could not be made.
fn broken(error: &Error) -> Lost {
    Lost::new(400, error.to_string())
}

/// Somebody who waits for a path.
struct Seeker<'a>(&'a AtomicUsize);

impl Seeker<'_> {
    /// One more, if there is room.
    fn new(seekers: &AtomicUsize) -> Result<Seeker<'_>, Lost> {
        let seeker = Seeker(seekers);
        match seekers.fetch_add(1, Ordering::AcqRel) < SEEKERS_MAX {
            true => Ok(seeker),
            false => Err(Lost::new(
                503,
                "other paths are being looked for: try again in a moment",
            )),
        }
    }
}

impl Drop for Seeker<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
