//! What an address asks for.

use model::Mutant;
use model::properties::Known;
use percent_encoding::percent_decode_str;
use tiny_http::Method;

use super::catalogue::Catalogue;
use super::place::{Place, rules_named};
use crate::load::{self, Loaded};

/// What a request is for.
pub(crate) enum Route {
    /// The list of all that can be explored.
    Front,
    /// A file that goes with the pages, and its type.
    File(&'static str, &'static str),
    /// The explorer's page on a world.
    Explorer(Place),
    /// What is known of it.
    Status(Place),
    /// What can come after a path.
    Next(Place, Vec<usize>),
    /// A path as a picture.
    Picture(Place, Vec<usize>),
    /// Why a path breaks what its last state breaks.
    Why(Place, Vec<usize>),
    /// Visit every state.
    Complete(Place),
    /// The shortest path that shows a property.
    At(Place, &'static Known),
    /// Something that is at another address.
    Elsewhere(String),
}

/// Why a request has no answer.
pub(crate) struct Lost {
    /// As HTTP has it.
    pub(crate) status: u16,
    /// In a line: what is wrong.
    pub(crate) what: String,
    /// What may have been meant, and where it is.
    pub(crate) near: Vec<(String, String)>,
    /// Whether a program asked, and not a person.
    pub(crate) is_for_program: bool,
}

/// The files that go with the pages.
const FILES: [(&str, &str, &str); 5] = [
    ("/page.css", report::STYLE, "text/css; charset=utf-8"),
    (
        "/ui/app.css",
        include_str!("ui/app.css"),
        "text/css; charset=utf-8",
    ),
    (
        "/ui/front.css",
        include_str!("ui/front.css"),
        "text/css; charset=utf-8",
    ),
    ("/ui/app.js", include_str!("ui/app.js"), SCRIPT),
    (
        "/ui/knockout-3.5.0.js",
        include_str!("ui/knockout-3.5.0.js"),
        SCRIPT,
    ),
];

const SCRIPT: &str = "text/javascript; charset=utf-8";

impl Lost {
    pub(crate) fn new(status: u16, what: impl Into<String>) -> Lost {
        Lost {
            status,
            what: what.into(),
            near: Vec::new(),
            is_for_program: false,
        }
    }

    /// The same with names that may have been meant, each at its place of an address.
    fn near(mut self, names: Vec<String>, address: impl Fn(&str) -> String) -> Lost {
        self.near = names
            .into_iter()
            .map(|name| (name.clone(), address(&name)))
            .collect();
        self
    }
}

/// What is asked for at this address.
///
/// # Errors
/// If that is nothing, or asked for in a way that is not answered.
pub(crate) fn route(catalogue: &Catalogue, method: &Method, url: &str) -> Result<Route, Lost> {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let route = address(catalogue, path, query)?;
    let allowed: &[Method] = match route {
        Route::Complete(_) => &[Method::Post],
        Route::Front
        | Route::File(..)
        | Route::Explorer(_)
        | Route::Status(_)
        | Route::Next(..)
        | Route::Picture(..)
        | Route::Why(..)
        | Route::At(..)
        | Route::Elsewhere(_) => &[Method::Get, Method::Head],
    };
    match allowed.contains(method) {
        true => Ok(route),
        false => Err(Lost::new(
            405,
            format!("{path} takes {}, not {method}", allowed[0]),
        )),
    }
}

fn address(catalogue: &Catalogue, path: &str, query: &str) -> Result<Route, Lost> {
    if let Some((_, text, kind)) = FILES.iter().find(|(at, _, _)| *at == path) {
        return Ok(Route::File(text, kind));
    }
    let nothing = || Lost::new(404, format!("there is nothing at {path}"));
    let parts: Vec<String> = path
        .strip_prefix('/')
        .ok_or_else(nothing)?
        .split('/')
        .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
        .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        [""] => Ok(Route::Front),
        ["open"] => chosen(catalogue, query),
        ["explore", name, rest @ ..] => explorer(scenario(catalogue, name)?, rest),
        ["at", name, property] => at(Place::of(&scenario(catalogue, name)?.scenario), property),
        ["at", name, twist, property] => at(twisted(scenario(catalogue, name)?, twist)?, property),
        _ => Err(nothing()),
    }
}

/// Something under `/explore/SCENARIO`.
fn explorer(loaded: &Loaded, rest: &[&str]) -> Result<Route, Lost> {
    let begins = rest.iter().position(|part| part.starts_with('.'));
    let (world, asked) = rest.split_at(begins.unwrap_or(rest.len()));
    let is_for_program = !asked.is_empty();
    let lost = |lost: Lost| Lost {
        is_for_program,
        ..lost
    };
    let (place, has_slash) = match world {
        [] => (Place::of(&loaded.scenario), is_for_program),
        [""] => (Place::of(&loaded.scenario), true),
        [twist] => (twisted(loaded, twist).map_err(lost)?, is_for_program),
        [twist, ""] => (twisted(loaded, twist).map_err(lost)?, true),
        _ => {
            let what = "there is nothing below a world: an address is /explore/SCENARIO/ or /explore/SCENARIO/MUTANT/";
            return Err(lost(Lost::new(404, what)));
        }
    };
    match asked {
        [] if has_slash => Ok(Route::Explorer(place)),
        [] => Ok(Route::Elsewhere(place.address())),
        [".status"] => Ok(Route::Status(place)),
        [".runtocompletion"] => Ok(Route::Complete(place)),
        [".states", path @ ..] => Ok(Route::Next(place, indices(path).map_err(lost)?)),
        [".picture", path @ ..] => Ok(Route::Picture(place, indices(path).map_err(lost)?)),
        [".why", path @ ..] => Ok(Route::Why(place, indices(path).map_err(lost)?)),
        [other, ..] => Err(lost(Lost::new(
            404,
            format!("there is no {other} of a world"),
        ))),
    }
}

fn at(place: Place, name: &str) -> Result<Route, Lost> {
    let all = || model::properties::ALL.iter().chain(model::properties::LIVE);
    match all().find(|known| known.name == name) {
        Some(known) => Ok(Route::At(place, known)),
        None => {
            let names = all().map(|known| known.name.to_owned());
            let near = load::nearest(name, names);
            let lost = Lost::new(404, format!("no property is named `{name}`"));
            Err(lost.near(near, |near| place.at(near)))
        }
    }
}

/// What the form of the front page sends: a world put together from its parts.
fn chosen(catalogue: &Catalogue, query: &str) -> Result<Route, Lost> {
    let field = |wanted: &str| {
        let mut fields = form_urlencoded::parse(query.as_bytes());
        let found = fields.find(|(name, _)| name == wanted);
        found.map_or(String::new(), |(_, value)| value.into_owned())
    };
    let loaded = scenario(catalogue, &field("scenario"))?;
    let mut place = Place::of(&loaded.scenario);
    let (rules, mutant) = (field("rules"), field("mutant"));
    if !rules.is_empty() {
        let named = rules_named(&rules);
        let unknown = || Lost::new(404, format!("no rules are named `{rules}`"));
        place.rules = Some(named.ok_or_else(unknown)?);
    }
    if !mutant.is_empty() {
        let unknown = |why: String| Lost::new(404, why);
        place.mutant = Some(mutant.parse::<Mutant>().map_err(unknown)?);
    }
    Ok(Route::Elsewhere(place.address()))
}

fn scenario<'a>(catalogue: &'a Catalogue, name: &str) -> Result<&'a Loaded, Lost> {
    catalogue.scenario(name).ok_or_else(|| {
        let lost = Lost::new(404, format!("no scenario is named `{name}`"));
        let address = |near: &str| {
            let known = catalogue.scenario(near);
            known.map_or(String::new(), |one| Place::of(&one.scenario).address())
        };
        lost.near(catalogue.near(name), address)
    })
}

fn twisted(loaded: &Loaded, twist: &str) -> Result<Place, Lost> {
    Place::twisted(&loaded.scenario, twist).map_err(|(name, near)| {
        let lost = Lost::new(404, format!("no mutant and no rules are named `{name}`"));
        let home = Place::of(&loaded.scenario).address();
        lost.near(near, |near| format!("{home}{near}/"))
    })
}

/// The places of actions that make a path.
fn indices(parts: &[&str]) -> Result<Vec<usize>, Lost> {
    let parts = parts.iter().filter(|part| !part.is_empty());
    let number = |part: &&str| {
        let lost = || {
            Lost::new(
                404,
                format!("`{part}` is no step: a path is made of numbers"),
            )
        };
        part.parse::<usize>().map_err(|_| lost())
    };
    parts.map(number).collect()
}
