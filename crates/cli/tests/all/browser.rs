//! A browser that opens our pages, and takes note of what they complain of.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;

use headless_chrome::protocol::cdp::Emulation::{
    MediaFeature, SetDeviceMetricsOverride, SetEmulatedMedia,
};
use headless_chrome::protocol::cdp::types::Event;
use headless_chrome::{Browser, LaunchOptions, Tab};

/// How often something is looked for before it counts as missing, and how long between two looks.
pub(crate) const LOOKS: usize = 600;
pub(crate) const PAUSE: Duration = Duration::from_millis(50);

/// A browser with one page; ended when dropped.
pub(crate) struct Page {
    pub(crate) tab: Arc<Tab>,
    errors: Arc<Mutex<Vec<String>>>,
    _browser: Browser,
    _profile: Profile,
}

/// The folder a browser keeps its things in; removed when dropped, which must be after the browser.
struct Profile {
    folder: PathBuf,
}

impl Profile {
    fn new() -> Profile {
        let folder = tempfile::tempdir().expect("temporary folders can be made");
        Profile {
            folder: folder.keep(),
        }
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        // The browser's own children outlive it for a moment, and may still write.
        for _ in 0..LOOKS {
            if std::fs::remove_dir_all(&self.folder).is_ok() {
                return;
            }
            sleep(PAUSE);
        }
    }
}

impl Page {
    /// Opens a link in a browser of its own.
    pub(crate) fn open(link: &str) -> Page {
        let chromium = Path::new("/usr/bin/chromium");
        assert!(
            chromium.exists(),
            "chromium is not installed: run ./test, which installs it, or apt-get install chromium"
        );
        let arguments = [
            "--headless=new",
            "--disable-quic",
            "--disable-background-networking",
            "--disable-component-update",
        ];
        let profile = Profile::new();
        let options = LaunchOptions {
            path: Some(chromium.to_path_buf()),
            // The library asks for the old headless mode, which is no more.
            headless: false,
            // The tests may run as root, and only ever open pages of our own.
            sandbox: false,
            user_data_dir: Some(profile.folder.clone()),
            window_size: Some((1600, 1200)),
            args: arguments.iter().map(OsStr::new).collect(),
            ..LaunchOptions::default()
        };
        let browser = Browser::new(options).expect("chromium can be started");
        let tab = browser.new_tab().expect("chromium has a tab");
        let errors = Arc::new(Mutex::new(Vec::new()));
        let page = Page {
            tab,
            errors: Arc::clone(&errors),
            _browser: browser,
            _profile: profile,
        };
        let listener = move |event: &Event| {
            if let Some(error) = complaint(event) {
                errors.lock().expect("nobody panics with it").push(error);
            }
        };
        page.tab
            .add_event_listener(Arc::new(listener))
            .expect("events can be listened to");
        page.tab
            .enable_runtime()
            .expect("errors can be listened to");
        page.tab.enable_log().expect("errors can be listened to");
        page.tab.navigate_to(link).expect("links can be opened");
        page
    }

    /// The text that a JavaScript expression gives, once it gives one.
    pub(crate) fn text(&self, expression: &str) -> String {
        for _ in 0..LOOKS {
            // While the page is loading, evaluation may fail.
            let found = self.tab.evaluate(expression, false);
            let value = found.ok().and_then(|found| found.value);
            match value.as_ref().and_then(|value| value.as_str()) {
                Some(text) if !text.is_empty() => return text.to_owned(),
                Some(_) | None => sleep(PAUSE),
            }
        }
        let page = self.tab.get_content().unwrap_or_default();
        let errors = self.errors();
        panic!("the page never had {expression}; errors: {errors:?}; page:\n{page}");
    }

    /// Has the page as somebody sees it who prefers `light` or `dark`.
    pub(crate) fn prefer(&self, scheme: &str) {
        let feature = MediaFeature {
            name: "prefers-color-scheme".to_owned(),
            value: scheme.to_owned(),
        };
        let media = SetEmulatedMedia {
            media: None,
            features: Some(vec![feature]),
        };
        let set = self.tab.call_method(media);
        set.expect("colours can be preferred");
    }

    /// Has the page as on a screen of so many pixels.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let screen = SetDeviceMetricsOverride {
            width,
            height,
            device_scale_factor: 1.0,
            mobile: false,
            scale: None,
            screen_width: None,
            screen_height: None,
            position_x: None,
            position_y: None,
            dont_set_visible_size: None,
            screen_orientation: None,
            viewport: None,
            display_feature: None,
            device_posture: None,
        };
        let set = self.tab.call_method(screen);
        set.expect("screens can be of any size");
    }

    /// What it complained of so far.
    pub(crate) fn errors(&self) -> Vec<String> {
        self.errors.lock().expect("nobody panics with it").clone()
    }
}

/// What an event complains of, if it is an error.
fn complaint(event: &Event) -> Option<String> {
    let is_thrown = matches!(event, Event::RuntimeExceptionThrown(_));
    let is_logged = matches!(
        event,
        Event::RuntimeConsoleAPICalled(_) | Event::LogEntryAdded(_)
    );
    let text = format!("{event:?}");
    // Browsers ask for an icon that the explorer does not have.
    let is_error = text.contains("Error") && !text.contains("favicon.ico");
    (is_thrown || (is_logged && is_error)).then_some(text)
}
