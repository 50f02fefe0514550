//! A page for a browser: one look for the report site and for the explorer's front page.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The style sheet of every page: light and dark as the reader has it, as wide as the screen is.
pub const STYLE: &str = include_str!("page.css");

/// What every page says it was made by.
pub const GENERATOR: &str = "paxos";

/// A whole page. `style` is where its style sheet is, as seen from the page; `title` is of the browser's tab;
/// `ways` are links to other pages, as text and address.
pub fn page(style: &str, title: &str, ways: &[(&str, &str)], main: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content=(GENERATOR);
                title { (title) }
                link rel="stylesheet" href=(style);
                // Else a browser asks for one that is not there.
                link rel="icon" href="data:,";
            }
            body {
                a.skip href="#main" { "To the content" }
                header { nav aria-label="Pages" {
                    @for (text, address) in ways { a href=(address) { (text) } }
                } }
                main #main { (PreEscaped(main.0.as_str())) }
            }
        }
    };
    page.into_string() + "\n"
}
