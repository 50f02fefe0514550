//! The browser of the machine, if there is one.

use crate::print;

/// Opens a link in it; if that fails, says so, since the link is printed anyway.
pub(crate) fn open(link: String) {
    if let Some(why) = obstacle() {
        print::say(&complaint(&why));
        return;
    }
    let work = move || {
        if let Err(error) = open::that(&link) {
            print::say(&complaint(&error.to_string()));
        }
    };
    // Some openers wait until the browser is closed again.
    let named = std::thread::Builder::new().name("browser".to_owned());
    if let Err(error) = named.spawn(work) {
        print::say(&complaint(&error.to_string()));
    }
}

fn complaint(why: &str) -> String {
    format!("no browser can be opened: {why}; open the link by hand")
}

/// Why it is not even tried: without a display, what is found might take the terminal for itself.
fn obstacle() -> Option<String> {
    let displays = ["DISPLAY", "WAYLAND_DISPLAY"];
    let has_display = displays
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    let needs_display = cfg!(all(unix, not(target_os = "macos")));
    (needs_display && !has_display).then(|| {
        format!(
            "there is no display, neither {} is set",
            displays.join(" nor ")
        )
    })
}
