//! The explorer's server: one port on this machine, a few threads.

use std::net::{Ipv4Addr, TcpListener};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Sender;

use tiny_http::{Header, Method, Request, Response};

use super::route::Lost;
use super::site::{Answer, Head, Site};
use crate::error::Error;

/// How many requests are answered at once: a browser makes six, and some may wait for a path.
const THREADS: usize = 12;

/// Why the explorer is to end.
pub(crate) enum End {
    /// Somebody wants it to.
    Interrupted,
    /// Nothing can arrive any more.
    Broken(std::io::Error),
}

/// A server that listens and answers, until the process ends.
pub(crate) struct Server {
    port: u16,
}

impl Server {
    /// Listens on this port of the machine itself, 0 for any that is free, and answers. Trouble goes to `ends`.
    ///
    /// # Errors
    /// If the port is taken, or not allowed.
    pub(crate) fn start(port: u16, site: Site, ends: &Sender<End>) -> Result<Server, Error> {
        let failed = |source| Error::Port { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let http = tiny_http::Server::from_listener(listener, None);
        let http = http.map_err(|error| failed(std::io::Error::other(error)))?;
        let (http, site) = (Arc::new(http), Arc::new(site));
        for _ in 0..THREADS {
            let (http, site, ends) = (Arc::clone(&http), Arc::clone(&site), ends.clone());
            let named = std::thread::Builder::new().name("explorer".to_owned());
            let work = move || {
                let error = work(&http, port, &site);
                // Whoever listens to this may have ended.
                let _ = ends.send(End::Broken(error));
            };
            named.spawn(work).map_err(failed)?;
        }
        Ok(Server { port })
    }

    /// What links begin with.
    pub(crate) fn address(&self) -> String {
        format!("http://localhost:{}", self.port)
    }
}

/// Answers, one request after the other, until nothing can arrive any more.
fn work(http: &tiny_http::Server, port: u16, site: &Site) -> std::io::Error {
    loop {
        match http.recv() {
            Ok(request) => serve(request, port, site),
            Err(error) => return error,
        }
    }
}

fn serve(request: Request, port: u16, site: &Site) {
    let answer = match refusal(&request, port) {
        Some(lost) => Answer::lost(&lost),
        // A request must not take a thread with it.
        None => catch_unwind(AssertUnwindSafe(|| {
            site.answer(request.method(), request.url())
        }))
        .unwrap_or_else(|_| Answer::lost(&Lost::new(500, "this cannot be answered"))),
    };
    let (name, value) = match answer.head {
        Head::Type(kind) => ("Content-Type", kind.to_owned()),
        Head::Location(address) => ("Location", address),
    };
    let mut response = Response::from_string(answer.body).with_status_code(answer.status);
    let headers = [
        (name, value.as_str()),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    ];
    for (name, value) in headers {
        if let Ok(header) = Header::from_bytes(name, value) {
            response = response.with_header(header);
        }
    }
    // Whoever asked may be gone.
    let _ = request.respond(response);
}

/// Why a request is not even looked at. A page from elsewhere can name this machine by a name of its own and then read
/// what is served here; or send something to it unread.
fn refusal(request: &Request, port: u16) -> Option<Lost> {
    let header = |name: &'static str| {
        let mut headers = request.headers().iter();
        headers.find(|header| header.field.equiv(name))
    };
    let is_ours = |host: &str| {
        let own = ["localhost", "127.0.0.1"];
        let is_default = port == 80 && own.contains(&host);
        is_default || own.iter().any(|name| host == format!("{name}:{port}"))
    };
    let host = header("Host").map(|header| header.value.as_str());
    if !host.is_some_and(is_ours) {
        let host = host.unwrap_or("nobody");
        let what = format!("this is the explorer of localhost:{port}, and {host} was asked for");
        return Some(Lost::new(421, what));
    }
    if *request.method() != Method::Post {
        return None;
    }
    let origin = header("Origin").map(|header| header.value.as_str());
    let from = origin.and_then(|origin| origin.strip_prefix("http://"));
    match (origin, from.is_some_and(is_ours)) {
        (None, _) | (Some(_), true) => None,
        (Some(_), false) => Some(Lost::new(
            403,
            "only the explorer's own page may ask for that",
        )),
    }
}
